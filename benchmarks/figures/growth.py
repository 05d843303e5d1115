"""Every kernel at n, 2n and 4n rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

import w2s
from benchmarks.figure import Figure, Measurement, Row
from benchmarks.timing import interleaved
from w2s import aggregation, certification, crowds, kernels
from w2s.selection import weights

ROWS = 1_000_000
TIMES = (1, 2, 4)
REPEATS = 3
COLUMNS, VOTES_AN_ITEM, WORKERS, CLASSES = 4, 5, 47, 4
Work = Callable[[], object]


def on_scores() -> Iterator[tuple[str, Callable[[np.ndarray], Work]]]:
    """Kernels that take a column of scores in [0, 1]."""
    yield "select", lambda x: lambda: w2s.select(x, top="10%")
    yield "top_k", lambda x: lambda: w2s.top_k(x, len(x) // 10)
    yield "threshold", lambda x: lambda: w2s.select(x, threshold=0.9)
    yield "budget", lambda x: lambda: w2s.select(x, budget=len(x) / 20, cost=x)
    yield "random", lambda x: lambda: w2s.select(x, random="10%")
    yield "weights", lambda x: lambda: weights(x, 4.0)
    yield "top of 1,000 groups", _by_group("by")
    yield "1,000 strata", _by_group("stratify")
    yield "top_k of a stream", lambda x: lambda: _streamed(x)


def _by_group(option: str) -> Callable[[np.ndarray], Work]:
    def at(x: np.ndarray) -> Work:
        groups = (x * 7919 % 1 * 1000).astype(np.uint32)
        return lambda: w2s.select(x, top="10%", **{option: groups})

    return at


def _streamed(x: np.ndarray) -> object:
    best = kernels.TopK(len(x) // 100)
    for start in range(0, len(x), 1 << 16):
        best.push(start, x[start : start + (1 << 16)])
    return best.best_first()


def works() -> Iterator[tuple[str, Callable[[int], Work]]]:
    """All kernels by name: rows → what is timed."""
    rng = np.random.default_rng(1)
    for name, of in on_scores():
        yield name, lambda n, of=of: of(rng.random(n, np.float32))
    for method in aggregation.AGGREGATIONS:
        yield f"aggregate {method}", lambda n, method=method: _aggregate(rng, n, method)
    for method in certification.PURITY_BOUNDS:
        yield f"certify {method}", lambda n, method=method: _certify(rng, n, method)
    for method in crowds.vote_methods():
        yield f"crowd {method}", lambda n, method=method: _crowd(rng, n // 4, method)


def _aggregate(rng: np.random.Generator, n: int, method: str) -> Work:
    table = rng.random((n // COLUMNS, COLUMNS), np.float32)
    if method in ("majority", "vote"):
        table = np.round(table)
    given = {"weights": [1.0, 2.0, 1.0, 1.0]} if "weighted" in method or method == "vote" else {}
    return lambda: w2s.aggregate(table, method, **given)


def _certify(rng: np.random.Generator, n: int, method: str) -> Work:
    x = rng.random(n, np.float32)
    right = rng.random(n) < x
    return lambda: w2s.certify(x, right, purity=0.9, method=method)


def _crowd(rng: np.random.Generator, n: int, method: str) -> Work:
    rows = np.arange(n)
    votes = rng.integers(0, CLASSES, n)
    given = {"skills": dict.fromkeys(range(WORKERS), 1.0)} if method == "weighted-majority" else {}
    return lambda: w2s.aggregate_votes(
        rows // VOTES_AN_ITEM, rows % WORKERS, votes, method=method, max_iterations=5, tolerance=0.0, **given
    )


def measure() -> Measurement:
    rows = []
    for name, work in works():
        seconds = {times: interleaved({"": work(times * ROWS)}, REPEATS)[""] for times in TIMES}
        rows += [
            Row(f"{name}, {times}n", "s", seconds[times], "n", seconds[1]) for times in TIMES if times > 1
        ]
    return Measurement(tuple(rows))


FIGURE = Figure(
    name="growth",
    title="Growth",
    how=(
        f"Every kernel at n, 2n and 4n, n = {ROWS:,} scores; {ROWS // COLUMNS:,} rows × {COLUMNS} for "
        f"aggregation and {ROWS // 4:,} votes for crowds. Medians of {REPEATS}."
    ),
    measure=measure,
    peers=("numpy",),
)
