"""Lc0's weight file → arrays of a residual net: numbers decoded, batch norms folded into convolutions.

Knows nothing about torch or chess. Source: the message ``pblczero.Net`` of lczero-common, by field number.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from w2s.errors import DataError, ModelError
from w2s.models.lc0.unpacking import unpack
from w2s.models.lc0.wire import Message, WireError

PLANES, ENTRIES, SQUARES = 112, 1858, 64
_MAGIC = 0x1C0
_EPSILON = 1e-5
_NETWORKS = {1: "plain", 2: "squeeze", 3: "plain", 4: "squeeze"}
_POLICIES = {0: "plain", 1: "plain", 2: "convolution"}

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Convolution:
    """``weight`` (outputs, inputs, height, width) and ``bias`` (outputs,)."""

    weight: Array
    bias: Array


@dataclass(frozen=True, slots=True)
class Linear:
    """``weight`` (outputs, inputs) and ``bias`` (outputs,)."""

    weight: Array
    bias: Array


@dataclass(frozen=True, slots=True)
class ResidualBlock:
    """Two convolutions; ``squeeze`` holds the narrow and the wide layer, None where there is none."""

    first: Convolution
    second: Convolution
    squeeze: tuple[Linear, Linear] | None


@dataclass(frozen=True, slots=True)
class Lc0Weights:
    """A residual net: stem, blocks, and the policy head.

    ``policy_first`` and ``policy_second`` are a 3×3 convolution and one to planes of moves where ``policy``
    is ``convolution``, else a convolution over places and a linear layer.
    """

    stem: Convolution
    blocks: list[ResidualBlock]
    policy: str
    policy_first: Convolution
    policy_second: Convolution | Linear


def read_weights(path: Path) -> Lc0Weights:
    """The net of a file ``*.pb`` or ``*.pb.gz``.

    Raises:
        ModelError: the file is not there, or its net is of a kind that is not read here.
        DataError: it is damaged, cut off or no weight file.
    """
    net = unpack(path)
    try:
        return _read(Message(memoryview(net)), path)
    except WireError as error:
        raise DataError(
            "lc0-damaged-file",
            f"{path} is not an Lc0 weights file, or it is truncated ({error}); download it again",
        ) from None


def _read(net: Message, path: Path) -> Lc0Weights:
    if int.from_bytes(net.bytes(1), "little") != _MAGIC or 10 not in net:
        raise DataError(
            "lc0-not-weights", f"{path} is not an Lc0 weights file; name a network file, NAME.pb.gz"
        )
    policy = _policy_kind(net.message(4), path)
    weights = net.message(10)
    stem = _convolution(weights.message(1), PLANES, 3)
    channels = len(stem.bias)
    blocks = [_block(block, channels) for block in weights.messages(2)]
    if not blocks:
        raise DataError("lc0-damaged-file", f"{path} contains no residual blocks; download it again")
    if policy == "convolution":
        first = _convolution(weights.message(11), channels, 3)
        return Lc0Weights(stem, blocks, policy, first, _convolution(weights.message(3), channels, 3))
    first = _convolution(weights.message(3), channels, 1)
    linear = _linear(weights.message(4), weights.message(5), len(first.bias) * SQUARES)
    return Lc0Weights(stem, blocks, policy, first, linear)


def _policy_kind(form: Message, path: Path) -> str:
    """Which policy head the net has, refused where it is not a residual net of this shape."""
    network = form.message(2)
    inputs, structure, policy = network.number(1, 1), network.number(3, 1), network.number(4)
    what = None
    if form.number(1, 1) != 1:
        what = f"its numbers are stored in encoding {form.number(1)}"
    elif inputs not in (0, 1):
        what = f"its input format is {inputs}, not the classical 112 planes"
    elif structure not in _NETWORKS:
        what = f"its network structure is {structure}, not a residual tower"
    elif policy not in _POLICIES:
        what = f"its policy format is {policy}, neither plain nor convolutional"
    if what:
        raise ModelError(
            "lc0-unsupported-network",
            f"{path}: {what}; use a residual network with 112 classical planes, such as Maia",
        )
    return _POLICIES[policy]


def _block(block: Message, channels: int) -> ResidualBlock:
    squeeze = None
    if 3 in block:
        unit = block.message(3)
        narrow = _linear(unit.message(1), unit.message(2), channels)
        squeeze = (narrow, _linear(unit.message(3), unit.message(4), len(narrow.bias)))
        if len(squeeze[1].bias) != 2 * channels:
            raise WireError(f"a squeeze of {channels} channels gives {len(squeeze[1].bias)} numbers")
    return ResidualBlock(
        _convolution(block.message(1), channels, 3), _convolution(block.message(2), channels, 3), squeeze
    )


def _convolution(message: Message, inputs: int, size: int) -> Convolution:
    """A convolution and the batch norm behind it, ``gamma (x - mean) / deviation + beta``, as one."""
    numbers = _numbers(message.message(1))
    outputs, rest = divmod(len(numbers), inputs * size * size)
    if rest or not outputs:
        raise WireError(f"a convolution has {len(numbers)} numbers, no multiple of {inputs * size * size}")
    weight = numbers.reshape(outputs, inputs, size, size)
    bias = _optional(message, 2, outputs, 0.0)
    if 3 not in message:
        return Convolution(weight, bias)
    mean, variance = _optional(message, 3, outputs, 0.0), _optional(message, 4, outputs, 1.0)
    gamma, beta = _optional(message, 5, outputs, 1.0), _optional(message, 6, outputs, 0.0)
    scale = (gamma / np.sqrt(variance + _EPSILON)).astype(np.float32)
    return Convolution(weight * scale[:, None, None, None], beta + scale * (bias - mean))


def _linear(weight: Message, bias: Message, inputs: int) -> Linear:
    numbers, shift = _numbers(weight), _numbers(bias)
    if len(numbers) != len(shift) * inputs or not len(shift):
        raise WireError(f"a layer of {len(shift)} outputs has {len(numbers)} numbers for {inputs} inputs")
    return Linear(numbers.reshape(len(shift), inputs), shift)


def _optional(message: Message, number: int, size: int, default: float) -> Array:
    if number not in message:
        return np.full(size, default, np.float32)
    numbers = _numbers(message.message(number))
    if len(numbers) != size:
        raise WireError(f"{len(numbers)} numbers where {size} belong")
    return numbers


def _numbers(layer: Message) -> Array:
    """A layer's numbers, float32: sixteen bits each, from its least to its largest."""
    codes = layer.bytes(3)
    if len(codes) % 2:
        raise WireError("a layer ends within a number")
    least, largest = (np.frombuffer(layer.bytes(i) or bytes(4), "<f4")[0] for i in (1, 2))
    shares = np.frombuffer(codes, "<u2").astype(np.float32) / np.float32(65535)
    found: Array = (least + shares * (largest - least)).astype(np.float32)
    if not np.isfinite(found).all():
        raise WireError("a layer holds numbers that are not finite")
    return found
