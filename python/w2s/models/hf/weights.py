"""Checkpoints: tokenizer and network from a folder or the hub, from safetensors alone.

No code from a checkpoint runs, and nothing is unpickled.
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
from w2s.models.hf.adapters import (
    ADAPTER_CONFIG,
    ADAPTER_WEIGHTS,
    apply_adapter,
    read_adapter_base,
    read_saved_modules,
)
from w2s.models.hf.settings import HfSettings
from w2s.models.policy.device import select_device
from w2s.models.reference import quote

CAUSAL = ("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")
CHOICE = ("ForMultipleChoice",)
SEQUENCE = ("ForSequenceClassification",)
_PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
_MAX_REASON = 300
_HUB_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A loaded model.

    Attributes:
        tokenizer: a tokenizer of transformers.
        network: a network of transformers in evaluation mode.
        form: the end of the name of its architecture, one of those in ``CAUSAL``, ``CHOICE`` or ``SEQUENCE``.
        drawn: names of the weights of a fresh head, which were drawn at random.
    """

    tokenizer: Any
    network: Any
    form: str
    drawn: tuple[str, ...] = ()


def load_checkpoint(
    place: str, settings: HfSettings, forms: tuple[str, ...] = CAUSAL + CHOICE, seed: int = 0
) -> Checkpoint:
    """Load a tokenizer and a network; an adapter is applied to its base model.

    Args:
        place: folder, or name on the hub.
        settings: how it is loaded.
        forms: the architectures that are accepted, by the end of their names.
        seed: random seed of a fresh head.

    Raises:
        ModelError: it cannot be loaded, or has another architecture; one line says why.
    """
    with one_line_errors(place), quiet_transformers():
        require_reachable(place, settings.revision)
        return _load(place, settings, forms, seed)


def require_reachable(place: str, revision: str | None = None) -> None:
    """Refuse a name on the hub that is not in the cache while the hub cannot be reached.

    The hub's own client would try again for half a minute before it gives up.

    Raises:
        ModelError: there is no folder of this name, and no connection.
    """
    import huggingface_hub

    if Path(place).is_dir() or huggingface_hub.constants.HF_HUB_OFFLINE:
        return
    if isinstance(huggingface_hub.try_to_load_from_cache(place, "config.json", revision=revision), str):
        return
    try:
        huggingface_hub.get_session().head(huggingface_hub.constants.ENDPOINT, timeout=_HUB_TIMEOUT_S)
    except Exception:  # noqa: BLE001 - the client of the hub has its own exceptions
        raise ModelError(
            "hf-load-failed",
            f"{quote(place)} cannot be loaded: no such folder exists and the hub is unreachable; correct the "
            "name, or go online",
        ) from None


def refuse_pickles(place: str, needed: str = "*.safetensors") -> None:
    """Refuse a folder whose weights are stored only as pickles.

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


def _load(place: str, settings: HfSettings, forms: tuple[str, ...], seed: int) -> Checkpoint:
    where: dict[str, Any] = {"revision": settings.revision, "trust_remote_code": False}
    adapter = (Path(place) / ADAPTER_CONFIG).is_file()
    base = read_adapter_base(place) if adapter else place
    config = transformers.AutoConfig.from_pretrained(base, **where)
    _refuse_kernels(base, config)
    saved = read_saved_modules(place) if adapter else ()
    form = find_form(base, config, forms, settings.head is not None, bool(saved))
    refuse_pickles(base)
    if adapter:
        refuse_pickles(place, ADAPTER_WEIGHTS)
    tokenizer_place = place if adapter and (Path(place) / "tokenizer_config.json").is_file() else base
    tokenizer = transformers.AutoTokenizer.from_pretrained(tokenizer_place, **where)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network, found = auto_class(form).from_pretrained(
            base,
            config=config,
            use_safetensors=True,
            output_loading_info=True,
            **where,
            **_load_arguments(settings),
        )
    missing = sorted(found["missing_keys"])
    drawn = _head_weights(network, missing) if settings.head else []
    _require_complete(base, [name for name in missing if name not in drawn], saved)
    if settings.head and (adapter or not drawn):
        raise ModelError(
            "hf-head-exists", f"{place} already has a multiple-choice head; remove head={settings.head}"
        )
    if not settings.device_map and not settings.quant:
        network = network.to(_device(settings))
    if adapter:
        network = apply_adapter(network, place, base)
    return Checkpoint(tokenizer, network.eval(), form, tuple(drawn))


def _refuse_kernels(base: str, config: Any) -> None:
    """Refuse a model whose configuration requests code from the hub for its attention."""
    named = [getattr(part, "_attn_implementation", None) for part in (config, *vars(config).values())]
    if kernel := next((name for name in named if isinstance(name, str) and "/" in name), None):
        raise ModelError(
            "hf-remote-code",
            f"{base} requests code from the hub for its attention ({quote(kernel)}), which is never run; "
            "remove it from its config.json",
        )


def _head_weights(network: Any, names: Sequence[str]) -> list[str]:
    """Those weights that belong to the head: outside the encoder, or in its pooler, which feeds the head."""
    body = f"{network.base_model_prefix}."
    return [name for name in names if not name.startswith(body) or ".pooler." in name]


def _require_complete(base: str, missing: Iterable[str], saved: tuple[str, ...]) -> None:
    lacking = [name for name in missing if not name.rpartition(".")[0].endswith(saved)]
    if lacking:
        listed = ", ".join(lacking[:3])
        raise ModelError(
            "hf-weights-incomplete",
            f"{base} lacks weights of its architecture ({listed}); copy or save the complete model",
        )


def find_form(place: str, config: Any, forms: tuple[str, ...], fresh: bool, has_saved_modules: bool) -> str:
    """The form of a configuration.

    Args:
        place: folder, or name on the hub, for messages.
        config: configuration of transformers.
        forms: the forms that are accepted.
        fresh: whether a new multiple-choice head is requested.
        has_saved_modules: whether an adapter brings layers, possibly a head.

    Raises:
        ModelError: the architecture is not among the forms, or has a head already.
    """
    architecture = next(iter(getattr(config, "architectures", None) or ()), "")
    form = next((form for form in forms if architecture.endswith(form)), None)
    takes_a_head = (
        set(CHOICE) <= set(forms) and type(config) in transformers.MODEL_FOR_MULTIPLE_CHOICE_MAPPING
    )
    if takes_a_head and (fresh or (has_saved_modules and form is None)):
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


def auto_class(form: str) -> Any:
    """The class of transformers that loads a form."""
    if form in CHOICE:
        return transformers.AutoModelForMultipleChoice
    if form in SEQUENCE:
        return transformers.AutoModelForSequenceClassification
    return transformers.AutoModelForCausalLM


def _load_arguments(settings: HfSettings) -> dict[str, Any]:
    """Arguments of transformers for dtype, devices, quantization and attention."""
    arguments: dict[str, Any] = {"dtype": settings.dtype}
    if settings.attn:
        arguments["attn_implementation"] = settings.attn
    if settings.device_map:
        arguments["device_map"] = settings.device_map
    elif settings.quant:
        arguments["device_map"] = {"": _device(settings)}
    if settings.quant:
        arguments["quantization_config"] = transformers.BitsAndBytesConfig(
            load_in_4bit=settings.quant == "4bit", load_in_8bit=settings.quant == "8bit"
        )
    return arguments


def _device(settings: HfSettings) -> torch.device:
    found = select_device(settings.device.partition(":")[0])
    return torch.device(settings.device) if ":" in settings.device else found


@contextlib.contextmanager
def one_line_errors(place: str) -> Iterator[None]:
    """Turn any exception of transformers into a ModelError of one line."""
    try:
        yield
    except W2sError:
        raise
    except Exception as error:  # noqa: BLE001 - tokenizers raises bare Exception, damaged files raise any
        reason = " ".join(str(error).split())
        if "trust_remote_code" in reason or "custom code" in reason:
            reason = "it needs its own code, which is never run; choose a model that transformers includes"
        if "connect" in reason and "huggingface.co" in reason:
            reason = "no such folder exists and the hub is unreachable; correct the name, or go online"
        raise ModelError(
            "hf-load-failed", f"{quote(place)} cannot be loaded: {reason[:_MAX_REASON]}"
        ) from None


@contextlib.contextmanager
def quiet_transformers() -> Iterator[None]:
    """Silence progress bars and warnings of transformers."""
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
