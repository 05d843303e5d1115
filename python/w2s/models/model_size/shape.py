"""The size of a model as numbers, and the size that a name such as Qwen3-0.6B says.

Needs neither torch nor transformers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from w2s.models.hf.settings import HfSettings

_SIZE_IN_NAME = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)([bm])(?![a-z0-9])", re.IGNORECASE)
_UNITS = {"b": 1e9, "m": 1e6}
_VOCABULARY = 128_000
_BYTES = {"float32": 4.0, "bfloat16": 2.0, "float16": 2.0}
_QUANTISED = {"4bit": 0.5, "8bit": 1.0}
_DEFAULT_BYTES = 2.0
_WIDTH_PER_LAYER = 128
"""Width of a usual transformer divided by its number of layers."""


@dataclass(frozen=True)
class ModelShape:
    """The size of a model.

    Attributes:
        parameters: number of parameters.
        multiplied: parameters that every token is multiplied with: without the input embeddings, unless the
            output shares them.
        layers: number of layers.
        width: numbers of a token between layers.
        cached: numbers of a token in the key-value cache, over all layers.
        vocabulary: number of tokens; 0 for a policy net.
        bytes_each: bytes of a weight as it is loaded.
        linear: rows + columns of the layers that adapters can modify, summed by the last part of their name.
        squares: squares of the board, which are the tokens of a policy net; 0 for a language model.
        source: how these numbers are known.
        assumed: whether they are only assumed.
    """

    parameters: int
    multiplied: int
    layers: int
    width: int
    cached: int
    vocabulary: int
    bytes_each: float
    linear: Mapping[str, int] = field(default_factory=dict)
    squares: int = 0
    source: str = ""
    assumed: bool = False

    def adapter(self, rank: int, targets: str) -> int:
        """Parameters of an adapter: ``rank × (rows + columns)`` of each layer that it modifies."""
        named = self.linear if targets == "all-linear" else targets.split(",")
        return rank * sum(self.linear.get(name, 0) for name in named)


def weight_bytes(settings: HfSettings, stored: Any = None) -> float:
    """Bytes of a weight in the requested quantization or dtype, otherwise in the stored dtype."""
    if settings.quant:
        return _QUANTISED[settings.quant]
    name = settings.dtype if settings.dtype != "auto" else str(stored or "").removeprefix("torch.")
    return _BYTES.get(name, _DEFAULT_BYTES)


def shape_by_name(name: str, bytes_each: float) -> ModelShape | None:
    """A usual transformer with as many parameters as a name says; None if it says nothing.

    ``P = 12 · layers · width²`` with ``width = 128 · layers``, keys and values as wide as the tokens.

    Example:
        >>> found = shape_by_name("allenai/OLMo-2-1124-7B-Instruct", 2.0)
        >>> found.parameters, found.layers, found.width
        (7000000000, 33, 4224)
    """
    sizes = _SIZE_IN_NAME.findall(name)
    if not sizes:
        return None
    number, unit = max(sizes, key=lambda one: float(one[0]) * _UNITS[one[1].lower()])
    parameters = round(float(number) * _UNITS[unit.lower()])
    layers = max(1, round((parameters / (12 * _WIDTH_PER_LAYER**2)) ** (1 / 3)))
    width = _WIDTH_PER_LAYER * layers
    return ModelShape(
        parameters,
        parameters,
        layers,
        width,
        2 * layers * width,
        _VOCABULARY,
        bytes_each,
        {"all": 18 * layers * width},  # per layer four matrices of d × d and two of d × 4d
        source=f"assumed by its name: {number}{unit} parameters in {layers} layers of {width}",
        assumed=True,
    )
