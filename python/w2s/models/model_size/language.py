"""The shape of a language model from its ``config.json``, built on the meta device, without its weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import transformers

from w2s.models.hf.adapters import ADAPTER_CONFIG, read_adapter_base, read_saved_modules
from w2s.models.hf.settings import HfSettings
from w2s.models.hf.weights import CAUSAL, CHOICE, SEQUENCE, auto_class, find_form, quiet_transformers
from w2s.models.model_size.shape import ModelShape, weight_bytes


def read_language_shape(place: str, settings: HfSettings) -> ModelShape | None:
    """The shape of a model in a folder or on the hub, None if its files are not on this machine."""
    try:
        base = read_adapter_base(place) if (Path(place) / ADAPTER_CONFIG).is_file() else place
        with quiet_transformers():
            config = transformers.AutoConfig.from_pretrained(
                base, revision=settings.revision, trust_remote_code=False, local_files_only=True
            )
            network = _build(base, config, settings, base != place and bool(read_saved_modules(place)))
    except (OSError, ValueError, KeyError, ImportError):
        return None
    return _shape(
        network, config, weight_bytes(settings, getattr(config, "dtype", None)), f"config.json of {base}"
    )


def find_tokenizer(place: str, settings: HfSettings) -> Any:
    """The tokenizer of a model in a folder or on the hub, None if its files are not on this machine."""
    try:
        with quiet_transformers():
            return transformers.AutoTokenizer.from_pretrained(
                place, revision=settings.revision, trust_remote_code=False, local_files_only=True
            )
    except (OSError, ValueError, KeyError, ImportError):
        return None


def _build(place: str, config: Any, settings: HfSettings, has_saved_modules: bool) -> Any:
    """The network that loading would make, without values."""
    form = find_form(place, config, CAUSAL + CHOICE + SEQUENCE, settings.head is not None, has_saved_modules)
    with torch.device("meta"):
        return auto_class(form).from_config(config, trust_remote_code=False)


def _shape(network: Any, config: Any, bytes_each: float, source: str) -> ModelShape:
    text = config.get_text_config()
    layers, width = int(text.num_hidden_layers), int(text.hidden_size)
    heads = int(getattr(text, "num_attention_heads", None) or 0)  # 0 for a network without attention
    keys = int(getattr(text, "num_key_value_heads", None) or heads)
    head = int(getattr(text, "head_dim", None) or width // max(heads, 1))
    parameters = sum(weight.numel() for weight in network.parameters())
    return ModelShape(
        parameters,
        parameters - _lookup_parameters(network),
        layers,
        width,
        2 * layers * keys * head,
        int(text.vocab_size),
        bytes_each,
        _linear(network),
        source=source,
    )


def _lookup_parameters(network: Any) -> int:
    """Parameters that are only looked up: the input embeddings, unless the output embeddings share them."""
    embeddings, out = network.get_input_embeddings(), network.get_output_embeddings()
    tied = out is not None and out.weight is embeddings.weight
    return 0 if tied or embeddings is None else int(embeddings.weight.numel())


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
