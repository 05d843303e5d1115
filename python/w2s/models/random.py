"""The model ``random``: uniform over the legal moves, the floor below every other model.

Knows nothing about what a move is worth.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from w2s.models import draws
from w2s.models.choosing import choices, no_move
from w2s.models.kind import Kind
from w2s.models.model import Answer, Want
from w2s.models.parameters import check
from w2s.models.reference import Reference
from w2s.tasks import MoveExample


class RandomModel:
    """Draws a legal move of any game; implements :class:`w2s.models.Model`.

    The move depends on nothing but the seed and the position, and in a match also on the match's name and
    the ply: batches and their order change nothing.

    Args:
        reference: the name that loads the same model again.
        seed: decides every draw.
    """

    slots: int | None = None
    deterministic = True

    def __init__(self, reference: str, seed: int) -> None:
        self.reference = reference
        self._seed = seed

    def answer(self, examples: Sequence[MoveExample], want: Want) -> list[Answer]:
        """One legal move per example. Evidence is that of an even draw; there are no values."""
        return [self._answer(example, want) for example in examples]

    def close(self) -> None:
        """Nothing to release."""

    def _answer(self, example: MoveExample, want: Want) -> Answer:
        legal = example.state.legal_moves()
        moves = choices(example, legal)
        if not moves:
            return no_move()
        drawn = draws.uniform(self._seed, self.reference, *draws.names_of(example))
        answer = Answer(moves[int(drawn * len(moves))])
        if want.evidence:
            answer.n_options = len(legal)
            answer.log_prob = -math.log(len(moves)) + 0.0
            answer.margin = 0.0 if len(moves) > 1 else 1.0
            answer.entropy = math.log(len(moves))
        return answer


def load(reference: Reference, *, seed: int, concurrency: int) -> RandomModel:
    """The model of ``random``."""
    del concurrency
    check(reference, ())
    return RandomModel(str(reference), seed)


KIND = Kind("random", "uniform over the legal moves; the floor", "random", load)
