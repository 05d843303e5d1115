"""Adapters of peft: a folder with ``adapter_config.json`` beside small weights, put on its base.

Knows nothing about how the base is loaded or asked.
"""

from __future__ import annotations

import json
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from w2s.errors import MissingExtraError, ModelError

HOLDS_AN_ADAPTER = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"


def base_of(place: str) -> str:
    """What the adapter of a folder belongs to: a folder, also beside its own, or a name on the hub.

    Raises:
        ModelError: the file cannot be read or names no base.
    """
    path = Path(place) / HOLDS_AN_ADAPTER
    try:
        named = json.loads(path.read_text(encoding="utf-8")).get("base_model_name_or_path")
    except (OSError, ValueError, AttributeError):
        named = None
    if not isinstance(named, str) or not named:
        raise ModelError(
            "hf-adapter-no-base",
            f"{path} has no base_model_name_or_path; write the base model of this adapter there",
        )
    beside = Path(place) / named
    return str(beside.absolute()) if beside.is_dir() else named


def brought_by(place: str) -> tuple[str, ...]:
    """Names of the layers that the adapter of a folder brings whole, a head say; none where it only adds."""
    try:
        named = json.loads((Path(place) / HOLDS_AN_ADAPTER).read_text(encoding="utf-8")).get(
            "modules_to_save"
        )
    except (OSError, ValueError, AttributeError):
        return ()
    return tuple(map(str, named)) if isinstance(named, list) else ()


def adapted(network: Any, place: str, base: str) -> Any:
    """A network with the adapter of a folder on it.

    Raises:
        MissingExtraError: peft is not installed.
        ModelError: the adapter does not fit this base.
    """
    if find_spec("peft") is None:
        raise MissingExtraError("an adapter", "models")
    import peft
    from safetensors import safe_open

    misfit = ModelError(
        "hf-adapter-mismatch",
        f"the adapter {place} does not fit {base}, because it was trained on another base model; name that "
        f"model in base_model_name_or_path of {HOLDS_AN_ADAPTER}",
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what peft warns of is checked below
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
