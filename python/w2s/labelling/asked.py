"""Evidence that a model is asked for beside its label: confidence in context, in words, by samples, a reward.

Knows nothing about how it is measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from w2s.tasks import Example

if TYPE_CHECKING:
    from w2s.labelling.batch import Request

Shots = Sequence[tuple[Example, str]]
"""Solved examples with their labels."""


def shots_of(gold: Sequence[Example]) -> Shots:
    """Gold as solved examples: the first right label of each."""
    return [(example, example.gold[0]) for example in gold if example.gold]


def asked_for(
    request: Request,
    examples: Sequence[Example],
    labels: Sequence[str | None],
    replies: Sequence[str | None],
) -> dict[str, pa.Array]:
    """A column or two for each kind, null where the model gives no number or the label is null.

    Raises:
        UsageError: the model gives no such evidence, or what it needs is not there.
    """
    from w2s.models.hf.evidence import evidence

    there = [row for row, label in enumerate(labels) if label is not None]
    found = evidence(
        request.model,
        request.asked,
        [examples[row] for row in there],
        [labels[row] or "" for row in there],
        replies=[replies[row] for row in there],
        gold=request.shots,
        reward=request.reward,
    )
    columns = {}
    for name, values in found.items():
        column = np.full(len(labels), np.nan, np.float32)
        column[there] = values
        columns[name] = pa.array(column, pa.float32(), from_pandas=True)
    return columns
