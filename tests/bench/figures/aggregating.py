"""Many scores of each row become one: beside numpy, and beside one read of the table."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import w2s
from tests.bench.figure import Figure, Measured, Row, Target
from tests.bench.timing import interleaved

ROWS, COLUMNS = 5_000_000, 8
REPEATS = 5
GROWTH = (1, 2, 4)


def table(rows: int) -> np.ndarray:
    return np.random.default_rng(0).random((rows, COLUMNS), np.float32)


def measure() -> Measured:
    x = table(ROWS)
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
    rows = [
        Row("median", "M rows/s", rate["median"], "numpy median", rate["numpy median"], Target(least=5)),
        Row("mean", "M rows/s", rate["mean"], "numpy mean", rate["numpy mean"], None),
        Row("mean", "s", seconds["mean"], "one read (numpy max)", seconds["read"], None),
    ]
    return Measured((*rows, *_growth()))


def _growth() -> list[Row]:
    """Every kernel at n, 2n and 4n: seconds beside those of n."""
    rows = []
    for name, work in _kernels().items():
        seconds = {times: interleaved({"": work(times * 1_000_000)}, 3)[""] for times in GROWTH}
        for times in GROWTH[1:]:
            rows.append(Row(f"{name}, {times} M rows", "s", seconds[times], "1 M rows", seconds[1]))
    return rows


Work = Callable[[], object]


def _kernels() -> dict[str, Callable[[int], Work]]:
    rng = np.random.default_rng(1)

    def of(call: Callable[[np.ndarray], object]) -> Callable[[int], Work]:
        def at(rows: int) -> Work:
            x = rng.random(rows, np.float32)
            return lambda: call(x)

        return at

    return {
        "select": of(lambda x: w2s.select(x, top="10%")),
        "top_k": of(lambda x: w2s.top_k(x, len(x) // 10)),
        "select by 1,000 groups": of(lambda x: w2s.select(x, top="10%", by=_groups(x))),
        "budget": of(lambda x: w2s.select(x, budget=len(x) / 20, cost=x)),
        "certify": of(lambda x: w2s.certify(x, x > 0.5, purity=0.9)),
        "log_odds of 4": of(lambda x: w2s.aggregate(x.reshape(-1, 4))),
        "dawid_skene, 5 votes an item": of(_crowd),
    }


def _groups(x: np.ndarray) -> np.ndarray:
    return (x * 7919 % 1 * 1000).astype(np.uint32)


def _crowd(x: np.ndarray) -> object:
    rows = np.arange(len(x))
    return w2s.crowd(rows // 5, rows % 47, (x * 4).astype(np.int32), max_iterations=5, tolerance=0.0)


FIGURE = Figure(
    name="aggregate",
    title="Aggregation, and growth",
    how=(
        f"`w2s.aggregate` of {ROWS / 1e6:g} M rows × {COLUMNS} float32; then kernels at n, 2n and 4n. "
        f"Medians of {REPEATS} and 3."
    ),
    measure=measure,
    peers=("numpy",),
)
