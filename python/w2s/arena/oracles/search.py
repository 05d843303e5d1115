"""The built-in search as an oracle: one search per position values the best and the labelled moves."""

from __future__ import annotations

from collections.abc import Sequence

from w2s.arena.oracles.oracle import Case, Finding, regret_cp
from w2s.errors import UsageError
from w2s.models import search
from w2s.models.reference import Reference, parse_reference
from w2s.models.search import MoveValues


class SearchOracle:
    """Regret by ``search:depth=N``: the difference between two values of one search."""

    rank = 3
    game: str | None = None

    def __init__(self, reference: Reference, cap_cp: int) -> None:
        """Use the limits of a ``search:…`` reference."""
        if "noise_cp" in reference.options:
            raise UsageError(
                "oracle-search-noise", f"{reference}: an oracle must not add noise; remove noise_cp"
            )
        self.name = "search"
        self.reference = str(reference)
        self._cap_cp = cap_cp
        self._model = search.load(reference, seed=0, concurrency=1)

    def verify(self, cases: Sequence[Case]) -> list[dict[str, Finding]]:
        """Findings by move for each case."""
        compared = self._model.evaluate_moves([case.state for case in cases], [case.moves for case in cases])
        return [self._findings(found) for found in compared]

    def close(self) -> None:
        """Release the model."""
        self._model.close()

    def _findings(self, found: MoveValues) -> dict[str, Finding]:
        return {
            move: Finding(found.best, regret_cp(found.best_cp, value, self._cap_cp))
            for move, value in found.values_cp.items()
        }


def load(reference: str, cap_cp: int, concurrency: int) -> SearchOracle:
    """The oracle of a ``search:…`` reference."""
    del concurrency
    return SearchOracle(parse_reference(reference), cap_cp)
