"""Lines of play with scores → the last word on each move, in centipawns.

Knows nothing about engines; it sees what ``info`` lines said.
"""

from __future__ import annotations

from collections.abc import Iterable

from w2s.models.confidence import MATE_CP, mate_cp
from w2s.models.uci.protocol import Info

_HIGHEST_CP = MATE_CP // 2 - 1
"""Below every mate; an engine that says more is read as this much."""


def score_cp(info: Info) -> int:
    """The score in centipawns for the player to move, mates mapped beyond every evaluation."""
    if info.mate is None:
        return max(-_HIGHEST_CP, min(info.cp or 0, _HIGHEST_CP))
    return mate_cp(info.mate) if info.mate > 0 else -mate_cp(-info.mate)


def latest(infos: Iterable[Info]) -> list[Info]:
    """The last word on each rank, best rank first, each move once; a bound only where nothing is exact."""
    by_rank: dict[int, Info] = {}
    for info in infos:
        known = by_rank.get(info.rank)
        if known is None or known.bound or not info.bound:
            by_rank[info.rank] = info
    by_move: dict[str, Info] = {}
    for rank in sorted(by_rank):
        by_move.setdefault(by_rank[rank].move, by_rank[rank])
    return list(by_move.values())
