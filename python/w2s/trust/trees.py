"""Boosted trees as flat arrays: what scoring runs.

Knows nothing about how they were grown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Arrays = Mapping[str, npt.NDArray[Any]]


def raw_scores(x: npt.NDArray[np.float32], arrays: Arrays) -> npt.NDArray[np.float64]:
    """n sums of the leaves that each row falls into, plus what all rows have in common.

    Args:
        x: n × d.
        arrays: one entry a node: ``feature``, ``threshold`` (up to which a row goes left), ``left``,
            ``right`` (the node itself for a leaf), ``value`` (of a leaf); ``roots``, the first node of each
            tree; ``common``, one number.
    """
    total = np.full(len(x), float(arrays["common"][0]))
    for root in arrays["roots"].tolist():
        total += arrays["value"][_leaves(x, root, arrays)]
    return total


def _leaves(x: npt.NDArray[np.float32], root: int, arrays: Arrays) -> npt.NDArray[np.int64]:
    rows, node = np.arange(len(x)), np.full(len(x), root, np.int64)
    while True:
        left = x[rows, arrays["feature"][node]] <= arrays["threshold"][node]
        below = np.where(left, arrays["left"][node], arrays["right"][node]).astype(np.int64)
        if np.array_equal(below, node):
            return node
        node = below
