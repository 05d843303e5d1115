"""How good a policy is: agreement on games that it never saw, accuracy on the puzzles for testing.

Knows nothing about how it was trained.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from ladder_rows import Examples

from w2s.labelling import evaluate_models
from w2s.metrics import Interval
from w2s.models import Want, load_model
from w2s.tasks import MoveExample, read_examples

PUZZLES = Path(__file__).resolve().parent.parent / "puzzles"
_MOST = 20_000


class Measures(NamedTuple):
    """Shares of positions in which the policy's move is the best one, or the one that was played; puzzles."""

    positions: int
    best: float
    played: float
    puzzles: int
    solved: Interval


def measure(reference: str, game: str, validation: pa.Table) -> Measures:
    """Ask a policy the validation positions, at most 20,000, and all puzzles whose split is ``test``."""
    model = load_model(reference)
    some = validation.slice(0, _MOST)
    answers = model.answer(list(Examples(game, some)), Want(mask=True))
    moves = [answer.label for answer in answers]
    shares = [
        sum(a == b for a, b in zip(moves, some[column].to_pylist(), strict=True)) / len(moves)
        for column in ("best", "played")
    ]
    result = evaluate_models(_for_testing(game), {reference: model})
    return Measures(len(moves), shares[0], shares[1], result.examples, result.accuracy[reference])


def _for_testing(game: str) -> list[MoveExample]:
    path = PUZZLES / f"{game}.parquet"
    table = pq.read_table(path, columns=["id", "split"]).to_pylist()
    tests = {row["id"] for row in table if row["split"] == "test"}
    return [example for example in read_examples(path, game=game) if example.id in tests]
