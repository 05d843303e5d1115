"""Mutations of bytes, drawn by seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tests.faults.damage.format import Region

Random = np.random.Generator
Mutation = Callable[[bytearray, Random, Region], None]
_LONGEST = 64


def flip_bits(data: bytearray, random: Random, region: Region) -> None:
    for _ in range(int(random.choice([1, 1, 1, 2, 8]))):
        data[_place(random, region)] ^= 1 << int(random.integers(8))


def set_bytes(data: bytearray, random: Random, region: Region) -> None:
    at = _place(random, region)
    for place in range(at, min(at + int(random.integers(1, 9)), len(data))):
        data[place] = int(random.choice([0, 1, 127, 128, 254, 255, int(random.integers(256))]))


def cut_end(data: bytearray, random: Random, region: Region) -> None:
    del data[_place(random, region) :]


def cut_inside(data: bytearray, random: Random, region: Region) -> None:
    at = _place(random, region)
    del data[at : at + int(random.integers(1, _LONGEST))]


def insert(data: bytearray, random: Random, region: Region) -> None:
    at = _place(random, region)
    data[at:at] = random.bytes(int(random.integers(1, _LONGEST)))


def repeat(data: bytearray, random: Random, region: Region) -> None:
    at = _place(random, region)
    data[at:at] = data[at : at + int(random.integers(1, _LONGEST))]


def swap_blocks(data: bytearray, random: Random, region: Region) -> None:
    size = int(random.choice([1, 8, 64, 512]))
    first, second = _place(random, region), int(random.integers(len(data)))
    if abs(first - second) < size or max(first, second) + size > len(data):
        return flip_bits(data, random, region)
    one, other = data[first : first + size], data[second : second + size]
    data[first : first + size], data[second : second + size] = other, one
    return None


def clear_block(data: bytearray, random: Random, region: Region) -> None:
    at = _place(random, region)
    end = min(at + int(random.choice([4, 64, 512])), len(data))
    data[at:end] = bytes(end - at)


MUTATIONS: tuple[Mutation, ...] = (
    flip_bits,
    flip_bits,
    flip_bits,
    set_bytes,
    set_bytes,
    cut_end,
    cut_inside,
    insert,
    repeat,
    swap_blocks,
    clear_block,
)
"""All mutations; those that stand several times are drawn more often."""


def mutate(data: bytes, regions: Sequence[Region], random: Random) -> tuple[bytes, str]:
    """The damaged bytes, and the name of the mutation; every second one hits a region."""
    whole = (0, len(data))
    inside = [region for region in regions if region[1] > region[0]]
    region = inside[int(random.integers(len(inside)))] if inside and random.random() < 0.5 else whole
    mutation = MUTATIONS[int(random.integers(len(MUTATIONS)))]
    found = bytearray(data)
    mutation(found, random, region)
    return bytes(found), mutation.__name__


def _place(random: Random, region: Region) -> int:
    return int(random.integers(*region))
