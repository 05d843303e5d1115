"""Rows of a table of labels: the answer with its evidence, and the example that it answers.

Knows nothing about vectors, oracles or files.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from w2s.models import Answer
from w2s.records import LABELS
from w2s.tasks import MoveExample, judge
from w2s.tasks.tables import row_of

COLUMNS = pa.schema(
    [
        *LABELS,
        pa.field("game", pa.string()),
        pa.field("position", pa.string()),
        pa.field("start", pa.string()),
        pa.field("played", pa.list_(pa.string())),
        pa.field("key", pa.uint64()),
        pa.field("solutions", pa.list_(pa.string())),
        pa.field("difficulty", pa.float32()),
        pa.field("group", pa.string()),
        pa.field("value_cp", pa.int32()),
    ]
)
"""Labels of ``w2s label``: :data:`w2s.records.LABELS`, and the columns from which the example can be read
again (:data:`w2s.tasks.tables.PUZZLES`)."""


def label_rows(examples: Sequence[MoveExample], answers: Sequence[Answer], reference: str) -> pa.Table:
    """One row per answer; ``correct`` is null where the example has no gold."""
    rows = [
        _about_answer(example, answer, reference) | row_of(example) | {"key": example.state.key}
        for example, answer in zip(examples, answers, strict=True)
    ]
    return pa.Table.from_pylist(rows, schema=COLUMNS)


def _about_answer(example: MoveExample, answer: Answer, reference: str) -> dict[str, Any]:
    move, _ = example.state.read(answer.label)
    return {
        "task": "move",
        "label": answer.label if move is None else move,
        "log_prob": answer.log_prob,
        "margin": answer.margin,
        "entropy": answer.entropy,
        "n_options": answer.n_options,
        "samples": list(answer.samples),
        "raw": answer.raw,
        "model": reference,
        "correct": judge(example, answer.label),
        "value_cp": answer.value_cp,
    }
