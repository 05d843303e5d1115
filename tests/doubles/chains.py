"""Chains on tiny models: their inputs, their configuration files, and what a run left behind."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import tomli_w

import w2s
from tests.doubles.nets import write_policy
from w2s.cli.app import run

GAME = "connect_four"
Tables = Mapping[str, Any]


# Inputs ----------------------------------------------------------------------------------------------------


def write_nets(folder: Path, rows: int = 300) -> Path:
    """Write nets of random weights and examples: ``teacher``, ``student`` and ``examples.parquet``."""
    for seed, name in enumerate(("teacher", "student")):
        write_policy(folder / name, GAME, seed)
    write_positions(folder / "examples.parquet", rows)
    return folder


def write_positions(
    path: Path, rows: int, *, game: str = GAME, seed: int = 0, depth: int = 4, prefix: str = "p"
) -> None:
    """Write positions of random play and their best moves by search as a table of examples."""
    found = positions(rows, game=game, seed=seed, depth=depth)
    table = {
        "id": [f"{prefix}{i}" for i in range(len(found))],
        "game": [game] * len(found),
        "position": [position for position, _ in found],
        "solutions": [[best] for _, best in found],
    }
    pq.write_table(pa.table(table), path)


def positions(rows: int, *, game: str = GAME, seed: int = 0, depth: int = 4) -> list[tuple[str, str]]:
    """Distinct positions and their best moves by search."""
    draw = random.Random(seed)
    found: dict[int, tuple[str, str]] = {}
    while len(found) < rows:
        state = w2s.game(game).state()
        for _ in range(draw.randrange(4, 16)):
            if state.outcome() is None:
                state = state.play(draw.choice(state.legal_moves()))
        if state.outcome() is None:
            found[state.key] = (state.position, state.search(depth=depth).best or "")
    return list(found.values())


def write_questions(folder: Path, rows: int = 90) -> None:
    """Write ``choice.jsonl`` and ``answer.jsonl`` with random right answers."""
    draw = random.Random(0)
    with (folder / "choice.jsonl").open("w") as file:
        for i in range(rows):
            row = {"id": f"c{i}", "question": f"{i}?", "options": ["x", "y"], "answer": draw.choice("AB")}
            file.write(json.dumps({**row, "answer_is": "letter"}) + "\n")
    with (folder / "answer.jsonl").open("w") as file:
        for i in range(rows):
            row = {"id": f"a{i}", "question": f"{i}+1?", "answer": f"#### {draw.choice((1, 2))}"}
            file.write(json.dumps(row) + "\n")


# Configurations --------------------------------------------------------------------------------------------


def chain_tables(nets: Path, **overrides: Any) -> dict[str, Any]:
    """A chain over the nets and examples of :func:`write_nets`; each override replaces a whole table, None
    removes it."""
    tables = {
        "game": GAME,
        "teacher": f"policy:{nets}/teacher",
        "student": f"policy:{nets}/student",
        "rounds": 1,
        "proposals": 1,
        "arms": ["base", "gold", "trust"],
        "examples": {"files": [f"{nets}/examples.parquet"], "gold": 100, "pool": 120, "test": 80},
        "trust": {"function": "confidence", "folds": 2},
        "train": {"epochs": 1, "batch": 32},
        "stop": {"collapse": False},
    }
    return _overridden(tables, overrides)


def language_tables(folder: Path, task: str, **overrides: Any) -> dict[str, Any]:
    """A chain over the language models ``teacher`` and ``student`` of a folder and the questions of
    :func:`write_questions`."""
    tables = {
        "task": task,
        "teacher": f"hf:{folder}/teacher",
        "student": f"hf:{folder}/student",
        "rounds": 1,
        "evidence": ["hidden", "student"],
        "arms": ["base", "naive", "confidence", "trust"],
        "examples": {"files": [f"{folder}/{task}.jsonl"], "gold": 32, "pool": 32, "test": 16},
        "trust": {"function": "logistic", "folds": 2},
        "keep": {"top": "50%"},
        "train": {"epochs": 1, "rank": 4, "checkpoint_s": 0, "learning_rate": 1e-3},
        "stop": {"collapse": False},
    }
    return _overridden(tables, overrides)


def _overridden(tables: Tables, overrides: Tables) -> dict[str, Any]:
    merged = {**tables, **overrides}
    return {key: value for key, value in merged.items() if value is not None}


def write_chain(path: Path, tables: Tables) -> Path:
    """Write a configuration file."""
    path.write_text(tomli_w.dumps(dict(tables)), encoding="utf-8")
    return path


def chain_run(out: Path, tables: Tables, *options: str) -> Path:
    """Run a chain by command, with its file next to the folder of the run, which is returned."""
    file = write_chain(out.with_name(f"{out.name}.toml"), tables)
    assert run(["chain", str(file), "--out", str(out), *options]) == 0
    return out


# Results ---------------------------------------------------------------------------------------------------


def metrics(folder: Path) -> dict[str, Any]:
    """``metrics.json`` of a run."""
    found: dict[str, Any] = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    return found


def numbers(folder: Path) -> dict[str, Any]:
    """``metrics.json`` without durations and the path of the run."""
    text = (folder / "metrics.json").read_text(encoding="utf-8").replace(str(folder), "RUN")
    found: dict[str, Any] = json.loads(text, object_hook=_without_seconds)
    return found


def weights(folder: Path) -> dict[str, bytes]:
    """Every net and trust function of a run, by its path."""
    files = sorted(folder.rglob("*.safetensors"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def recorded_steps(folder: Path) -> set[str]:
    """Folders of the steps that a run finished, relative to its own."""
    return {str(path.parent.relative_to(folder)) for path in folder.rglob("step.json")}


def _without_seconds(found: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key != "seconds"}
