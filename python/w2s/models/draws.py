"""Random numbers by name: the same seed and names give the same number, on every machine.

Knows nothing about what is drawn or why. There is no stream of numbers: the order of questions never matters.
"""

from __future__ import annotations

import hashlib
from statistics import NormalDist

from w2s.tasks import MoveExample

_STANDARD = NormalDist()


def uniform(seed: int, *names: str | int | None) -> float:
    """A number strictly between 0 and 1, uniform over seeds and names."""
    digest = hashlib.blake2b(ascii((seed, *names)).encode(), digest_size=8).digest()
    return ((int.from_bytes(digest, "big") >> 12) + 0.5) / 2**52


def gaussian(seed: int, *names: str | int | None) -> float:
    """A number from the standard normal distribution."""
    return _STANDARD.inv_cdf(uniform(seed, *names))


def names_of(example: MoveExample) -> tuple[str | int | None, ...]:
    """What tells one question from another: the position, and in a match also which one and how far.

    The ply keeps a match from repeating itself where its position comes back; the match keeps two matches
    from one opening apart.
    """
    ply = None if example.match is None else example.state.ply
    return (example.match, ply, example.state.position)
