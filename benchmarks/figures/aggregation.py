"""Aggregation of the scores of each row, next to numpy and to one read of the table."""

from __future__ import annotations

import numpy as np

import w2s
from benchmarks.figure import Figure, Measurement, Row, Target
from benchmarks.timing import interleaved

ROWS, COLUMNS = 5_000_000, 8
REPEATS = 5


def measure() -> Measurement:
    x = np.random.default_rng(0).random((ROWS, COLUMNS), np.float32)
    seconds = interleaved(
        {
            "median": lambda: w2s.aggregate(x, "median"),
            "numpy median": lambda: np.median(x, axis=1),
            "mean": lambda: w2s.aggregate(x, "mean"),
            "numpy mean": lambda: x.mean(axis=1),
            "read": lambda: x.max(),
        },
        REPEATS,
    )
    rate = {name: ROWS / 1e6 / taken for name, taken in seconds.items()}
    return Measurement(
        (
            Row("median", "M rows/s", rate["median"], "numpy median", rate["numpy median"], Target(least=5)),
            Row("mean", "M rows/s", rate["mean"], "numpy mean", rate["numpy mean"]),
            Row("mean", "s", seconds["mean"], "one read (numpy max)", seconds["read"]),
        )
    )


FIGURE = Figure(
    name="aggregation",
    title="Aggregation",
    how=f"`w2s.aggregate` of {ROWS / 1e6:g} M rows × {COLUMNS} float32. Medians of {REPEATS}.",
    measure=measure,
    peers=("numpy",),
)
