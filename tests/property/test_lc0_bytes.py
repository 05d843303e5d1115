"""Damaged files of Lc0 networks are refused, or read as some network, and nothing else happens."""

from __future__ import annotations

import gzip
import random
from collections import Counter
from pathlib import Path

import pytest

from tests.doubles.nets import Lc0File
from w2s.errors import DataError, ModelError
from w2s.models.lc0.protobuf import ProtobufError, ProtobufMessage
from w2s.models.lc0.weights import read_weights

SPECIAL = (0x00, 0x01, 0x02, 0x08, 0x0A, 0x7F, 0x80, 0xFF)
FILES = 400
MESSAGES = 4_000


def mutated(content: bytes, draw: random.Random) -> bytes:
    """The content with one to four edits; half of them near its start, where the structure is."""
    edited = bytearray(content)
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(min(200, len(edited)) if draw.random() < 0.5 else len(edited))
        match draw.randrange(5):
            case 0:
                edited[at] ^= 1 << draw.randrange(8)
            case 1:
                edited[at] = draw.choice(SPECIAL)
            case 2:
                edited[at:at] = bytes(draw.choices(SPECIAL, k=draw.randint(1, 4)))
            case 3:
                del edited[at : at + draw.randint(1, 8)]
            case _:
                del edited[max(at, 1) :]
        if not edited:
            return b""
    return bytes(edited)


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["convolution", "plain"])
def test_damaged_network_is_refused_with_a_code_or_read(tmp_path: Path, policy: str) -> None:
    content = Lc0File(seed=1, blocks=1, squeeze=4).message(policy)
    draw, path, outcomes = random.Random(2024), tmp_path / "net.pb", Counter[str]()
    for _ in range(FILES):
        path.write_bytes(mutated(content, draw))
        try:
            read_weights(path)
            outcomes["read"] += 1
        except (DataError, ModelError) as error:
            assert error.code
            assert "\n" not in str(error)
            outcomes["refused"] += 1
    assert outcomes["read"] > 0
    assert outcomes["refused"] > FILES // 10


@pytest.mark.slow
def test_damaged_compression_is_refused_with_a_code(tmp_path: Path) -> None:
    packed = gzip.compress(Lc0File(seed=1, blocks=1).message("plain"), 1)
    draw, path = random.Random(7), tmp_path / "net.pb.gz"
    for _ in range(FILES // 4):
        path.write_bytes(mutated(packed, draw))
        try:
            read_weights(path)
        except (DataError, ModelError) as error:
            assert error.code


def test_damaged_message_is_an_error_of_its_own_or_a_message() -> None:
    content = Lc0File(seed=1, blocks=1).message("plain")
    head, draw = content[:400], random.Random(5)
    refused = 0
    for _ in range(MESSAGES):
        try:
            message = ProtobufMessage(memoryview(mutated(head, draw)))
            for number in range(1, 12):
                if number in message:
                    message.message(number)
        except ProtobufError:
            refused += 1
    assert refused > MESSAGES // 10
