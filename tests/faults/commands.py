"""Every command that writes an output, on small inputs: for suites that attack all of them alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tomli_w

from tests.doubles.chains import chain_run, chain_tables, write_chain, write_nets
from tests.doubles.labels import labels
from tests.doubles.nets import write_policy
from w2s.evidence import write_labels

GAME = "connect_four"
ROWS = 4_000
TIMES = ("run.json", "step.json", "train.json", "metrics.json", "measures.json")
"""Files that hold times; their content is not compared. So do the markers of tables, ``*w2s.json``."""


@dataclass(frozen=True)
class WritingCommand:
    """One row of the table.

    Attributes:
        name: unique, letters and hyphens.
        words: the command for the folder of its inputs and the folder of its outputs, which exists.
        whole: names of outputs that are complete where they exist; the others belong to unfinished work.
        names_folder: whether its outputs hold the name of their folder, as labels of a second round do.
    """

    name: str
    words: Callable[[Path, Path], list[str]]
    whole: tuple[str, ...]
    names_folder: bool = False


def write_inputs(folder: Path) -> int:
    """Write everything that the commands read; an exit code."""
    from w2s.cli.app import run

    random = np.random.default_rng(5)
    table = pa.table(
        {"id": np.arange(ROWS), "s": random.random(ROWS), "text": [f"row {i}" for i in range(ROWS)]}
    )
    pq.write_table(table, folder / "rows.parquet", row_group_size=500)
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()))
    pairs = [(item, worker) for item in range(60) for worker in range(4)]
    votes = {
        "item": [item for item, _ in pairs],
        "worker": [worker for _, worker in pairs],
        "vote": [random.choice(["a", "b"]) for _ in pairs],
    }
    pq.write_table(pa.table(votes), folder / "votes.parquet")
    write_nets(folder, 60)
    (folder / "trusted").mkdir()
    write_labels(labels(120), folder / "trusted" / "labels.parquet")
    fit = ["trust", "fit", f"{folder}/trusted/labels.parquet", "--gold", "correct", "--function", "logistic"]
    assert run([*fit, "--out", f"{folder}/trust"]) == 0
    label = ["label", f"{folder}/examples.parquet", "--game", GAME, "--model", f"policy:{folder}/teacher"]
    assert run([*label, "--out", f"{folder}/labels.parquet"]) == 0
    players = {"teacher": "random", "student": "search:depth=2"}
    verify = {"oracles": ["search:depth=3"]}
    arena = {"game": GAME, "pairs": 3, "players": players, "verify": verify}
    (folder / "arena.toml").write_text(tomli_w.dumps(arena))
    examples = {"files": [f"{folder}/examples.parquet"], "gold": 20, "pool": 24, "test": 16}
    write_chain(folder / "chain.toml", chain_tables(folder, arms=["gold", "trust"], examples=examples))
    for seed, name in enumerate(("teacher", "student")):
        write_policy(folder / "values" / name, GAME, seed, has_values=True)
    deliberated = chain_tables(
        folder / "values",
        teacher=f"policy:{folder}/values/teacher?nodes=8",
        rounds=2,
        arms=["naive", "trust"],
        examples=examples,
    )
    write_chain(folder / "deliberation.toml", deliberated)
    analysed = chain_tables(folder, arms=["trust"], examples=examples, keep={"top": "50%"})
    chain_run(folder / "finished", analysed)
    return 0


def _filter(source: str, name: str, *more: str) -> Callable[[Path, Path], list[str]]:
    return lambda inputs, out: [
        *("filter", f"{inputs}/{source}", "--score", "s", "--top", "1000", "--out", f"{out}/{name}", *more)
    ]


COMMANDS: dict[str, WritingCommand] = {
    found.name: found
    for found in (
        WritingCommand("filter-parquet", _filter("rows.parquet", "kept.parquet"), ("kept.parquet",)),
        WritingCommand("filter-lines", _filter("rows.jsonl", "kept.jsonl.gz"), ("kept.jsonl.gz",)),
        WritingCommand("filter-shards", _filter("rows.parquet", "kept/", "--shards", "3"), ("kept",)),
        WritingCommand(
            "label",
            lambda inputs, out: [
                *(
                    "label",
                    f"{inputs}/examples.parquet",
                    "--game",
                    GAME,
                    "--model",
                    f"policy:{inputs}/teacher",
                ),
                *("--hidden", "--evidence", "afterstate", "--out", f"{out}/labels.parquet"),
            ],
            ("labels.parquet", "hidden.parquet", "afterstate.parquet"),
        ),
        WritingCommand(
            "votes",
            lambda inputs, out: [
                *("trust", "votes", f"{inputs}/votes.parquet", "--item", "item", "--worker", "worker"),
                *("--vote", "vote", "--method", "majority", "--out", f"{out}/voted.parquet"),
            ],
            ("voted.parquet",),
        ),
        WritingCommand(
            "trust-fit",
            lambda inputs, out: [
                *("trust", "fit", f"{inputs}/trusted/labels.parquet", "--gold", "correct"),
                *("--function", "knn", "--out", f"{out}/trust"),
            ],
            ("trust/trust.safetensors", "trust/trust.json", "trust/gold.parquet"),
        ),
        WritingCommand(
            "trust-score",
            lambda inputs, out: [
                *("trust", "score", f"{inputs}/trusted/labels.parquet", "--function", f"{inputs}/trust"),
                *("--out", f"{out}/scored.parquet"),
            ],
            ("scored.parquet",),
        ),
        WritingCommand(
            "train",
            lambda inputs, out: [
                *("train", f"{inputs}/labels.parquet", "--student", f"policy:{inputs}/student"),
                *("--epochs", "2", "--batch", "16", "--out", f"{out}/student"),
            ],
            ("student/model.safetensors",),
        ),
        WritingCommand(
            "arena",
            lambda inputs, out: ["arena", f"{inputs}/arena.toml", "--out", f"{out}/run"],
            ("run/labels.parquet", "run/games.jsonl"),
        ),
        WritingCommand(
            "chain",
            lambda inputs, out: ["chain", f"{inputs}/chain.toml", "--out", f"{out}/run"],
            (),
        ),
        WritingCommand(
            "chain-deliberation",
            lambda inputs, out: ["chain", f"{inputs}/deliberation.toml", "--out", f"{out}/run"],
            (),
            names_folder=True,
        ),
        WritingCommand(
            "analyse",
            lambda inputs, out: [
                *("analyse", f"{inputs}/finished", "--rows", "8", "--oracle", "search:depth=2"),
                *("--out", f"{out}/analysis"),
            ],
            ("analysis/analysis.json", "analysis/rows.parquet"),
        ),
    )
}
"""Every command by its name."""


def content(out: Path) -> dict[str, bytes | None]:
    """Every file below a folder by name; None for those that hold times, and for folders."""
    found: dict[str, bytes | None] = {}
    for path in sorted(out.rglob("*")):
        timed = path.name in TIMES or path.name.endswith("w2s.json")
        found[str(path.relative_to(out))] = None if timed or not path.is_file() else path.read_bytes()
    return found
