"""A folder or a name on the hub → tokenizer and network, from safetensors alone.

Knows nothing about how a model is asked. No code of others runs and nothing is unpickled.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors import SafetensorError

from w2s.errors import ModelError
from w2s.models.hf.adapters import ADAPTER_WEIGHTS, HOLDS_AN_ADAPTER, adapted, base_of
from w2s.models.hf.settings import HfSettings
from w2s.models.policy.device import device_of
from w2s.models.reference import shown

CAUSAL = ("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")
CHOICE = ("ForMultipleChoice",)
SEQUENCE = ("ForSequenceClassification",)
_PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Opened:
    """A tokenizer and a network in evaluation mode, and the end of its architecture's name."""

    tokenizer: Any
    network: Any
    form: str


def open_weights(place: str, settings: HfSettings, forms: tuple[str, ...] = CAUSAL + CHOICE) -> Opened:
    """Load what lies at a place; an adapter is put on its base.

    Raises:
        ModelError: it cannot be loaded, or it is none of the forms; one line that says why.
    """
    with _one_line(place), quiet():
        return _open(place, settings, forms)


def refuse_pickles(place: str, needed: str = "*.safetensors") -> None:
    """Refuse a folder whose weights are only there as pickles.

    Raises:
        ModelError: names the file and the remedy.
    """
    folder = Path(place)
    if not folder.is_dir() or any(folder.glob(needed)):
        return
    pickled = sorted(path.name for path in folder.iterdir() if path.suffix in _PICKLED)
    if pickled:
        raise ModelError(
            f"{place} has its weights only as {pickled[0]}, a pickle, which can run code: load it where you "
            "trust it and save_pretrained it, which writes safetensors"
        )
    raise ModelError(f"{place} has no weights: there is no file {needed}")


def _open(place: str, settings: HfSettings, forms: tuple[str, ...]) -> Opened:
    where: dict[str, Any] = {"revision": settings.revision, "trust_remote_code": False}
    adapter = (Path(place) / HOLDS_AN_ADAPTER).is_file()
    base = base_of(place) if adapter else place
    config = transformers.AutoConfig.from_pretrained(base, **where)
    form = _form(base, config, forms)
    refuse_pickles(base)
    if adapter:
        refuse_pickles(place, ADAPTER_WEIGHTS)
    words = place if adapter and (Path(place) / "tokenizer_config.json").is_file() else base
    tokenizer = transformers.AutoTokenizer.from_pretrained(words, **where)
    network, found = _automatic(form).from_pretrained(
        base, config=config, use_safetensors=True, output_loading_info=True, **where, **_how(settings)
    )
    if found["missing_keys"]:
        listed = ", ".join(sorted(found["missing_keys"])[:3])
        raise ModelError(f"{base} lacks weights of its architecture ({listed}): copy or train it whole")
    if not settings.device_map and not settings.quant:
        network = network.to(_device(settings))
    if adapter:
        network = adapted(network, place, base)
    return Opened(tokenizer, network.eval(), form)


def _form(place: str, config: Any, forms: tuple[str, ...]) -> str:
    architecture = next(iter(getattr(config, "architectures", None) or ()), "")
    form = next((form for form in forms if architecture.endswith(form)), None)
    if form is None or config.is_encoder_decoder:
        named = f"is a {architecture}" if architecture else "names no architecture in its config.json"
        raise ModelError(f"{place} {named}: what is needed is a model …{', …'.join(forms)}")
    return form


def _automatic(form: str) -> Any:
    if form in CHOICE:
        return transformers.AutoModelForMultipleChoice
    if form in SEQUENCE:
        return transformers.AutoModelForSequenceClassification
    return transformers.AutoModelForCausalLM


def _how(settings: HfSettings) -> dict[str, Any]:
    """What transformers is told about numbers, devices and attention."""
    how: dict[str, Any] = {"dtype": settings.dtype}
    if settings.attn:
        how["attn_implementation"] = settings.attn
    if settings.device_map:
        how["device_map"] = settings.device_map
    elif settings.quant:
        how["device_map"] = {"": _device(settings)}
    if settings.quant:
        how["quantization_config"] = transformers.BitsAndBytesConfig(
            load_in_4bit=settings.quant == "4bit", load_in_8bit=settings.quant == "8bit"
        )
    return how


def _device(settings: HfSettings) -> torch.device:
    found = device_of(settings.device.partition(":")[0])
    return torch.device(settings.device) if ":" in settings.device else found


@contextlib.contextmanager
def _one_line(place: str) -> Iterator[None]:
    """What transformers says when it cannot load something, as one line."""
    try:
        yield
    except (OSError, ValueError, KeyError, ImportError, RuntimeError, SafetensorError) as error:
        said = " ".join(str(error).split())
        if "trust_remote_code" in said or "custom code" in said:
            said = "it needs code of its own, which is never run: name a model that transformers has"
        raise ModelError(f"{shown(place)} cannot be loaded: {said[:_SHOWN]}") from None


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No bars and no notes of transformers: what matters is an error of ours."""
    log = transformers.utils.logging
    level, bars = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity_error()
    log.disable_progress_bar()
    try:
        yield
    finally:
        log.set_verbosity(level)
        if bars:
            log.enable_progress_bar()
