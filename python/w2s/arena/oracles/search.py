"""The built-in search as oracle: a value for every legal move at a fixed depth or node count.

Knows nothing about other oracles.
"""

from __future__ import annotations

from collections.abc import Sequence

from w2s.arena.oracles.oracle import Case, Finding, regret_cp
from w2s.errors import UsageError
from w2s.models import Want
from w2s.models.reference import Reference, parse_reference
from w2s.models.registry import load_model
from w2s.tasks import MoveExample


class SearchOracle:
    """Regret by ``search:depth=N``: the difference of two moves' values from one search."""

    rank = 3

    def __init__(self, reference: Reference, cap_cp: int) -> None:
        """Take the limits of a ``search:`` reference."""
        if "noise_cp" in reference.options:
            raise UsageError(f"{reference}: an oracle has no noise; leave noise_cp out")
        self.name = "search"
        self.reference = str(reference)
        self._cap_cp = cap_cp
        self._model = load_model(self.reference)

    def verify(self, cases: Sequence[Case]) -> list[dict[str, Finding]]:
        """Findings by move for each case."""
        examples = [MoveExample(id=case.id, state=case.state) for case in cases]
        answers = self._model.answer(examples, Want(values=True))
        return [self._findings(case, answer.values_cp) for case, answer in zip(cases, answers, strict=True)]

    def close(self) -> None:
        """Nothing to release."""
        self._model.close()

    def _findings(self, case: Case, values: dict[str, int]) -> dict[str, Finding]:
        best = max(values, key=lambda move: values[move])
        return {
            move: Finding(best, regret_cp(values[best], values[move], self._cap_cp)) for move in case.moves
        }


def load(target: str, cap_cp: int, concurrency: int) -> SearchOracle:
    """The oracle of a ``search:…`` reference."""
    del concurrency
    return SearchOracle(parse_reference(target), cap_cp)
