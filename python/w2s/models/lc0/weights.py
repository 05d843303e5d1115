"""Lc0's weights file → arrays of a residual network, batch norms folded into convolutions.

Source: the message ``pblczero.Net`` of lczero-common, by field number.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from w2s.errors import DataError, ModelError
from w2s.files import open_regular_file
from w2s.models.lc0.protobuf import ProtobufError, ProtobufMessage

PLANES, ENTRIES, SQUARES = 112, 1858, 64
_MAGIC = 0x1C0
_EPSILON = 1e-5
_NETWORKS = {1: "plain", 2: "squeeze", 3: "plain", 4: "squeeze"}
_POLICIES = {0: "plain", 1: "plain", 2: "convolution"}
_VALUES = {0: 1, 1: 1, 2: 3}
"""Outputs of the value head by its format: the expected result, or win, draw and loss."""

MAX_BYTES = 1 << 30
"""The most bytes of a weights file, unpacked; those of the largest networks have some hundred MiB."""
_PART_BYTES = 1 << 20
_GZIP = b"\x1f\x8b"
_FIRST_BYTES = b"\x0d" + struct.pack("<I", _MAGIC)
"""The magic number is the first field of every weights file."""

_Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ConvolutionWeights:
    """A convolution: ``weight`` (outputs, inputs, height, width) and ``bias`` (outputs,)."""

    weight: _Array
    bias: _Array


@dataclass(frozen=True, slots=True)
class LinearWeights:
    """A linear layer: ``weight`` (outputs, inputs) and ``bias`` (outputs,)."""

    weight: _Array
    bias: _Array


@dataclass(frozen=True, slots=True)
class BlockWeights:
    """A residual block: two convolutions; ``squeeze`` holds the narrow and the wide layer, or is None."""

    first: ConvolutionWeights
    second: ConvolutionWeights
    squeeze: tuple[LinearWeights, LinearWeights] | None


@dataclass(frozen=True, slots=True)
class ValueWeights:
    """A value head: a convolution over places and two linear layers, with one output or three."""

    narrow: ConvolutionWeights
    hidden: LinearWeights
    output: LinearWeights


@dataclass(frozen=True, slots=True)
class Lc0Weights:
    """A residual network: stem, blocks, policy head, and value head if there is one.

    If ``policy`` is ``convolution``, ``policy_first`` is a 3×3 convolution and ``policy_second`` the
    convolution to planes of moves; else they are a convolution over places and a linear layer.
    """

    stem: ConvolutionWeights
    blocks: list[BlockWeights]
    policy: str
    policy_first: ConvolutionWeights
    policy_second: ConvolutionWeights | LinearWeights
    value: ValueWeights | None = None


def read_weights(path: Path) -> Lc0Weights:
    """The network in a file ``*.pb`` or ``*.pb.gz``.

    Raises:
        ModelError: the file cannot be read, or its network has an architecture that is not supported.
        DataError: the file is damaged, truncated or not a weights file.
    """
    content = _read_bytes(path)
    try:
        return _decode(ProtobufMessage(memoryview(content)), path)
    except ProtobufError as error:
        raise DataError(
            "lc0-damaged-file",
            f"{path} is not an Lc0 weights file, or it is truncated ({error}); download it again",
        ) from None


def _read_bytes(path: Path) -> bytearray:
    """The content of a file; gzip is recognised by its first bytes and unpacked."""
    content = bytearray()
    try:
        with open_regular_file(path) as packed:
            is_gzip = packed.read(2) == _GZIP
            packed.seek(0)
            with gzip.open(packed) if is_gzip else packed as file:
                while len(content) <= MAX_BYTES and (part := file.read(_PART_BYTES)):
                    content += part
                    if not content.startswith(_FIRST_BYTES):
                        break
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            "lc0-damaged-file", f"{path} is truncated or damaged ({error}); download it again"
        ) from None
    except OSError as error:
        raise ModelError(
            "lc0-unreadable", f"cannot read {path}: {error.strerror}; name a weights file, NAME.pb.gz"
        ) from None
    if len(content) > MAX_BYTES:
        raise DataError(
            "lc0-not-weights", f"{path} unpacks to more than {MAX_BYTES >> 20} MiB; it is not a weights file"
        )
    return content


def _decode(net: ProtobufMessage, path: Path) -> Lc0Weights:
    if int.from_bytes(net.bytes_field(1), "little") != _MAGIC or 10 not in net:
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
    value = _value_head(net.message(4).message(2), weights, channels)
    if policy == "convolution":
        first = _convolution(weights.message(11), channels, 3)
        return Lc0Weights(stem, blocks, policy, first, _convolution(weights.message(3), channels, 3), value)
    first = _convolution(weights.message(3), channels, 1)
    linear = _linear(weights.message(4), weights.message(5), len(first.bias) * SQUARES)
    return Lc0Weights(stem, blocks, policy, first, linear, value)


def _value_head(network: ProtobufMessage, weights: ProtobufMessage, channels: int) -> ValueWeights | None:
    """The value head, None if there is none or it is of another kind."""
    outcomes = _VALUES.get(network.number(5, 1))
    if outcomes is None or 6 not in weights:
        return None
    narrow = _convolution(weights.message(6), channels, 1)
    hidden = _linear(weights.message(7), weights.message(8), len(narrow.bias) * SQUARES)
    output = _linear(weights.message(9), weights.message(10), len(hidden.bias))
    if len(output.bias) != outcomes:
        raise ProtobufError(f"a value head has {len(output.bias)} outputs, not {outcomes}")
    return ValueWeights(narrow, hidden, output)


def _policy_kind(form: ProtobufMessage, path: Path) -> str:
    """The kind of policy head; a network that is not a residual tower of this shape is refused."""
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


def _block(block: ProtobufMessage, channels: int) -> BlockWeights:
    squeeze = None
    if 3 in block:
        unit = block.message(3)
        narrow = _linear(unit.message(1), unit.message(2), channels)
        squeeze = (narrow, _linear(unit.message(3), unit.message(4), len(narrow.bias)))
        if len(squeeze[1].bias) != 2 * channels:
            raise ProtobufError(f"a squeeze of {channels} channels has {len(squeeze[1].bias)} numbers")
    return BlockWeights(
        _convolution(block.message(1), channels, 3), _convolution(block.message(2), channels, 3), squeeze
    )


def _convolution(message: ProtobufMessage, inputs: int, size: int) -> ConvolutionWeights:
    """A convolution with the batch norm after it, ``gamma (x - mean) / deviation + beta``, folded in."""
    numbers = _numbers(message.message(1))
    unit = inputs * size * size
    outputs, rest = divmod(len(numbers), unit)
    if rest or not outputs:
        raise ProtobufError(f"a convolution has {len(numbers)} numbers, not a multiple of {unit}")
    weight = numbers.reshape(outputs, inputs, size, size)
    bias = _optional(message, 2, outputs, 0.0)
    if 3 not in message:
        return ConvolutionWeights(weight, bias)
    mean, variance = _optional(message, 3, outputs, 0.0), _optional(message, 4, outputs, 1.0)
    gamma, beta = _optional(message, 5, outputs, 1.0), _optional(message, 6, outputs, 0.0)
    with np.errstate(all="ignore"):
        scale = (gamma / np.sqrt(variance + _EPSILON)).astype(np.float32)
        weight, bias = weight * scale[:, None, None, None], beta + scale * (bias - mean)
    return ConvolutionWeights(_finite(weight), _finite(bias))


def _linear(weight: ProtobufMessage, bias: ProtobufMessage, inputs: int) -> LinearWeights:
    numbers, shift = _numbers(weight), _numbers(bias)
    if len(numbers) != len(shift) * inputs or not len(shift):
        raise ProtobufError(f"a layer of {len(shift)} outputs has {len(numbers)} numbers for {inputs} inputs")
    return LinearWeights(numbers.reshape(len(shift), inputs), shift)


def _optional(message: ProtobufMessage, number: int, size: int, default: float) -> _Array:
    if number not in message:
        return np.full(size, default, np.float32)
    numbers = _numbers(message.message(number))
    if len(numbers) != size:
        raise ProtobufError(f"{len(numbers)} numbers instead of {size}")
    return numbers


def _numbers(layer: ProtobufMessage) -> _Array:
    """The numbers of a layer, float32, stored in 16 bits each between the smallest and the largest."""
    codes = layer.bytes_field(3)
    if len(codes) % 2:
        raise ProtobufError("the data of a layer end within a number")
    least, largest = (np.frombuffer(layer.bytes_field(i) or bytes(4), "<f4")[0] for i in (1, 2))
    shares = np.frombuffer(codes, "<u2").astype(np.float32) / np.float32(65535)
    with np.errstate(all="ignore"):
        found: _Array = (least + shares * (largest - least)).astype(np.float32)
    return _finite(found)


def _finite(numbers: _Array) -> _Array:
    if not np.isfinite(numbers).all():
        raise ProtobufError("a layer contains numbers that are not finite")
    return numbers
