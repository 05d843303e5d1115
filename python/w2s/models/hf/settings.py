"""The options of a reference to a Hugging Face model, checked.

Knows nothing about models; needs neither torch nor transformers.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from w2s.errors import UsageError
from w2s.models.parameters import amount, count
from w2s.models.reference import Reference, shown

DTYPES = ("auto", "float32", "bfloat16", "float16")
SCORES = ("letter", "option", "generate")
QUANTS = ("4bit", "8bit")
ENGINES = ("plain", "vllm")
HEADS = ("fresh",)
_OPTIONS = (
    "dtype",
    "device",
    "device_map",
    "attn",
    "quant",
    "batch_tokens",
    "prompt",
    "shots",
    "score",
    "temperature",
    "max_new_tokens",
    "revision",
    "engine",
    "head",
)
_DEVICE = re.compile(r"auto|cpu|cuda(:[0-9]{1,3})?")
_MOST_SHOTS = 1000


@dataclass(frozen=True, slots=True)
class HfSettings:
    """How a model is loaded and asked.

    Attributes:
        dtype: numbers in which it computes; ``auto`` is what the weights are stored in.
        device: ``auto`` is an accelerator where there is one.
        device_map: how transformers spreads the model over several devices, None for one device.
        attn: attention implementation of transformers, None for its choice.
        quant: ``4bit`` or ``8bit`` by bitsandbytes, None for neither.
        batch_tokens: tokens of one pass, padding and cached ones counted; None for what suits the device.
        prompt: name of a template or a file, None for what suits the task and ``score``.
        shots: solved examples in front of each question.
        score: how it answers, None for what suits the task: a choice by its letter, a move and an answer by
            writing.
        temperature: above 0 labels are drawn, by the seed and the example; 0 is the likeliest.
        max_new_tokens: the longest reply, None for what suits the task.
        revision: branch, tag or commit on the hub.
        engine: who writes replies; hidden states and scores are always those of transformers.
        head: ``fresh`` puts a new multiple-choice head, drawn by the seed, on an encoder that has none;
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
        UsageError: names what is wrong and what is known.
    """
    text, options = str(reference), reference.options
    _check_names(reference)
    device = options.get("device", "auto")
    if not _DEVICE.fullmatch(device):
        raise UsageError(
            "model-invalid-option",
            f"device of {shown(text)} is {shown(device)}; it must be one of auto, cpu, cuda, cuda:1, …",
        )
    if "device" in options and "device_map" in options:
        raise UsageError("hf-device-conflict", f"{shown(text)} has both device and device_map; remove one")
    return HfSettings(
        dtype=_one_of(reference, "dtype", DTYPES) or "auto",
        device=device,
        device_map=options.get("device_map"),
        attn=options.get("attn"),
        quant=_one_of(reference, "quant", QUANTS),
        batch_tokens=count(text, options, "batch_tokens"),
        prompt=options.get("prompt"),
        shots=0 if options.get("shots") == "0" else count(text, options, "shots", most=_MOST_SHOTS) or 0,
        score=_one_of(reference, "score", SCORES),
        temperature=amount(text, options, "temperature", 0.0, zero=True),
        max_new_tokens=count(text, options, "max_new_tokens"),
        revision=options.get("revision"),
        engine=_one_of(reference, "engine", ENGINES) or "plain",
        head=_one_of(reference, "head", HEADS),
    )


def _check_names(reference: Reference) -> None:
    for name in reference.options:
        if name not in _OPTIONS:
            near = difflib.get_close_matches(name, _OPTIONS, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise UsageError(
                "model-unknown-option",
                f"{shown(name)} is not an option of {reference.kind}; {hint}its options are: "
                f"{', '.join(_OPTIONS)}",
            )


def _one_of(reference: Reference, name: str, known: Sequence[str]) -> str | None:
    value = reference.options.get(name)
    if value is not None and value not in known:
        raise UsageError(
            "model-invalid-option",
            f"{name} of {shown(str(reference))} is {shown(value)}; it must be one of {', '.join(known)}",
        )
    return value
