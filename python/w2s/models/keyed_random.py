"""Random numbers by key: the same seed and keys give the same number on every machine, in any order.

There is no stream of numbers, so batches and their order change nothing.
"""

from __future__ import annotations

import hashlib
from statistics import NormalDist

from w2s.tasks import MoveExample

_STANDARD = NormalDist()
Key = str | int | None


def uniform(seed: int, *keys: Key) -> float:
    """A number strictly between 0 and 1, uniform over seeds and keys."""
    digest = hashlib.blake2b(ascii((seed, *keys)).encode(), digest_size=8).digest()
    return ((int.from_bytes(digest, "big") >> 12) + 0.5) / 2**52


def gaussian(seed: int, *keys: Key) -> float:
    """A number from the standard normal distribution."""
    return _STANDARD.inv_cdf(uniform(seed, *keys))


def position_keys(example: MoveExample) -> tuple[Key, ...]:
    """Keys that distinguish questions: the position, and in a match also the match and the ply.

    The ply keeps a match from repeating itself after its position recurs; the match keeps two matches from
    one opening apart.
    """
    ply = None if example.match is None else example.state.ply
    return (example.match, ply, example.state.position)
