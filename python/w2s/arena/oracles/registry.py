"""The registry of oracles. A new oracle is its file and one line here."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack

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


def load_oracles(
    references: Sequence[str], *, cap_cp: int, concurrency: int, game: str | None = None
) -> list[Oracle]:
    """The oracles of these references, the most trusted first; a number makes repeated names unique.

    If one cannot be loaded, those loaded before are closed.

    Args:
        references: references of oracles.
        cap_cp: values beyond ±``cap_cp`` count as ±``cap_cp``.
        concurrency: number of processes of each engine.
        game: the game of all positions; None where it is not known.

    Raises:
        UsageError: the kind of an oracle is unknown, or an oracle does not verify the game.
        ModelError: an engine cannot be started.
    """
    oracles = []
    with ExitStack() as loading:
        for reference in references:
            oracle = _load(reference, cap_cp, concurrency)
            loading.callback(oracle.close)
            if game is not None and oracle.game not in (None, game):
                raise UsageError(
                    "oracle-other-game",
                    f"the oracle {reference} verifies {oracle.game}, not {game}; use search:depth=N or exact",
                )
            oracles.append(oracle)
        loading.pop_all()
    seen: Counter[str] = Counter()
    for oracle in oracles:
        seen[oracle.name] += 1
        if seen[oracle.name] > 1:
            oracle.name = f"{oracle.name}{seen[oracle.name]}"
    return sorted(oracles, key=lambda oracle: oracle.rank)


def _load(reference: str, cap_cp: int, concurrency: int) -> Oracle:
    kind = reference.partition(":")[0]
    if kind not in ORACLES:
        near = difflib.get_close_matches(kind, ORACLES, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise UsageError(
            "oracle-unknown", f"unknown oracle {reference!r}; {hint}the kinds are: {', '.join(ORACLES)}"
        )
    return ORACLES[kind](reference, cap_cp, concurrency)
