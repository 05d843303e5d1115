"""Evaluation of a policy: agreement with moves of unseen games, and accuracy on the test puzzles."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from ladder_dataset import Examples

from w2s.labelling import evaluate_models
from w2s.metrics import Interval
from w2s.models import Want, load_model
from w2s.tasks import MoveExample, read_examples

PUZZLES = Path(__file__).resolve().parent.parent / "puzzles"
_MAX_POSITIONS = 20_000


class PolicyScores(NamedTuple):
    """The results of a policy.

    Attributes:
        positions: number of validation positions.
        best: fraction of them in which the policy chooses the best move.
        played: fraction of them in which it chooses the move that was played.
        puzzles: number of test puzzles.
        solved: fraction of them that it solves, with its interval.
    """

    positions: int
    best: float
    played: float
    puzzles: int
    solved: Interval


def evaluate_policy(reference: str, game: str, validation: pa.Table) -> PolicyScores:
    """Evaluate a policy on at most 20,000 validation positions and on all puzzles of the split ``test``."""
    model = load_model(reference)
    some = validation.slice(0, _MAX_POSITIONS)
    answers = model.answer(list(Examples(game, some)), Want(mask=True))
    moves = [answer.label for answer in answers]
    shares = [
        sum(a == b for a, b in zip(moves, some[column].to_pylist(), strict=True)) / len(moves)
        for column in ("best", "played")
    ]
    result = evaluate_models(test_puzzles(game), {reference: model})
    return PolicyScores(len(moves), shares[0], shares[1], result.examples, result.accuracy[reference])


def test_puzzles(game: str) -> list[MoveExample]:
    """The puzzles of the split ``test``."""
    path = PUZZLES / f"{game}.parquet"
    table = pq.read_table(path, columns=["id", "split"]).to_pylist()
    tests = {row["id"] for row in table if row["split"] == "test"}
    return [example for example in read_examples(path, game=game) if example.id in tests]
