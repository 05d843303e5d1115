"""Looking ahead with a 64 × 6 network, next to bare forward passes of as many states."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from benchmarks.figure import Figure, Measurement, Row, SkippedError, Target
from benchmarks.nets import has_torch, write_net
from benchmarks.positions import random_states
from benchmarks.timing import hot_spots, interleaved

SHAPE = (64, 6)
POSITIONS = 64
PLANS = ("think=6,6,6", "nodes=200")
REPEATS = 3
OVER_BARE = Target(least=0.8)


def measure() -> Measurement:
    if not has_torch():
        raise SkippedError("needs torch (pip install 'w2s[models]')")
    import w2s
    from w2s.tasks import MoveExample

    examples = [MoveExample(str(row), state) for row, state in enumerate(random_states("chess", POSITIONS))]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        net = write_net(Path(folder) / "net", *SHAPE, has_values=True)
        for plan in PLANS:
            model = w2s.load_model(f"{net}?{plan}&device=cpu")
            count = sum(found.found.evaluations for found in model.think(examples))
            works = {"ours": lambda m=model: m.think(examples), "bare": lambda m=model, n=count: bare(m, n)}
            seconds = interleaved(works, REPEATS)
            work = f"{plan}, {POSITIONS} positions"
            rows.append(
                Row(work, "states/s", count / seconds["ours"], "passes", count / seconds["bare"], OVER_BARE)
            )
    return Measurement(tuple(rows), ("The policy of each position is computed once more, in float32.",))


def bare(model: object, count: int) -> None:
    """Forward passes of this many states, with values, and nothing else."""
    net = model._net  # type: ignore[attr-defined]
    channels, rows, columns = net.config.shape.planes
    planes = np.zeros((net.batch, channels, rows, columns), np.float32)
    none = np.zeros(0, np.int64), np.zeros(net.batch + 1, np.int64)
    for _ in range(-(-count // net.batch)):
        net.evaluate(planes, *none)


def explain() -> str:
    import w2s
    from w2s.tasks import MoveExample

    examples = [MoveExample(str(row), state) for row, state in enumerate(random_states("chess", POSITIONS))]
    with tempfile.TemporaryDirectory() as folder:
        net = write_net(Path(folder) / "net", *SHAPE, has_values=True)
        model = w2s.load_model(f"{net}?{PLANS[0]}&device=cpu")
        return hot_spots(lambda: model.think(examples))


FIGURE = Figure(
    name="deliberation",
    title="Looking ahead with a network",
    how=(
        f"A chess network of {SHAPE[0]} filters × {SHAPE[1]} blocks with random weights looks ahead from "
        f"{POSITIONS} positions of random games, on the CPU; next to forward passes of as many states, "
        f"in the same batches and the same precision. Medians of {REPEATS} interleaved repeats."
    ),
    measure=measure,
    peers=("torch",),
    explain=explain,
)
