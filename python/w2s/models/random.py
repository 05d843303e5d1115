"""The model ``random``: uniform over the legal moves or the options, a floor for every other model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from w2s.models import keyed_random
from w2s.models.candidates import allowed_moves, no_move_answer, option_letters
from w2s.models.model import Answer, ModelKind, Want
from w2s.models.reference import Reference
from w2s.models.reference_options import check_options
from w2s.tasks import ChoiceExample, MoveExample


class RandomModel:
    """Draws a legal move of any game, or an option; implements :class:`w2s.models.Model`.

    A draw depends only on the seed and the position, in a match also on its name and the ply, and on the id
    of a choice: batches and their order change nothing.

    Args:
        reference: the reference that loads the same model again.
        seed: random seed of every draw.
    """

    tasks: tuple[str, ...] = ("move", "choice")
    slots: int | None = None
    deterministic = True

    def __init__(self, reference: str, seed: int) -> None:
        self.reference = reference
        self._seed = seed

    def __repr__(self) -> str:
        return f"load_model({self.reference!r})"

    def answer(self, examples: Sequence[MoveExample | ChoiceExample], want: Want) -> list[Answer]:
        """One legal move or letter per example, with the evidence of a uniform draw and without values."""
        return [self._answer(example, want) for example in examples]

    def close(self) -> None:
        """Nothing to release."""

    def _answer(self, example: MoveExample | ChoiceExample, want: Want) -> Answer:
        if isinstance(example, ChoiceExample):
            options = possible = option_letters(example)
            keys: tuple[keyed_random.Key, ...] = (example.id,)
        else:
            possible = example.state.legal_moves()
            options, keys = allowed_moves(example, possible), keyed_random.position_keys(example)
        if not options:
            return no_move_answer()
        drawn = keyed_random.uniform(self._seed, self.reference, *keys)
        answer = Answer(options[int(drawn * len(options))])
        if want.evidence:
            answer.n_options = len(possible)
            answer.log_prob = -math.log(len(options)) + 0.0
            answer.margin = 0.0 if len(options) > 1 else 1.0
            answer.entropy = math.log(len(options))
        return answer


def load(reference: Reference, *, seed: int, concurrency: int, cache: Path | None = None) -> RandomModel:
    """The model of ``random``."""
    del concurrency, cache
    check_options(reference, ())
    return RandomModel(str(reference), seed)


KIND = ModelKind("random", "uniform over legal moves or options; the weakest baseline", "random", load)
