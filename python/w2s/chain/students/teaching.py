"""One arm's student: trained on its rows, then asked the test.

Knows nothing about where the rows came from.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from w2s.chain.steps import Facts, step
from w2s.evidence import read_table, write_table
from w2s.labelling import evaluate_models
from w2s.models import load_model
from w2s.models.few_shot import Shots, labelled_shots
from w2s.tasks import Example
from w2s.train import TrainingSet, parse_settings, train

ANSWERS = "answers.parquet"


def tested(
    folder: Path, reference: str, test: Sequence[Example], inputs: object, gold: Sequence[Example]
) -> tuple[np.ndarray, Facts]:
    """Which test rows a model answers right, n values of 0 or 1; asked once and then read.

    ``gold``: what a model is shown in front of each question, where its reference asks for that.
    """

    def work() -> Facts:
        _ask(folder, reference, test, labelled_shots(gold))
        return {"model": reference}

    facts = step(folder, [inputs, reference], work)
    return _right(folder, test), facts


def taught(
    folder: Path,
    student: str,
    rows: TrainingSet,
    test: Sequence[Example],
    settings: dict[str, Any],
    seed: int,
    inputs: object,
) -> tuple[np.ndarray, Facts]:
    """Train a student on rows and ask it the test; done once and then read. ``facts["model"]`` names it."""

    def work() -> Facts:
        begin = time.perf_counter()
        model = train(student, rows, parse_settings(student, settings, seed), folder / "student")
        seconds = time.perf_counter() - begin
        _ask(folder, model, test)
        return {"model": model, "rows": count(rows), "seconds": round(seconds, 1)}

    facts = step(folder, [inputs, student, settings, seed], work)
    return _right(folder, test), facts


def trained(
    folder: Path, student: str, rows: TrainingSet, settings: dict[str, Any], seed: int, inputs: object
) -> str:
    """Train a student on rows, untested; done once. Returns its reference."""

    def work() -> Facts:
        return {"model": train(student, rows, parse_settings(student, settings, seed), folder / "student")}

    model: str = step(folder, [inputs, student, settings, seed], work)["model"]
    return model


def count(rows: TrainingSet) -> int:
    """How many examples there are in rows that may repeat them."""
    return len({example.id for example in rows.examples})


def slower(student: str, settings: dict[str, Any], rate: float) -> dict[str, Any]:
    """The same settings with a share of their learning rate."""
    return {**settings, "learning_rate": rate * parse_settings(student, settings, 0).learning_rate}


def together(first: Facts, second: Facts) -> Facts:
    """Facts of a student that was taught twice: rows and seconds are those of both."""
    sums = {key: round(first[key] + second[key], 1) for key in ("rows", "seconds")}
    return {**second, **sums}


def _ask(folder: Path, reference: str, test: Sequence[Example], shots: Shots = ()) -> None:
    model = load_model(reference)
    try:
        found = evaluate_models(test, {"it": model}, shots=shots).scores["it"]
    finally:
        model.close()
    write_table(pa.table({"id": [example.id for example in test], "right": found}), folder / ANSWERS)


def _right(folder: Path, test: Sequence[Example]) -> np.ndarray:
    table = read_table(folder / ANSWERS)
    by_id = dict(zip(table.column("id").to_pylist(), table.column("right").to_pylist(), strict=True))
    return np.array([by_id[example.id] for example in test])
