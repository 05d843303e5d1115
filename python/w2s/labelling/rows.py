"""Rows of a table of labels: the answer with its evidence, and the example that it answers.

Knows nothing about vectors, oracles or files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from w2s.models import Answer
from w2s.schemas import LABELS
from w2s.tasks import Example, Task, task_for


def columns_of(task: Task[Any]) -> pa.Schema:
    """Columns of the labels of a task: :data:`w2s.schemas.LABELS`, those from which the example can be read
    again, its key, and what only some models give."""
    more = [field for field in task.schema() if field.name not in LABELS.names]
    numbers = [pa.field("value_cp", pa.int32()), pa.field("afterstate_logit", pa.float32())]
    return pa.schema([*LABELS, *more, pa.field("key", pa.uint64()), *numbers])


def label_rows(examples: Sequence[Example], answers: Sequence[Answer], reference: str) -> pa.Table:
    """One row per answer; ``label`` is null where the answer gives none, ``correct`` where there is no gold.

    Args:
        examples: at least one, all of one task.
        answers: one for each.
        reference: of the model.
    """
    task = task_for(examples[0])
    rows = [
        _about_answer(task, example, answer, reference) | task.row(example) | {"key": _key(task, example)}
        for example, answer in zip(examples, answers, strict=True)
    ]
    return pa.Table.from_pylist(rows, schema=columns_of(task))


def _about_answer(task: Task[Any], example: Example, answer: Answer, reference: str) -> dict[str, Any]:
    label = None if answer.failure else task.canonical(example, answer.label)
    return {
        "task": task.name,
        "label": label,
        "log_prob": answer.log_prob,
        "margin": answer.margin,
        "entropy": answer.entropy,
        "n_options": answer.n_options,
        "samples": list(answer.samples),
        "raw": answer.raw,
        "model": reference,
        "correct": task.judge(example, label),
        "value_cp": answer.value_cp,
        "afterstate_logit": answer.check_logit,
    }


def _key(task: Task[Any], example: Example) -> int:
    """The identity of what is asked, as a number: a position's own key, else a hash of the text."""
    state = getattr(example, "state", None)
    if state is not None:
        return int(state.key)
    return int.from_bytes(hashlib.blake2b(task.key(example).encode(), digest_size=8).digest(), "big")
