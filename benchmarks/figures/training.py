"""Training a 64 × 6 policy net, next to the same net in plain float32."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.figure import Figure, Measurement, Row, SkippedError, Target
from benchmarks.nets import has_torch, write_net
from benchmarks.positions import random_states
from benchmarks.timing import hot_spots, interleaved
from w2s.tasks import MoveExample
from w2s.train import PolicyTrainSettings, TrainingSet, train

SHAPE = (64, 6)
ROWS = 1024
BATCH = 128
REPEATS = 3
OVER_PLAIN = Target(least=2)


def measure() -> Measurement:
    if not has_torch():
        raise SkippedError("needs torch (pip install 'w2s[models]')")
    import torch

    from w2s.models.policy.device import has_fast_bfloat16

    halves = has_fast_bfloat16(torch.device("cpu"))
    rows = _rows()
    with tempfile.TemporaryDirectory() as folder:
        student = write_net(Path(folder) / "net", *SHAPE)
        seconds = interleaved(
            {"ours": lambda: ours(student, rows), "plain": lambda: plain(student, rows)}, REPEATS
        )
    row = Row(
        "train a 64 × 6 net",
        "positions/s",
        ROWS / seconds["ours"],
        "plain float32",
        ROWS / seconds["plain"],
        OVER_PLAIN if halves else None,
    )
    numbers = (
        "This processor multiplies bfloat16: ours computes in it."
        if halves
        else "This processor has no bfloat16, which the target of 2× is about: both compute in float32."
    )
    return Measurement((row,), (numbers,))


def ours(student: str, rows: TrainingSet) -> None:
    """One epoch of ``w2s.train``, all of it: reading the net, batches, steps, writing the net."""
    with tempfile.TemporaryDirectory() as folder:
        train(student, rows, PolicyTrainSettings(epochs=1, batch=BATCH, device="cpu"), Path(folder) / "out")


def plain(student: str, rows: TrainingSet) -> None:
    """The same epoch as a plain loop writes it: float32, the default memory layout, the same batches."""
    import torch

    from w2s.models.policy.files import from_pretrained
    from w2s.train.policy.batches import Batches, move_targets

    net = from_pretrained(Path(student.removeprefix("policy:"))).train()
    batches = Batches(rows, move_targets(rows, "chess"), net.config, torch.device("cpu"))
    optimizer = torch.optim.AdamW(net.parameters(), lr=5e-4)
    order = np.random.default_rng(0).permutation(len(rows))
    for start in range(0, len(rows), BATCH):
        batch = batches.batch(order[start : start + BATCH])
        logits = batch.logits(net(batch.planes.contiguous()))
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(logits, batch.targets).backward()
        optimizer.step()


def _rows() -> TrainingSet:
    """Positions of random games, each with a legal move as its label."""
    draw = random.Random(0)
    examples = [MoveExample(f"e{row}", state) for row, state in enumerate(random_states("chess", ROWS))]
    return TrainingSet.hard(examples, [draw.choice(example.state.legal_moves()) for example in examples])


def _where_time_goes() -> str:
    rows = _rows()
    with tempfile.TemporaryDirectory() as folder:
        student = write_net(Path(folder) / "net", *SHAPE)
        return hot_spots(lambda: ours(student, rows))


FIGURE = Figure(
    name="training",
    title="Training a policy net",
    how=(
        f"One epoch of `w2s.train` on {ROWS:,} chess positions, batch {BATCH}, a net of {SHAPE[0]} filters × "
        f"{SHAPE[1]} blocks with squeeze-and-excitation and attention head, on the CPU: bfloat16 where the "
        "processor has it, channels last, reading and writing included; next to a plain loop over the same "
        f"batches in float32. Medians of {REPEATS} interleaved repeats."
    ),
    measure=measure,
    peers=("torch",),
    explain=_where_time_goes,
)
