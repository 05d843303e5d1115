"""Scores as they come in the worst case: tied, signed zeros, subnormal, infinite."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

TINY = float(np.finfo(np.float32).smallest_subnormal)
AWKWARD = [0.0, -0.0, TINY, -TINY, 0.5, 0.5, 1.0, -1.0, np.inf, -np.inf]


def scores(max_rows: int = 60) -> st.SearchStrategy[np.ndarray]:
    """Columns of 0 to ``max_rows`` scores of either precision, without NaN."""

    def of(dtype: np.dtype) -> st.SearchStrategy[np.ndarray]:
        width = dtype.itemsize * 8
        numbers = st.sampled_from(AWKWARD) | st.floats(allow_nan=False, width=width)
        return arrays.arrays(dtype, st.integers(0, max_rows), elements=numbers, fill=st.nothing())

    return st.sampled_from([np.dtype(np.float32), np.dtype(np.float64)]).flatmap(of)


def best_first(values: np.ndarray) -> list[int]:
    """All rows in the order of a plain stable sort."""
    return sorted(range(len(values)), key=lambda row: (-float(values[row]), row))
