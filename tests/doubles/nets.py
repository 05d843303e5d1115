"""Small policy nets with random weights: folders of ours, and files as Lc0 writes them."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float32]


def write_policy(
    folder: Path, game: str, seed: int = 0, channels: int = 8, *, has_values: bool = False
) -> Path:
    """A net of ours with one block, and a value head if asked."""
    import torch

    from w2s.models.policy.config import PolicyConfig
    from w2s.models.policy.files import save_pretrained
    from w2s.models.policy.nets import build_net

    torch.manual_seed(seed)
    head = "from_to" if game == "chess" else "plain"
    values = ("scalar", 4, 8) if has_values else ("none", 0, 0)
    net = build_net(PolicyConfig(game, "se_resnet", channels, 1, 4, head, channels, *values))
    for parameter in net.parameters():
        parameter.data.mul_(2.0)
    save_pretrained(net, folder)
    return folder


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def nested(field: int, content: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(content)) + content


def layer(numbers: Numbers) -> bytes:
    """Sixteen bits a number between the least and the largest."""
    least, largest = float(numbers.min()), float(numbers.max())
    scale = (largest - least) or 1.0
    codes = np.round((numbers.ravel() - least) / scale * 65535).astype("<u2").tobytes()
    return b"\x0d" + struct.pack("<f", least) + b"\x15" + struct.pack("<f", largest) + nested(3, codes)


class Lc0File:
    """Makes the message of a net; ``arrays`` keeps every array that went in, in order."""

    def __init__(self, seed: int = 0, channels: int = 8, blocks: int = 1, squeeze: int = 4) -> None:
        self._random = np.random.default_rng(seed)
        self.arrays: list[Numbers] = []
        self.channels, self.blocks, self.squeeze = channels, blocks, squeeze

    def array(self, *shape: int, scale: float = 0.1, shift: float = 0.0) -> bytes:
        numbers = (self._random.standard_normal(shape) * scale + shift).astype(np.float32)
        self.arrays.append(numbers)
        return layer(numbers)

    def convolution(self, outputs: int, inputs: int, size: int, norm: bool = True) -> bytes:
        scale = 0.8 / np.sqrt(inputs * size * size)
        content = nested(1, self.array(outputs, inputs, size, size, scale=scale))
        if not norm:
            return content + nested(2, self.array(outputs))
        for field, shift in ((3, 0.0), (4, 1.0), (5, 1.0), (6, 0.0)):
            content += nested(field, self.array(outputs, scale=0.05, shift=shift))
        return content

    def linear(self, fields: tuple[int, int], outputs: int, inputs: int) -> bytes:
        weight = self.array(outputs, inputs, scale=1.0 / np.sqrt(inputs))
        return nested(fields[0], weight) + nested(fields[1], self.array(outputs))

    def block(self) -> bytes:
        content = b"".join(
            nested(field, self.convolution(self.channels, self.channels, 3)) for field in (1, 2)
        )
        if not self.squeeze:
            return content
        unit = self.linear((1, 2), self.squeeze, self.channels)
        return content + nested(3, unit + self.linear((3, 4), 2 * self.channels, self.squeeze))

    def value_head(self, outcomes: int) -> bytes:
        head = nested(6, self.convolution(4, self.channels, 1))
        return head + self.linear((7, 8), 16, 4 * 64) + self.linear((9, 10), outcomes, 16)

    def message(
        self, policy: str = "convolution", form: Sequence[bytes] | None = None, outcomes: int = 0
    ) -> bytes:
        """A net with this policy head, and a value head of one or three outcomes, or none."""
        weights = nested(1, self.convolution(self.channels, 112, 3))
        for _ in range(self.blocks):
            weights += nested(2, self.block())
        if policy == "convolution":
            weights += nested(11, self.convolution(self.channels, self.channels, 3))
            weights += nested(3, self.convolution(80, self.channels, 3, norm=False))
        else:
            weights += nested(3, self.convolution(4, self.channels, 1))
            weights += self.linear((4, 5), 1858, 4 * 64)
        if outcomes:
            weights += self.value_head(outcomes)
        kinds = [
            number(1, 1),
            number(3, 4 if self.squeeze else 3),
            number(4, 2 if policy == "convolution" else 1),
            *([number(5, 2 if outcomes == 3 else 1)] if outcomes else []),
        ]
        network = b"".join(kinds if form is None else form)
        magic = b"\x0d" + struct.pack("<I", 0x1C0)
        return magic + nested(4, number(1, 1) + nested(2, network)) + nested(10, weights)


def write_lc0(
    path: Path, seed: int = 0, policy: str = "convolution", squeeze: int = 4, outcomes: int = 0
) -> Path:
    """A small net in Lc0's format."""
    path.write_bytes(gzip.compress(Lc0File(seed, squeeze=squeeze).message(policy, None, outcomes), 1))
    return path
