"""A language model's ``config.json`` → its shape: built without memory for its weights, on the meta device.

Knows nothing about weights or downloads: what is not on this machine is not there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import transformers

from w2s.models.hf.adapters import HOLDS_AN_ADAPTER, base_of, brought_by
from w2s.models.hf.settings import HfSettings
from w2s.models.hf.weights import CAUSAL, CHOICE, SEQUENCE, automatic, form_of, quiet
from w2s.models.sizes.shape import Shape, bytes_of


def shape_of_config(place: str, settings: HfSettings) -> Shape | None:
    """The shape of what lies at a place, None where its configuration is not on this machine."""
    try:
        base = base_of(place) if (Path(place) / HOLDS_AN_ADAPTER).is_file() else place
        with quiet():
            config = transformers.AutoConfig.from_pretrained(
                base, revision=settings.revision, trust_remote_code=False, local_files_only=True
            )
            network = _built(base, config, settings, base != place and bool(brought_by(place)))
    except (OSError, ValueError, KeyError, ImportError):
        return None
    return _shape(
        network, config, bytes_of(settings, getattr(config, "dtype", None)), f"config.json of {base}"
    )


def tokenizer_at(place: str, settings: HfSettings) -> Any:
    """The tokenizer of what lies at a place, None where it is not on this machine."""
    try:
        with quiet():
            return transformers.AutoTokenizer.from_pretrained(
                place, revision=settings.revision, trust_remote_code=False, local_files_only=True
            )
    except (OSError, ValueError, KeyError, ImportError):
        return None


def _built(place: str, config: Any, settings: HfSettings, brought: bool) -> Any:
    """The network that loading would make, without numbers."""
    form = form_of(place, config, CAUSAL + CHOICE + SEQUENCE, settings.head is not None, brought)
    with torch.device("meta"):
        return automatic(form).from_config(config, trust_remote_code=False)


def _shape(network: Any, config: Any, bytes_each: float, source: str) -> Shape:
    text = config.get_text_config()
    layers, width = int(text.num_hidden_layers), int(text.hidden_size)
    heads = int(getattr(text, "num_attention_heads", None) or 0)  # none of a network without attention
    keys = int(getattr(text, "num_key_value_heads", None) or heads)
    head = int(getattr(text, "head_dim", None) or width // max(heads, 1))
    parameters = sum(weight.numel() for weight in network.parameters())
    return Shape(
        parameters,
        parameters - _looked_up(network),
        layers,
        width,
        2 * layers * keys * head,
        int(text.vocab_size),
        bytes_each,
        _linear(network),
        source=source,
    )


def _looked_up(network: Any) -> int:
    """Parameters that no token is multiplied with: the input's table where the output has its own."""
    given, out = network.get_input_embeddings(), network.get_output_embeddings()
    tied = out is not None and out.weight is given.weight
    return 0 if tied or given is None else int(given.weight.numel())


def _linear(network: Any) -> dict[str, int]:
    out = network.get_output_embeddings()
    found: dict[str, int] = {}
    for name, module in network.named_modules():
        weight = getattr(module, "weight", None)
        if module is out or isinstance(module, torch.nn.Embedding) or weight is None or weight.ndim != 2:
            continue
        last = name.rpartition(".")[2]
        found[last] = found.get(last, 0) + sum(weight.shape)
    return found
