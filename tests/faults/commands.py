"""Every command that writes an output, on small inputs: for suites that attack all of them alike."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.doubles.chains import chain_tables, write_chain, write_nets

W2S = [sys.executable, "-m", "w2s"]
TIMED = {"run.json", "step.json", "train.json", "metrics.json", "_w2s.json", "ratings.json"}
"""Files that hold times; their bytes differ between runs."""


@dataclass(frozen=True)
class Command:
    """A command that writes one output.

    Attributes:
        name: its name in tests.
        words: its arguments, from the folder of :func:`write_inputs`.
        out: the name of its output.
        option: the option that names the output.
        needs_torch: whether it trains or runs networks.
    """

    name: str
    words: Callable[[Path], list[str]]
    out: str
    option: str = "--out"
    needs_torch: bool = False

    def line(self, inputs: Path, folder: Path) -> list[str]:
        """The whole command line, with its output in a folder."""
        return [*W2S, *self.words(inputs), self.option, str(folder / self.out)]


def _filter(inputs: Path) -> list[str]:
    return ["filter", f"{inputs}/rows.parquet", "--score", "score", "--top", "20%"]


COMMANDS = (
    Command("filter", _filter, "kept.parquet"),
    Command("filter lines", _filter, "kept.jsonl.gz"),
    Command("filter shards", lambda inputs: [*_filter(inputs), "--shards", "3"], "kept"),
    Command(
        "votes",
        lambda inputs: [
            *("trust", "votes", f"{inputs}/votes.parquet", "--item", "item"),
            *("--worker", "worker", "--vote", "vote", "--method", "dawid-skene"),
        ],
        "votes.parquet",
    ),
    Command(
        "trust fit",
        lambda inputs: [
            *("trust", "fit", f"{inputs}/labels.parquet", "--gold", "correct", "--function", "logistic"),
            *("--features", "score"),
        ],
        "trust",
    ),
    Command(
        "label",
        lambda inputs: ["label", f"{inputs}/puzzles.csv", "--model", "search:depth=1"],
        "labels.parquet",
    ),
    Command(
        "arena",
        lambda inputs: [
            *("arena", "--game", "connect_four", "--teacher", "search:depth=2", "--student", "random"),
            *("--pairs", "3", "--oracle", "search:depth=3"),
        ],
        "arena",
    ),
    Command(
        "train",
        lambda inputs: [
            *("train", f"{inputs}/moves.parquet", "--student", f"policy:{inputs}/student"),
            *("--epochs", "2", "--batch", "16", "--task", "move", "--game", "connect_four"),
        ],
        "student",
        needs_torch=True,
    ),
    Command("chain", lambda inputs: ["chain", f"{inputs}/chain.toml"], "chain", needs_torch=True),
)


def write_inputs(folder: Path) -> Path:
    """Write the inputs of all commands."""
    draw = np.random.default_rng(0)
    count = 2000
    score = draw.random(count)
    rows = {
        "id": [f"r{n}" for n in range(count)],
        "score": score,
        "text": [f"row {n}" * 5 for n in range(count)],
    }
    pq.write_table(pa.table(rows), folder / "rows.parquet", row_group_size=500)
    labels = {"id": rows["id"], "label": ["x"] * count, "score": score, "correct": draw.random(count) < score}
    pq.write_table(pa.table(labels), folder / "labels.parquet")
    votes = [(item, worker) for item in range(60) for worker in range(4)]
    columns = {
        "item": [item for item, _ in votes],
        "worker": [worker for _, worker in votes],
        "vote": [random.Random(item * 9 + worker).choice("abb") for item, worker in votes],
    }
    pq.write_table(pa.table(columns), folder / "votes.parquet")
    puzzle = ",7k/5ppp/8/8/8/8/8/R3K3 b - - 0 1,h8g8 a1a8\n"
    lines = "".join(f"p{n}{puzzle}" for n in range(1100))
    (folder / "puzzles.csv").write_text(f"PuzzleId,FEN,Moves\n{lines}", encoding="utf-8")
    write_nets(folder)
    examples = pq.read_table(folder / "examples.parquet")
    label = pa.array([solutions[0] for solutions in examples.column("solutions").to_pylist()])
    pq.write_table(examples.append_column("label", label), folder / "moves.parquet")
    write_chain(folder / "chain.toml", chain_tables(folder, arms=["trust"]))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of every file below a folder, hidden ones too; of files with times, only that they exist."""
    return {
        path.relative_to(folder).as_posix(): b""
        if path.name in TIMED or path.name.endswith(".w2s.json")
        else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
