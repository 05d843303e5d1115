"""Which label of an example counts, where a teacher proposes several.

Knows nothing about trust: it takes scores.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

import w2s
from w2s.evidence import PROPOSAL, Labels

Positions = npt.NDArray[np.int64]


def answers(labels: Labels) -> Labels:
    """The teacher's own answers: of several proposals the first of each example."""
    if PROPOSAL not in labels.table.column_names:
        return labels
    return labels.take(np.asarray(labels.table.column(PROPOSAL)) == 1)


def best(labels: Labels, scores: npt.NDArray[np.float64]) -> Positions:
    """Rows of the proposals with the highest score of each example, ascending; of equal ones the first."""
    if PROPOSAL not in labels.table.column_names:
        return np.arange(len(labels))
    return w2s.select(scores, top=1, by=labels.example_ids)
