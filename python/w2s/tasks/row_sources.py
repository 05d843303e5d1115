"""Rows of JSON, CSV and Parquet files and of published datasets; the ending of a file names its reader.

A dataset is named ``hf:allenai/ai2_arc?config=ARC-Easy&split=test``. Code that it carries is never run.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from w2s.errors import DataError, MissingExtraError, UsageError
from w2s.tasks.rows import OnBadRow, Row, located

_SUPPORTED = ".jsonl, .json, .csv, .tsv, .parquet, or hf:OWNER/NAME?config=NAME&split=NAME"
_COMMON_STEMS = ("train", "test", "valid", "validation", "dev", "data", "labels")
"""Names of files that many folders have; ids then begin with the name of the folder."""
_MAX_FIELD_LETTERS = 1 << 24
_BATCH_ROWS = 4096


class _Record(NamedTuple):
    """A row of a file: its place in words, its line or row number, and its values."""

    place: str
    number: int
    values: dict[str, Any]


def read_rows(source: str | Path, on_bad_row: OnBadRow) -> Iterator[Row]:
    """The rows of a file or of a published dataset, in order.

    Args:
        source: a file, or ``hf:…``.
        on_bad_row: called for each row that cannot be read.

    Raises:
        UsageError: the format is unknown.
        DataError: the source cannot be read, or is empty.
    """
    if is_hub(source):
        yield from read_hub(str(source))
        return
    path = Path(source)
    if path.stat().st_size == 0:
        raise DataError("task-file-empty", f"{path} is empty")
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise UsageError("task-unknown-format", f"{path}: examples are read from {_SUPPORTED}")
    stem = _id_stem(path)
    for record in reader(path, on_bad_row):
        yield Row(f"{path}, {record.place}", f"{stem}-{record.number}", record.values)


def _id_stem(path: Path) -> str:
    folder = path.resolve().parent.name
    return f"{folder}-{path.stem}" if path.stem in _COMMON_STEMS and folder else path.stem


# JSON -------------------------------------------------------------------------------------------------------


def _read_json(path: Path, on_bad_row: OnBadRow) -> Iterator[_Record]:
    """The objects of an array, or of a file with one object per line."""
    try:
        if path.suffix.lower() == ".json" and _is_array(path):
            yield from _read_array(path, on_bad_row)
            return
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield from _checked(_parse(line.strip()), f"line {number}", number, path, on_bad_row)
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from None


def _is_array(path: Path) -> bool:
    with path.open(encoding="utf-8-sig") as file:
        while (letter := file.read(1)).isspace():
            pass
        return letter == "["


def _read_array(path: Path, on_bad_row: OnBadRow) -> Iterator[_Record]:
    rows = _parse(path.read_text(encoding="utf-8-sig"))
    if isinstance(rows, DataError):
        raise located(str(path), rows)
    for number, row in enumerate(rows, 1):
        yield from _checked(row, f"row {number}", number, path, on_bad_row)


def _parse(text: str) -> Any:
    """The JSON value of a text, or the error that says what is wrong with it."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f" in line {error.lineno}" if error.lineno > 1 else ""
        return DataError("task-invalid-json", f"invalid JSON{place}: {error.msg} at column {error.colno}")
    except (RecursionError, ValueError) as error:
        return DataError("task-invalid-json", f"invalid JSON: {str(error)[:80]}")


def _checked(row: Any, place: str, number: int, path: Path, on_bad_row: OnBadRow) -> Iterator[_Record]:
    if isinstance(row, dict):
        yield _Record(place, number, row)
        return
    if not isinstance(row, DataError):
        row = DataError("task-row-not-object", f"{ascii(row)[:40]} is not an object with names and values")
    on_bad_row(located(f"{path}, {place}", row))


# CSV and Parquet --------------------------------------------------------------------------------------------


def _read_csv(path: Path, on_bad_row: OnBadRow) -> Iterator[_Record]:
    """The rows under the header; a value that begins like a JSON list is read as one."""
    csv.field_size_limit(_MAX_FIELD_LETTERS)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, delimiter="\t" if path.suffix.lower() == ".tsv" else ",", strict=True)
            names = [name.strip() for name in next(rows, [])]
            if len(set(names)) < len(names):
                raise DataError(
                    "task-duplicate-column",
                    f"{path} has two columns with the same name: {', '.join(names)[:80]}",
                )
            for values in rows:
                place = f"line {rows.line_num}"
                if len(values) == len(names):
                    cells = map(_csv_value, values)
                    yield _Record(place, rows.line_num, dict(zip(names, cells, strict=True)))
                elif values:
                    reason = f"{path}, {place}: {len(values)} values for {len(names)} columns"
                    on_bad_row(DataError("task-row-length", reason))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(path, error) from None


def _csv_value(cell: str) -> Any:
    if cell.startswith("["):
        with suppress(ValueError, RecursionError):
            return json.loads(cell)
    return cell


def _read_parquet(path: Path, _: OnBadRow) -> Iterator[_Record]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_BATCH_ROWS):
                for values in batch.to_pylist():
                    number += 1
                    yield _Record(f"row {number}", number, values)
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> DataError:
    return DataError("task-file-unreadable", f"cannot read {path}: {str(error).partition(chr(10))[0][:200]}")


_READERS: dict[str, Callable[[Path, OnBadRow], Iterator[_Record]]] = {
    ".jsonl": _read_json,
    ".ndjson": _read_json,
    ".json": _read_json,
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".parquet": _read_parquet,
    ".pq": _read_parquet,
}
"""The reader of each ending; a new format is one function and one line here."""


# Published datasets ---------------------------------------------------------------------------------------


_HUB_PREFIX = "hf:"
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
_HUB_OPTIONS = ("config", "split", "revision")


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
    return str(source).startswith(_HUB_PREFIX)


def parse_hub_name(source: str) -> HubName:
    """The parts of a name.

    Raises:
        UsageError: the name is incomplete, or an option is unknown.

    Example:
        >>> parse_hub_name("hf:arc-easy?split=test")
        HubName(path='allenai/ai2_arc', config='ARC-Easy', split='test', revision=None)
    """
    from urllib.parse import parse_qsl

    path, _, query = source.removeprefix(_HUB_PREFIX).partition("?")
    home, _, default = KNOWN_DATASETS.get(path.lower(), path).partition("?")
    options = dict(parse_qsl(default)) | dict(parse_qsl(query, keep_blank_values=True))
    unknown = [name for name in options if name not in _HUB_OPTIONS]
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
    for number, values in enumerate(_load_dataset(source, name), 1):
        yield Row(f"{source}, row {number}", f"{name.stem}-{number}", values)


def _load_dataset(source: str, name: HubName) -> Any:
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
