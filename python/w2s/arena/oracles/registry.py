"""The registry of oracles. A new oracle is its file and one line here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from w2s.arena.oracles import engine, exact, search, syzygy
from w2s.arena.oracles.oracle import Oracle
from w2s.errors import UsageError

ORACLES: dict[str, Callable[[str, int, int], Oracle]] = {
    "search": search.load,
    "uci": engine.load,
    "syzygy": syzygy.load,
    "exact": exact.load,
}
"""Factories ``(reference, cap_cp, concurrency) → oracle``, by the kind that a reference begins with."""


def load_oracles(references: Sequence[str], *, cap_cp: int, concurrency: int) -> list[Oracle]:
    """The oracles of these references, the most trusted first; a number makes repeated names unique.

    Raises:
        UsageError: the kind of an oracle is unknown; the message lists those that exist.
    """
    oracles = []
    for reference in references:
        kind = reference.partition(":")[0]
        if kind not in ORACLES:
            raise UsageError(
                "oracle-unknown", f"unknown oracle {reference!r}; the kinds are: {', '.join(ORACLES)}"
            )
        oracles.append(ORACLES[kind](reference, cap_cp, concurrency))
    seen: Counter[str] = Counter()
    for oracle in oracles:
        seen[oracle.name] += 1
        if seen[oracle.name] > 1:
            oracle.name = f"{oracle.name}{seen[oracle.name]}"
    return sorted(oracles, key=lambda oracle: oracle.rank)
