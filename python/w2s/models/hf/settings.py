"""What a reference to a Hugging Face model says: its location, checked options and needed packages.

Needs neither torch nor transformers.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from w2s.errors import MissingExtraError, ModelError, UsageError
from w2s.models.reference import Reference, local_path, quote
from w2s.models.reference_options import parse_count, parse_number

DTYPES = ("auto", "float32", "bfloat16", "float16")
SCORES = ("letter", "option", "generate")
QUANTS = ("4bit", "8bit")
ENGINES = ("plain", "vllm")
HEADS = ("fresh",)
OPTIONS = {
    "dtype": "auto, float32, bfloat16 or float16; default auto, that of the stored weights",
    "device": "auto, cpu, cuda or cuda:1; default auto",
    "device_map": "how transformers spreads the model over several devices",
    "attn": "attention implementation of transformers",
    "quant": "4bit or 8bit quantization by bitsandbytes",
    "batch_tokens": "tokens of one batch; the default depends on the device",
    "prompt": "name or file of a prompt template",
    "shots": "number of few-shot examples before each question; default 0",
    "score": "letter, option or generate; the default depends on the task",
    "temperature": "0 takes the likeliest label, above 0 labels are drawn; default 0",
    "max_new_tokens": "maximum length of a reply, in tokens",
    "revision": "branch, tag or commit on the hub",
    "engine": "plain or vllm; default plain",
    "head": "fresh adds a new multiple-choice head to an encoder",
}
"""What each option means."""
_DEVICE = re.compile(r"auto|cpu|cuda(:[0-9]{1,3})?")
_MAX_SHOTS = 1000
EXTRA = "models"
_PACKAGES = ("torch", "transformers", "jinja2")
_HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")


@dataclass(frozen=True, slots=True)
class HfSettings:
    """How a model is loaded and prompted.

    Attributes:
        dtype: dtype of the computation; ``auto`` is that of the stored weights.
        device: ``auto`` is an accelerator if there is one.
        device_map: how transformers distributes the model over several devices, None for one device.
        attn: attention implementation of transformers, None for its default.
        quant: ``4bit`` or ``8bit`` quantization by bitsandbytes, None for neither.
        batch_tokens: tokens of one batch, including padding and cached ones; None for the default of the
            device.
        prompt: name or file of a prompt template, None for the default of the task and ``score``.
        shots: number of few-shot examples before each question.
        score: how it answers, None for the default of the task: a choice by its letter, a move and an answer
            by generation.
        temperature: above 0 labels are drawn, by the seed and the example; 0 takes the likeliest.
        max_new_tokens: maximum length of a reply, None for the default of the task.
        revision: branch, tag or commit on the hub.
        engine: what generates replies; hidden states and scores are always computed by transformers.
        head: ``fresh`` adds a new multiple-choice head, drawn by the seed, to an encoder that has none;
            None refuses such an encoder.
    """

    dtype: str = "auto"
    device: str = "auto"
    device_map: str | None = None
    attn: str | None = None
    quant: str | None = None
    batch_tokens: int | None = None
    prompt: str | None = None
    shots: int = 0
    score: str | None = None
    temperature: float = 0.0
    max_new_tokens: int | None = None
    revision: str | None = None
    engine: str = "plain"
    head: str | None = None


def read_settings(reference: Reference) -> HfSettings:
    """The settings of a reference.

    Raises:
        UsageError: names the invalid option and the valid ones.
    """
    text, options = str(reference), reference.options
    _check_names(reference)
    device = options.get("device", "auto")
    if not _DEVICE.fullmatch(device):
        raise UsageError(
            "model-invalid-option",
            f"device of {quote(text)} is {quote(device)}; it must be one of auto, cpu, cuda, cuda:1, …",
        )
    if "device" in options and "device_map" in options:
        raise UsageError("hf-device-conflict", f"{quote(text)} has both device and device_map; remove one")
    return HfSettings(
        dtype=_one_of(reference, "dtype", DTYPES) or "auto",
        device=device,
        device_map=options.get("device_map"),
        attn=options.get("attn"),
        quant=_one_of(reference, "quant", QUANTS),
        batch_tokens=parse_count(text, options, "batch_tokens"),
        prompt=options.get("prompt"),
        shots=0 if options.get("shots") == "0" else parse_count(text, options, "shots", most=_MAX_SHOTS) or 0,
        score=_one_of(reference, "score", SCORES),
        temperature=parse_number(text, options, "temperature", 0.0, zero=True),
        max_new_tokens=parse_count(text, options, "max_new_tokens"),
        revision=options.get("revision"),
        engine=_one_of(reference, "engine", ENGINES) or "plain",
        head=_one_of(reference, "head", HEADS),
    )


def require_extras(settings: HfSettings) -> None:
    """Refuse settings that need a package that is not installed.

    Raises:
        MissingExtraError: names the ``pip install``.
    """
    if any(find_spec(name) is None for name in _PACKAGES):
        raise MissingExtraError("a Hugging Face model", EXTRA)
    if settings.quant and find_spec("bitsandbytes") is None:
        raise MissingExtraError(f"quant={settings.quant}", "quant")
    if settings.device_map and find_spec("accelerate") is None:
        raise MissingExtraError("device_map", EXTRA)
    if settings.engine == "vllm" and find_spec("vllm") is None:
        raise MissingExtraError("engine=vllm", "vllm")


def locate_model(reference: Reference) -> str:
    """The absolute path of the folder that a reference names, or its name on the hub.

    Raises:
        UsageError: the reference names no model.
        ModelError: the folder does not exist.
    """
    target = reference.target
    if not target:
        raise UsageError(
            "model-missing-target", f"{quote(str(reference))} names no model; write hf:DIR or hf:OWNER/NAME"
        )
    folder = local_path(target)
    if folder.is_dir():
        return str(folder.absolute())
    if not _HUB_NAME.fullmatch(target) or target.startswith("."):
        raise ModelError(
            "hf-model-not-found",
            f"model {quote(target)} not found: it is neither a folder nor a name on the hub; correct it",
        )
    return target


def _check_names(reference: Reference) -> None:
    for name in reference.options:
        if name not in OPTIONS:
            near = difflib.get_close_matches(name, OPTIONS, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise UsageError(
                "model-unknown-option",
                f"{quote(name)} is not an option of {reference.kind}; {hint}its options are: "
                f"{', '.join(OPTIONS)}",
            )


def _one_of(reference: Reference, name: str, known: Sequence[str]) -> str | None:
    value = reference.options.get(name)
    if value is not None and value not in known:
        raise UsageError(
            "model-invalid-option",
            f"{name} of {quote(str(reference))} is {quote(value)}; it must be one of {', '.join(known)}",
        )
    return value
