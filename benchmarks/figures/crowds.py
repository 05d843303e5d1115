"""P4: Dawid–Skene, GLAD and MACE next to crowd-kit, on the same votes."""

from __future__ import annotations

import importlib.util
import warnings
from typing import Any

import numpy as np

import w2s
from benchmarks.figure import Figure, Measurement, Row, SkippedError, Target
from benchmarks.timing import interleaved

WORKERS, CLASSES, VOTES_AN_ITEM, ITERATIONS = 50, 4, 5, 10
VOTES = 1_000_000
GLAD_VOTES = 50_000
OVER = {"dawid-skene": Target(least=10), "glad": Target(least=500), "mace": Target(least=20)}


def votes(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Items, workers and votes of workers who are right with probability 0.4 to 0.9."""
    rng = np.random.default_rng(0)
    n_items = count // VOTES_AN_ITEM
    truth = rng.integers(0, CLASSES, n_items)
    skill = rng.uniform(0.4, 0.9, WORKERS)
    items = np.repeat(np.arange(n_items), VOTES_AN_ITEM)
    first = rng.integers(0, WORKERS, n_items)
    workers = (np.repeat(first, VOTES_AN_ITEM) + np.tile(np.arange(VOTES_AN_ITEM), n_items)) % WORKERS
    right = rng.random(count) < skill[workers]
    return items, workers, np.where(right, truth[items], rng.integers(0, CLASSES, count))


def measure() -> Measurement:
    if importlib.util.find_spec("crowdkit") is None:
        raise SkippedError("needs crowd-kit (pip install crowd-kit)")
    rows, notes = [], []
    for method in OVER:
        count = GLAD_VOTES if method == "glad" else VOTES
        data = votes(count)
        ours = lambda data=data, method=method: w2s.aggregate_votes(  # noqa: E731
            *data, method=method, max_iterations=ITERATIONS, tolerance=0.0
        )
        theirs, labels = _peer(method, data)
        seconds = interleaved({"ours": ours}, 3) | interleaved({"theirs": theirs}, 1)
        rate = {name: count / 1e3 / taken for name, taken in seconds.items()}
        rows.append(
            Row(
                f"{method}, {count:,} votes",
                "k votes/s",
                rate["ours"],
                "crowd-kit",
                rate["theirs"],
                OVER[method],
            )
        )
        same = np.mean(np.asarray(ours().labels) == labels())
        notes.append(f"{method}: {same:.2%} of the labels are the same.")
    notes.append(
        f"crowd-kit's GLAD takes nine minutes for {VOTES:,} votes: it is measured on {GLAD_VOTES:,}."
    )
    return Measurement(tuple(rows), tuple(notes))


def _peer(method: str, data: tuple[np.ndarray, ...]) -> tuple[Any, Any]:
    """The work of crowd-kit, and the labels that it finds."""
    import pandas as pd
    from crowdkit.aggregation import GLAD, MACE, DawidSkene

    frame = pd.DataFrame(dict(zip(("task", "worker", "label"), data, strict=True)))
    makers = {
        "dawid-skene": lambda: DawidSkene(n_iter=ITERATIONS, tol=0),
        "glad": lambda: GLAD(n_iter=ITERATIONS, tol=0),
        "mace": lambda: MACE(n_restarts=1, n_iter=ITERATIONS, random_state=0),
    }
    found: dict[str, Any] = {}

    def run() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found["labels"] = makers[method]().fit_predict(frame)

    return run, lambda: found["labels"].sort_index().to_numpy()


FIGURE = Figure(
    name="crowds",
    title="Crowds",
    how=(
        f"`w2s.aggregate_votes` on votes of {WORKERS} workers over {CLASSES} classes, "
        f"{VOTES_AN_ITEM} an item, {ITERATIONS} iterations, next to crowd-kit on the same votes. "
        f"Ours: medians of 3; theirs once."
    ),
    measure=measure,
    peers=("crowd-kit", "numpy"),
)
