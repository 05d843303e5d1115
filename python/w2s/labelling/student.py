"""How a student sees labels that its teacher gave: columns and a vector for each.

Knows nothing about which of them are right.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from w2s.errors import UsageError
from w2s.models import Answer, Model, SupportsScoring
from w2s.tasks import Example

_COLUMNS: dict[str, pa.DataType] = {
    "log_prob": pa.float32(),
    "rank": pa.int32(),
    "margin": pa.float32(),
    "entropy": pa.float32(),
}


def as_judge(model: Model) -> SupportsScoring:
    """The model as one that judges labels.

    Raises:
        UsageError: it cannot.
    """
    if not isinstance(model, SupportsScoring):
        raise UsageError(
            "label-student-cannot-judge",
            f"{model.reference} cannot judge labels; name a policy:, lc0: or hf: model as student",
        )
    return model


def seen_by(
    student: SupportsScoring, examples: Sequence[Example], labels: Sequence[str | None]
) -> tuple[dict[str, pa.Array], npt.NDArray[np.float32]]:
    """``student_log_prob``, ``student_rank``, ``student_margin``, ``student_entropy``, and n × d float32.

    A vector is log-probability, ln(1 + rank), margin, entropy, then the student's hidden state of the label;
    numbers that a student does not have are 0; a row of NaN where there is no label, or one that means
    nothing.
    """
    there = [row for row, label in enumerate(labels) if label is not None]
    seen = student.judge([examples[row] for row in there], [labels[row] or "" for row in there])
    answers = [Answer("") for _ in labels]
    for row, answer in zip(there, seen, strict=True):
        answers[row] = answer
    columns = {
        f"student_{name}": pa.array([getattr(answer, name) for answer in answers], kind)
        for name, kind in _COLUMNS.items()
    }
    width = max((len(answer.hidden) for answer in answers if answer.hidden is not None), default=0)
    return columns, np.stack([_vector(answer, width) for answer in answers])


def _vector(answer: Answer, width: int) -> npt.NDArray[np.float32]:
    if answer.hidden is None:
        return np.full(len(_COLUMNS) + width, np.nan, np.float32)
    numbers = [answer.log_prob, math.log1p(answer.rank or 0), answer.margin, answer.entropy]
    known = np.array([0.0 if number is None else number for number in numbers], np.float32)
    return np.concatenate([known, answer.hidden.astype(np.float32)])
