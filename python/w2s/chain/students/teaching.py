"""One arm's student: trained on its rows, then asked the test.

Knows nothing about where the rows came from.
"""

from __future__ import annotations

import difflib
import time
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from w2s.chain.steps import Facts, step
from w2s.errors import UsageError
from w2s.evidence import read_table, write_table
from w2s.labelling import compare
from w2s.models import load_model
from w2s.tasks import MoveExample
from w2s.train import Rows, Settings, train

ANSWERS = "answers.parquet"


def tested(folder: Path, reference: str, test: list[MoveExample], inputs: object) -> tuple[np.ndarray, Facts]:
    """Which test rows a model answers right, n values of 0 or 1; asked once and then read."""

    def work() -> Facts:
        _ask(folder, reference, test)
        return {"model": reference}

    facts = step(folder, [inputs, reference], work)
    return _right(folder, test), facts


def taught(
    folder: Path,
    student: str,
    rows: Rows,
    test: list[MoveExample],
    settings: dict[str, Any],
    seed: int,
    inputs: object,
) -> tuple[np.ndarray, Facts]:
    """Train a student on rows and ask it the test; done once and then read. ``facts["model"]`` names it."""

    def work() -> Facts:
        begin = time.perf_counter()
        model = train(student, rows, settings_of(settings, seed), folder / "student")
        seconds = time.perf_counter() - begin
        _ask(folder, model, test)
        return {"model": model, "rows": count(rows), "seconds": round(seconds, 1)}

    facts = step(folder, [inputs, student, settings, seed], work)
    return _right(folder, test), facts


def trained(
    folder: Path, student: str, rows: Rows, settings: dict[str, Any], seed: int, inputs: object
) -> str:
    """Train a student on rows, untested; done once. Returns its reference."""

    def work() -> Facts:
        return {"model": train(student, rows, settings_of(settings, seed), folder / "student")}

    model: str = step(folder, [inputs, student, settings, seed], work)["model"]
    return model


def count(rows: Rows) -> int:
    """How many examples there are in rows that may repeat them."""
    return len({example.id for example in rows.examples})


def slower(settings: dict[str, Any], rate: float) -> dict[str, Any]:
    """The same settings with a share of their learning rate."""
    return {**settings, "learning_rate": rate * settings.get("learning_rate", Settings().learning_rate)}


def together(first: Facts, second: Facts) -> Facts:
    """Facts of a student that was taught twice: rows and seconds are those of both."""
    sums = {key: round(first[key] + second[key], 1) for key in ("rows", "seconds")}
    return {**second, **sums}


def settings_of(given: dict[str, Any], seed: int) -> Settings:
    """Settings of a training from a configuration.

    Raises:
        UsageError: an unknown name, or a value that makes no sense.
    """
    known = {one.name for one in fields(Settings)} - {"seed"}
    if unknown := sorted(set(given) - known):
        near = difflib.get_close_matches(unknown[0], known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(sorted(known))}"
        raise UsageError(f"train has no setting {unknown[0]!r}; {hint}")
    return Settings(**given, seed=seed)


def _ask(folder: Path, reference: str, test: list[MoveExample]) -> None:
    model = load_model(reference)
    try:
        found = compare(test, {"it": model}).scores["it"]
    finally:
        model.close()
    write_table(pa.table({"id": [example.id for example in test], "right": found}), folder / ANSWERS)


def _right(folder: Path, test: list[MoveExample]) -> np.ndarray:
    table = read_table(folder / ANSWERS)
    by_id = dict(zip(table.column("id").to_pylist(), table.column("right").to_pylist(), strict=True))
    return np.array([by_id[example.id] for example in test])
