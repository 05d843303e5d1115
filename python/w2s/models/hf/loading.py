"""An ``hf:`` reference → the model behind it.

Knows nothing about how a model is asked; torch and transformers are imported when one is loaded.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

from w2s.errors import MissingExtraError, ModelError, UsageError
from w2s.models.hf.settings import HfSettings, read_settings
from w2s.models.kind import Kind
from w2s.models.model import Model
from w2s.models.reference import Reference, shown

EXTRA = "models"
_NEEDED = ("torch", "transformers", "jinja2")
_HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")


def need_extras(settings: HfSettings) -> None:
    """Refuse where a package that the settings need is not installed.

    Raises:
        MissingExtraError: names the ``pip install``.
    """
    if any(find_spec(name) is None for name in _NEEDED):
        raise MissingExtraError("a Hugging Face model", EXTRA)
    if settings.quant and find_spec("bitsandbytes") is None:
        raise MissingExtraError(f"quant={settings.quant}", "quant")
    if settings.device_map and find_spec("accelerate") is None:
        raise MissingExtraError("device_map", EXTRA)
    if settings.engine == "vllm" and find_spec("vllm") is None:
        raise MissingExtraError("engine=vllm", "vllm")


def place_of(reference: Reference) -> str:
    """The folder that a reference names, as an absolute path, or the name on the hub.

    Raises:
        UsageError: it names nothing.
        ModelError: it looks like a folder, and there is none.
    """
    target = reference.target
    if not target:
        raise UsageError(
            "hf-model-not-named", f"{shown(str(reference))} names no model; write hf:DIR or hf:OWNER/NAME"
        )
    folder = Path(target).expanduser()
    if folder.is_dir():
        return str(folder.absolute())
    if not _HUB_NAME.fullmatch(target) or target.startswith("."):
        raise ModelError(
            "hf-model-not-found",
            f"model {shown(target)} not found: it is neither a folder nor a name on the hub; correct it",
        )
    return target


def load(reference: Reference, *, seed: int, concurrency: int) -> Model:
    """The model of ``hf:DIR`` or ``hf:OWNER/NAME``."""
    del concurrency
    settings = read_settings(reference)
    place = place_of(reference)
    need_extras(settings)
    from w2s.models.hf.opening import open_model

    return open_model(str(reference), place, settings, seed)


KIND = Kind(
    "hf",
    "a Hugging Face model: causal LM, or encoder with a multiple-choice head",
    "hf:Qwen/Qwen3-0.6B?dtype=bfloat16",
    load,
    EXTRA,
)
