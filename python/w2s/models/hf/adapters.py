"""peft adapters: a folder with ``adapter_config.json`` and small weights, applied to a base model."""

from __future__ import annotations

import json
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from w2s.errors import MissingExtraError, ModelError

ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"


def read_adapter_base(place: str) -> str:
    """The base model of the adapter in a folder: a folder, possibly relative to it, or a name on the hub.

    Raises:
        ModelError: the file cannot be read or names no base model.
    """
    path = Path(place) / ADAPTER_CONFIG
    try:
        named = json.loads(path.read_text(encoding="utf-8")).get("base_model_name_or_path")
    except (OSError, ValueError, AttributeError):
        named = None
    if not isinstance(named, str) or not named:
        raise ModelError(
            "hf-adapter-no-base",
            f"{path} has no base_model_name_or_path; write the base model of this adapter there",
        )
    relative = Path(place) / named
    return str(relative.absolute()) if relative.is_dir() else named


def read_saved_modules(place: str) -> tuple[str, ...]:
    """Names of the layers that the adapter in a folder replaces, such as a head; empty if it only adds."""
    try:
        named = json.loads((Path(place) / ADAPTER_CONFIG).read_text(encoding="utf-8")).get("modules_to_save")
    except (OSError, ValueError, AttributeError):
        return ()
    return tuple(map(str, named)) if isinstance(named, list) else ()


def apply_adapter(network: Any, place: str, base: str) -> Any:
    """The network with the adapter in a folder applied.

    Raises:
        MissingExtraError: peft is not installed.
        ModelError: the adapter does not fit this base model.
    """
    if find_spec("peft") is None:
        raise MissingExtraError("an adapter", "models")
    import peft
    from safetensors import safe_open

    misfit = ModelError(
        "hf-adapter-mismatch",
        f"the adapter {place} does not fit {base}, because it was trained on another base model; name that "
        f"model in base_model_name_or_path of {ADAPTER_CONFIG}",
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the faults that peft warns of are checked below
            fitted = peft.PeftModel.from_pretrained(network, place)
    except (RuntimeError, ValueError, KeyError):
        raise misfit from None
    if fitted.active_peft_config.is_prompt_learning:
        raise ModelError(
            "hf-adapter-unsupported",
            f"the adapter {place} is a learned prompt, which is not supported; train a LoRA adapter",
        )
    with safe_open(str(Path(place) / ADAPTER_WEIGHTS), "pt") as file:
        stored = set(file.keys())
    if stored != set(peft.get_peft_model_state_dict(fitted)):
        raise misfit
    return fitted
