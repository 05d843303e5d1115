"""The size of a model as numbers, and what a name such as Qwen3-0.6B tells of it.

Knows nothing about files; needs neither torch nor transformers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from w2s.models.hf.settings import HfSettings

_NAMED = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)([bm])(?![a-z0-9])", re.IGNORECASE)
_BILLION = {"b": 1e9, "m": 1e6}
_VOCABULARY = 128_000
_BYTES = {"float32": 4.0, "bfloat16": 2.0, "float16": 2.0}
_QUANTISED = {"4bit": 0.5, "8bit": 1.0}
_USUAL = 2.0
_DEPTH = 128
"""Of a usual transformer: its width is so many times its number of layers."""


@dataclass(frozen=True)
class Shape:
    """The size of a model.

    Attributes:
        parameters: all of them.
        multiplied: those that every token is multiplied with: without the table of input embeddings, unless
            it is that of the output too.
        layers: how many.
        width: of a token between them.
        cached: numbers that a token leaves in the cache of keys and values, over all layers.
        vocabulary: tokens; 0 of a net over moves.
        bytes_each: of a weight as it is loaded.
        linear: rows + columns of the layers that adapters can go to, summed by the last part of their name.
        squares: of the board of a net over moves, which count as its tokens; 0 of a language model.
        source: where this is known from.
        assumed: whether it is only assumed.
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
        """Parameters of an adapter: ``rank × (rows + columns)`` of each layer that it goes to."""
        named = self.linear if targets == "all-linear" else targets.split(",")
        return rank * sum(self.linear.get(name, 0) for name in named)


def bytes_of(settings: HfSettings, stored: Any = None) -> float:
    """Bytes of a weight: those asked for, else those of the numbers that the weights are stored in."""
    if settings.quant:
        return _QUANTISED[settings.quant]
    name = settings.dtype if settings.dtype != "auto" else str(stored or "").removeprefix("torch.")
    return _BYTES.get(name, _USUAL)


def shape_by_name(name: str, bytes_each: float) -> Shape | None:
    """A usual transformer of as many parameters as a name says; None where it says nothing.

    ``P = 12 · layers · width²`` with ``width = 128 · layers``, keys and values as wide as the tokens.

    Example:
        >>> found = shape_by_name("allenai/OLMo-2-1124-7B-Instruct", 2.0)
        >>> found.parameters, found.layers, found.width
        (7000000000, 33, 4224)
    """
    said = _NAMED.findall(name)
    if not said:
        return None
    number, unit = max(said, key=lambda one: float(one[0]) * _BILLION[one[1].lower()])
    parameters = round(float(number) * _BILLION[unit.lower()])
    layers = max(1, round((parameters / (12 * _DEPTH**2)) ** (1 / 3)))
    width = _DEPTH * layers
    return Shape(
        parameters,
        parameters,
        layers,
        width,
        2 * layers * width,
        _VOCABULARY,
        bytes_each,
        {"all": 18 * layers * width},  # in each layer four of d × d and two of d × 4d
        source=f"assumed by its name: {number}{unit} parameters in {layers} layers of {width}",
        assumed=True,
    )
