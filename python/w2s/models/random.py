"""The model ``random``: uniform over the legal moves or the options, the floor below every other model.

Knows nothing about what a move or an option is worth.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from w2s.models import draws
from w2s.models.choosing import choices, letters_of, no_move
from w2s.models.kind import Kind
from w2s.models.model import Answer, Want
from w2s.models.parameters import check
from w2s.models.reference import Reference
from w2s.tasks import ChoiceExample, MoveExample


class RandomModel:
    """Draws a legal move of any game, or an option; implements :class:`w2s.models.Model`.

    It depends on nothing but the seed and the position, in a match also on the match's name and the ply, and
    on the id of a choice: batches and their order change nothing.

    Args:
        reference: the name that loads the same model again.
        seed: decides every draw.
    """

    tasks: tuple[str, ...] = ("move", "choice")
    slots: int | None = None
    deterministic = True

    def __init__(self, reference: str, seed: int) -> None:
        self.reference = reference
        self._seed = seed

    def answer(self, examples: Sequence[MoveExample | ChoiceExample], want: Want) -> list[Answer]:
        """One legal move or letter per example. Evidence is that of an even draw; there are no values."""
        return [self._answer(example, want) for example in examples]

    def close(self) -> None:
        """Nothing to release."""

    def _answer(self, example: MoveExample | ChoiceExample, want: Want) -> Answer:
        if isinstance(example, ChoiceExample):
            options = there = letters_of(example)
            names: tuple[str | int | None, ...] = (example.id,)
        else:
            there = example.state.legal_moves()
            options, names = choices(example, there), draws.names_of(example)
        if not options:
            return no_move()
        drawn = draws.uniform(self._seed, self.reference, *names)
        answer = Answer(options[int(drawn * len(options))])
        if want.evidence:
            answer.n_options = len(there)
            answer.log_prob = -math.log(len(options)) + 0.0
            answer.margin = 0.0 if len(options) > 1 else 1.0
            answer.entropy = math.log(len(options))
        return answer


def load(reference: Reference, *, seed: int, concurrency: int) -> RandomModel:
    """The model of ``random``."""
    del concurrency
    check(reference, ())
    return RandomModel(str(reference), seed)


KIND = Kind("random", "uniform over the legal moves or the options; the floor", "random", load)
