"""A folder or a name on the hub → tokenizer and network, from safetensors alone.

Knows nothing about how a model is asked. No code of others runs and nothing is unpickled.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers

from w2s.errors import ModelError, W2sError
from w2s.models.hf.adapters import ADAPTER_WEIGHTS, HOLDS_AN_ADAPTER, adapted, base_of, brought_by
from w2s.models.hf.settings import HfSettings
from w2s.models.policy.device import select_device
from w2s.models.reference import shown

CAUSAL = ("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")
CHOICE = ("ForMultipleChoice",)
SEQUENCE = ("ForSequenceClassification",)
_PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Opened:
    """A tokenizer and a network in evaluation mode, the end of its architecture's name, and the weights of a
    fresh head, which were drawn."""

    tokenizer: Any
    network: Any
    form: str
    drawn: tuple[str, ...] = ()


def open_weights(
    place: str, settings: HfSettings, forms: tuple[str, ...] = CAUSAL + CHOICE, seed: int = 0
) -> Opened:
    """Load what lies at a place; an adapter is put on its base. ``seed`` draws a fresh head.

    Raises:
        ModelError: it cannot be loaded, or it is none of the forms; one line that says why.
    """
    with one_line(place), quiet():
        return _open(place, settings, forms, seed)


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
            "hf-weights-pickled",
            f"{place} has its weights only as {pickled[0]}, a pickle, which can run code; load it where you "
            "trust it and save it again with save_pretrained, which writes safetensors",
        )
    raise ModelError("hf-weights-missing", f"{place} has no weights: no file matches {needed}")


def _open(place: str, settings: HfSettings, forms: tuple[str, ...], seed: int) -> Opened:
    where: dict[str, Any] = {"revision": settings.revision, "trust_remote_code": False}
    adapter = (Path(place) / HOLDS_AN_ADAPTER).is_file()
    base = base_of(place) if adapter else place
    config = transformers.AutoConfig.from_pretrained(base, **where)
    _refuse_kernels(base, config)
    brought = brought_by(place) if adapter else ()
    form = form_of(base, config, forms, settings.head is not None, bool(brought))
    refuse_pickles(base)
    if adapter:
        refuse_pickles(place, ADAPTER_WEIGHTS)
    words = place if adapter and (Path(place) / "tokenizer_config.json").is_file() else base
    tokenizer = transformers.AutoTokenizer.from_pretrained(words, **where)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network, found = automatic(form).from_pretrained(
            base, config=config, use_safetensors=True, output_loading_info=True, **where, **_how(settings)
        )
    missing = sorted(found["missing_keys"])
    drawn = _head_of(network, missing) if settings.head else []
    _check_whole(base, [name for name in missing if name not in drawn], brought)
    if settings.head and (adapter or not drawn):
        raise ModelError(
            "hf-head-exists", f"{place} already has a multiple-choice head; remove head={settings.head}"
        )
    if not settings.device_map and not settings.quant:
        network = network.to(_device(settings))
    if adapter:
        network = adapted(network, place, base)
    return Opened(tokenizer, network.eval(), form, tuple(drawn))


def _refuse_kernels(base: str, config: Any) -> None:
    """Refuse a model whose own configuration names code on the hub to compute its attention with."""
    named = [getattr(part, "_attn_implementation", None) for part in (config, *vars(config).values())]
    if kernel := next((name for name in named if isinstance(name, str) and "/" in name), None):
        raise ModelError(
            "hf-remote-code",
            f"{base} requests code from the hub for its attention ({shown(kernel)}), which is never run; "
            "remove it from its config.json",
        )


def _head_of(network: Any, names: Sequence[str]) -> list[str]:
    """Those of some weights that are of the head: outside the encoder, or of its pooler, which feeds it."""
    body = f"{network.base_model_prefix}."
    return [name for name in names if not name.startswith(body) or ".pooler." in name]


def _check_whole(base: str, missing: Iterable[str], brought: tuple[str, ...]) -> None:
    lacking = [name for name in missing if not name.rpartition(".")[0].endswith(brought)]
    if lacking:
        listed = ", ".join(lacking[:3])
        raise ModelError(
            "hf-weights-incomplete",
            f"{base} lacks weights of its architecture ({listed}); copy or save the complete model",
        )


def form_of(place: str, config: Any, forms: tuple[str, ...], fresh: bool, brought: bool) -> str:
    """The form of what lies at a place; ``fresh``: it gets a head; ``brought``: an adapter may bring one."""
    architecture = next(iter(getattr(config, "architectures", None) or ()), "")
    form = next((form for form in forms if architecture.endswith(form)), None)
    takes_a_head = (
        set(CHOICE) <= set(forms) and type(config) in transformers.MODEL_FOR_MULTIPLE_CHOICE_MAPPING
    )
    if takes_a_head and (fresh or (brought and form is None)):
        return CHOICE[0]
    if fresh and form is not None:
        raise ModelError(
            "hf-head-exists", f"{place} is a {architecture}, which has its own head; remove head=fresh"
        )
    if form is None or config.is_encoder_decoder or fresh:
        named = f"is a {architecture}" if architecture else "names no architecture in its config.json"
        hint = "; head=fresh adds a new multiple-choice head" if takes_a_head else ""
        raise ModelError(
            "hf-architecture-unsupported",
            f"{place} {named}; required is an architecture …{', …'.join(forms)}{hint}",
        )
    return form


def automatic(form: str) -> Any:
    """The class of transformers that loads a form."""
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
    found = select_device(settings.device.partition(":")[0])
    return torch.device(settings.device) if ":" in settings.device else found


@contextlib.contextmanager
def one_line(place: str) -> Iterator[None]:
    """What transformers says when it cannot load something, as one line."""
    try:
        yield
    except W2sError:
        raise
    except Exception as error:  # noqa: BLE001 - tokenizers raises that one, and damaged files any
        said = " ".join(str(error).split())
        if "trust_remote_code" in said or "custom code" in said:
            said = "it needs its own code, which is never run; choose a model that transformers includes"
        if "connect" in said and "huggingface.co" in said:
            said = "no such folder exists and the hub is unreachable; correct the name, or go online"
        raise ModelError("hf-load-failed", f"{shown(place)} cannot be loaded: {said[:_SHOWN]}") from None


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
