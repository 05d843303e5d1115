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
from w2s.models import Answer, Judges, Model
from w2s.tasks import MoveExample

_COLUMNS: dict[str, pa.DataType] = {
    "log_prob": pa.float32(),
    "rank": pa.int32(),
    "margin": pa.float32(),
    "entropy": pa.float32(),
}


def as_judge(model: Model) -> Judges:
    """The model as one that judges labels.

    Raises:
        UsageError: it cannot.
    """
    if not isinstance(model, Judges):
        raise UsageError(f"{model.reference} cannot judge labels: a student is a policy or lc0 net")
    return model


def seen_by(
    student: Judges, examples: Sequence[MoveExample], labels: Sequence[str]
) -> tuple[dict[str, pa.Array], npt.NDArray[np.float32]]:
    """``student_log_prob``, ``student_rank``, ``student_margin``, ``student_entropy``, and n × d float32.

    A vector is log-probability, ln(1 + rank), margin, entropy, then the student's hidden state of the label;
    a row of NaN where the label is no legal move.
    """
    answers = student.judge(examples, labels)
    columns = {
        f"student_{name}": pa.array([getattr(answer, name) for answer in answers], kind)
        for name, kind in _COLUMNS.items()
    }
    width = max((len(answer.hidden) for answer in answers if answer.hidden is not None), default=0)
    return columns, np.stack([_vector(answer, width) for answer in answers])


def _vector(answer: Answer, width: int) -> npt.NDArray[np.float32]:
    if answer.hidden is None or answer.rank is None:
        return np.full(len(_COLUMNS) + width, np.nan, np.float32)
    numbers = [answer.log_prob, math.log1p(answer.rank), answer.margin, answer.entropy]
    return np.concatenate([np.array(numbers, np.float32), answer.hidden.astype(np.float32)])
