"""Syzygy tablebases as an oracle: the true result of positions with few pieces.

Cursed wins and blessed losses count as draws, which the fifty-move rule makes of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from w2s.arena.oracles.oracle import Case, Finding
from w2s.games.syzygy import Tablebase


class SyzygyOracle:
    """Regret by result: 0 for a move that keeps the result, ``cap_cp`` for each half point lost."""

    rank = 0
    game: str | None = "chess"

    def __init__(self, folder: str, cap_cp: int) -> None:
        """Open the tables of a folder."""
        self.name = "tablebase"
        self.reference = f"syzygy:{folder}"
        self._tables = Tablebase(folder)
        self._cap_cp = cap_cp

    def verify(self, cases: Sequence[Case]) -> list[dict[str, Finding]]:
        """The findings by move for each case; empty ones where a table is missing."""
        return [self._findings(case) for case in cases]

    def close(self) -> None:
        """Close the tables."""
        self._tables.close()

    def _findings(self, case: Case) -> dict[str, Finding]:
        now = self._tables.wdl(case.state)
        if now is None:
            return {move: Finding() for move in case.moves}
        return {move: self._finding(case, move, now) for move in case.moves}

    def _finding(self, case: Case, move: str, now: int) -> Finding:
        after = self._tables.wdl(case.state.play(move))
        if after is None:
            return Finding(wdl=now)
        best = move if -after == now else None
        return Finding(best, (now + after) * self._cap_cp, now)


def load(reference: str, cap_cp: int, concurrency: int) -> SyzygyOracle:
    """The oracle of ``syzygy:FOLDER``."""
    del concurrency
    return SyzygyOracle(reference.removeprefix("syzygy:"), cap_cp)
