"""The exact solver as an oracle: proven values only."""

from __future__ import annotations

from collections.abc import Sequence

from w2s import kernels
from w2s.arena.oracles.oracle import Case, Finding, regret_cp
from w2s.errors import UsageError
from w2s.models.reference import parse_reference

_DEFAULT_NODES = 200_000


class ExactOracle:
    """Regret by solving the game to its end within ``nodes`` nodes per position, or unknown."""

    rank = 1
    game: str | None = None

    def __init__(self, nodes: int, cap_cp: int) -> None:
        """Set the node limit per position and the cap of values."""
        self.name = "exact"
        self.reference = f"exact:nodes={nodes}"
        self._nodes = nodes
        self._cap_cp = cap_cp

    def verify(self, cases: Sequence[Case]) -> list[dict[str, Finding]]:
        """The findings by move for each case; empty ones where the limit did not suffice for a proof."""
        solved = kernels.solve([case.state._core for case in cases], nodes=self._nodes, cap_cp=self._cap_cp)
        return [self._findings(case, values) for case, values in zip(cases, solved, strict=True)]

    def close(self) -> None:
        """Do nothing: there is nothing to release."""

    def _findings(self, case: Case, values: dict[str, int] | None) -> dict[str, Finding]:
        if values is None:
            return {move: Finding() for move in case.moves}
        best = max(values, key=lambda move: values[move])
        wdl = (values[best] > 0) - (values[best] < 0)
        return {
            move: Finding(best, regret_cp(values[best], values[move], self._cap_cp), wdl)
            for move in case.moves
        }


def load(reference: str, cap_cp: int, concurrency: int) -> ExactOracle:
    """The oracle of ``exact`` or ``exact:nodes=N``."""
    del concurrency
    options = dict(parse_reference(reference).options)
    nodes = options.pop("nodes", str(_DEFAULT_NODES))
    if options or not nodes.isdecimal() or int(nodes) == 0:
        raise UsageError("oracle-exact-nodes", f"{reference}: write exact:nodes=N with a positive integer N")
    return ExactOracle(int(nodes), cap_cp)
