"""Published datasets by name, ``hf:allenai/ai2_arc?config=ARC-Easy&split=test``, through ``datasets``.

Code that a dataset carries is never run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from w2s.errors import DataError, MissingExtraError, UsageError
from w2s.tasks.rows.row import Row

_PREFIX = "hf:"
KNOWN_DATASETS = {
    "openbookqa": "allenai/openbookqa?config=main",
    "arc-challenge": "allenai/ai2_arc?config=ARC-Challenge",
    "arc-easy": "allenai/ai2_arc?config=ARC-Easy",
    "sciq": "allenai/sciq",
    "siqa": "allenai/social_i_qa?revision=refs/convert/parquet",
    "mmlu": "cais/mmlu?config=all&split=test",
    "gsm8k": "openai/gsm8k?config=main",
    "math": "DigitalLearningGmbH/MATH-lighteval",
    "math-500": "HuggingFaceH4/MATH-500?split=test",
    "omni-math": "KbsdJames/Omni-MATH?split=test",
    "aime": "HuggingFaceH4/aime_2024",
    "aime-1983-2024": "di-zhang-fdu/AIME_1983_2024",
}
"""Where the datasets that need no owner in their name are published."""
_OPTIONS = ("config", "split", "revision")


@dataclass(frozen=True, slots=True)
class HubName:
    """The name of a published dataset, or of a folder of files, with the parts that select rows."""

    path: str
    config: str | None = None
    split: str = "train"
    revision: str | None = None

    @property
    def stem(self) -> str:
        """The beginning of row ids."""
        return "-".join(part for part in (Path(self.path).name, self.config, self.split) if part)


def is_hub(source: str | Path) -> bool:
    """Whether a source is the name of a published dataset rather than a file."""
    return str(source).startswith(_PREFIX)


def parse_hub_name(source: str) -> HubName:
    """The parts of a name.

    Raises:
        UsageError: the name is incomplete, or an option is unknown.

    Example:
        >>> parse_hub_name("hf:arc-easy?split=test")
        HubName(path='allenai/ai2_arc', config='ARC-Easy', split='test', revision=None)
    """
    from urllib.parse import parse_qsl

    path, _, query = source.removeprefix(_PREFIX).partition("?")
    home, _, default = KNOWN_DATASETS.get(path.lower(), path).partition("?")
    options = dict(parse_qsl(default)) | dict(parse_qsl(query, keep_blank_values=True))
    unknown = [name for name in options if name not in _OPTIONS]
    if unknown or not home or "" in options.values():
        what = f"has no option {unknown[0]!r}" if unknown else "is incomplete"
        raise UsageError(
            "hf-invalid-dataset-name", f"{source[:80]} {what}; write hf:OWNER/NAME?config=NAME&split=test"
        )
    return HubName(home, **options)


def read_hub(source: str) -> Iterator[Row]:
    """The rows of a dataset.

    Raises:
        MissingExtraError: the package ``datasets`` is not installed.
        DataError: there is no such dataset, configuration or split, or it cannot be downloaded.
    """
    name = parse_hub_name(source)
    for number, values in enumerate(_load(source, name), 1):
        yield Row(f"{source}, row {number}", f"{name.stem}-{number}", values)


def _load(source: str, name: HubName) -> Any:
    from inspect import signature

    try:
        from datasets import load_dataset
    except ImportError:
        raise MissingExtraError("reading datasets by name", "models") from None
    options: dict[str, Any] = {"split": name.split, "revision": name.revision}
    if "trust_remote_code" in signature(load_dataset).parameters:  # removed in release 4
        options["trust_remote_code"] = False
    try:
        return load_dataset(name.path, name.config, **options)
    except Exception as error:  # noqa: BLE001 - the package raises errors of many libraries
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise DataError(
            "hf-dataset-unreadable",
            f"cannot read {source}: {reason}; check the name on its page, or download its files and name one",
        ) from None
