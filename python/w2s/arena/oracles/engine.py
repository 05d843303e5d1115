"""A UCI engine as an oracle: it searches its best move, and each labelled move by itself."""

from __future__ import annotations

from collections.abc import Sequence

from w2s.arena.oracles.oracle import Case, Finding, regret_cp
from w2s.errors import ModelError
from w2s.models import Answer, Want
from w2s.models.registry import load_model
from w2s.tasks import MoveExample


class EngineOracle:
    """Regret by two searches with the same limit: one of all moves, one of the labelled move alone."""

    rank = 2
    game: str | None = "chess"

    def __init__(self, reference: str, cap_cp: int, concurrency: int) -> None:
        """Start the engine of a ``uci:…`` reference."""
        self.name = "uci"
        self.reference = reference
        self._cap_cp = cap_cp
        self._model = load_model(reference, concurrency=concurrency)

    def verify(self, cases: Sequence[Case]) -> list[dict[str, Finding]]:
        """The findings by move for each case."""
        free = self._ask([MoveExample(id=case.id, state=case.state) for case in cases])
        queries = [
            (index, move)
            for index, (case, answer) in enumerate(zip(cases, free, strict=True))
            for move in case.moves
            if move != answer.label
        ]
        restricted = self._ask(
            [
                MoveExample(id=f"{cases[index].id}/{move}", state=cases[index].state, only=(move,))
                for index, move in queries
            ]
        )
        values = {key: answer.value_cp for key, answer in zip(queries, restricted, strict=True)}
        return [self._findings(index, case, free[index], values) for index, case in enumerate(cases)]

    def close(self) -> None:
        """Stop the engine."""
        self._model.close()

    def _ask(self, examples: list[MoveExample]) -> list[Answer]:
        answers = self._model.answer(examples, Want()) if examples else []
        broken = [answer for answer in answers if answer.failure is not None]
        if len(broken) == len(answers) > 0:
            raise ModelError(
                "oracle-no-answer",
                f"oracle {self.reference} gave no answer: {broken[0].raw or broken[0].failure}",
            )
        return answers

    def _findings(
        self, index: int, case: Case, free: Answer, restricted: dict[tuple[int, str], int | None]
    ) -> dict[str, Finding]:
        best, _ = case.state.read(free.label) if free.failure is None else (None, "")
        if best is None or free.value_cp is None:
            return {move: Finding() for move in case.moves}
        findings = {}
        for move in case.moves:
            value = free.value_cp if move == best else restricted.get((index, move))
            regret = None if value is None else regret_cp(free.value_cp, value, self._cap_cp)
            findings[move] = Finding(best, regret)
        return findings


def load(reference: str, cap_cp: int, concurrency: int) -> EngineOracle:
    """The oracle of a ``uci:…`` reference."""
    return EngineOracle(reference, cap_cp, concurrency)
