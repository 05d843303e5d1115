"""A chain on small nets: a teacher and a student of random weights, and positions with their best moves."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import w2s
from tests.doubles.nets import write_policy

GAME = "connect_four"


def write_nets(folder: Path, rows: int = 300) -> Path:
    """``teacher``, ``student`` and ``examples.parquet`` in a folder."""
    for seed, name in enumerate(("teacher", "student")):
        write_policy(folder / name, GAME, seed)
    found = positions(rows)
    table = {
        "id": [f"p{i}" for i in range(len(found))],
        "game": [GAME] * len(found),
        "position": [position for position, _ in found],
        "solutions": [[best] for _, best in found],
    }
    pq.write_table(pa.table(table), folder / "examples.parquet")
    return folder


def positions(rows: int) -> list[tuple[str, str]]:
    """Positions and their best moves by search."""
    draw = random.Random(0)
    found: dict[int, tuple[str, str]] = {}
    while len(found) < rows:
        state = w2s.game(GAME).state()
        for _ in range(draw.randrange(4, 16)):
            if state.outcome() is None:
                state = state.play(draw.choice(state.legal_moves()))
        if state.outcome() is None:
            found[state.key] = (state.position, state.search(depth=4).best or "")
    return list(found.values())


def numbers(folder: Path) -> dict[str, Any]:
    """``metrics.json`` without how long things took and where they lie."""
    text = (folder / "metrics.json").read_text(encoding="utf-8").replace(str(folder), "RUN")
    metrics: dict[str, Any] = json.loads(text, object_hook=_without_seconds)
    return metrics


def weights(folder: Path) -> dict[str, bytes]:
    """Every net and trust function of a run, by its place."""
    files = sorted(folder.rglob("*.safetensors"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def _without_seconds(found: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key != "seconds"}
