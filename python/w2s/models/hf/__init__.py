"""Hugging Face models: causal language models, and encoders with a multiple-choice head.

This module and ``settings`` need no torch, which is imported when a model is loaded.
"""

import logging
from pathlib import Path

from w2s.models.hf.settings import EXTRA, OPTIONS, locate_model, read_settings, require_extras
from w2s.models.model import Model, ModelKind
from w2s.models.reference import Reference

__all__ = ["KIND", "load"]

# peft imports bitsandbytes if it is installed, which logs kernels that it could fetch from the hub.
logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)


def load(reference: Reference, *, seed: int, concurrency: int, cache: Path | None = None) -> Model:
    """The model of ``hf:DIR`` or ``hf:OWNER/NAME``."""
    del concurrency, cache
    settings = read_settings(reference)
    place = locate_model(reference)
    require_extras(settings)
    from w2s.models.hf.loading import open_model

    return open_model(str(reference), place, settings, seed)


KIND = ModelKind(
    "hf",
    "a Hugging Face model: causal LM, or encoder with a multiple-choice head",
    "hf:Qwen/Qwen3-0.6B?dtype=bfloat16",
    load,
    EXTRA,
    OPTIONS,
)
