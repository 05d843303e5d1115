"""The likeliest labels beside those that were given, and answers dealt out to their examples.

Knows nothing about how likely a label is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from w2s.models.model import Answer


def likeliest_others(belief: Mapping[str, float], label: str, count: int) -> list[str]:
    """So many labels beside one, the likeliest first; equally likely ones in the order of the belief."""
    others = [other for other in belief if other != label]
    return sorted(others, key=lambda other: -belief[other])[:count]


def dealt(first: Sequence[Answer], others: Sequence[Answer], counts: Sequence[int]) -> list[list[Answer]]:
    """The answers of each example: its first, then as many of the others, which stand in their order."""
    left: Iterator[Answer] = iter(others)
    return [
        [answer, *(next(left) for _ in range(count))] for answer, count in zip(first, counts, strict=True)
    ]
