"""The right moves of positions, as an oracle values them.

Knows nothing about where the positions come from or who else answers them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from w2s.arena.oracles import Case, Oracle
from w2s.tasks import MoveExample

_TOGETHER = 64


@dataclass(frozen=True)
class Verifier:
    """Asks an oracle for the value of every move.

    Right are the moves that it values at most ``margin_cp`` below its best. Winning faster is no better, as
    everywhere in the arena.
    """

    oracle: Oracle
    margin_cp: int = 0

    def right_moves(self, examples: Sequence[MoveExample]) -> list[tuple[str, ...]]:
        """The right moves of each position in the game's order; none where the oracle does not know."""
        cases = [Case(example.id, example.state, tuple(example.state.legal_moves())) for example in examples]
        return [
            tuple(move for move in case.moves if move in found and self._is_right(found[move].regret_cp))
            for case, found in zip(cases, self.oracle.verify(cases), strict=True)
        ]

    def answered(
        self, examples: Sequence[MoveExample], count: Callable[[int, int], None]
    ) -> list[MoveExample]:
        """All examples with their right moves as gold; ``count`` is told how many of how many are done."""
        done: list[MoveExample] = []
        for start in range(0, len(examples), _TOGETHER):
            some = examples[start : start + _TOGETHER]
            done += [
                replace(example, gold=right)
                for example, right in zip(some, self.right_moves(some), strict=True)
            ]
            count(len(done), len(examples))
        return done

    def _is_right(self, regret_cp: int | None) -> bool:
        return regret_cp is not None and regret_cp <= self.margin_cp
