"""``w2s trust fit``, ``score`` and ``compare``, from files to files.

Knows nothing about the command line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from w2s.errors import DataError, UsageError
from w2s.evidence import Labels, nullable_boolean_column, read_labels, read_table, write_table
from w2s.trust.comparing import compare, out_of_fold
from w2s.trust.files import SETTINGS, load, save
from w2s.trust.folds import cross_fit
from w2s.trust.function import Flags, Scores, check_gold
from w2s.trust.registry import trust_function

GOLD = "gold.parquet"
"""Beside a fitted function: ``id``, ``label``, ``correct`` of its gold, ``trust`` out of fold."""


def gold_of(labels: Labels, column: str) -> tuple[Labels, Flags]:
    """The rows where a column says whether the label is right, and what it says.

    Raises:
        DataError: there is no such column of true and false, or gold of one class.
    """
    correct, known = nullable_boolean_column(labels, column)
    check_gold(correct[known], int(known.sum()))
    return labels.take(known), correct[known]


def parse_options(pairs: Sequence[str], reads: str | None) -> dict[str, Any]:
    """Options of a function from ``name=value`` texts; ``None`` as a value is none.

    Raises:
        UsageError: a text without ``=``, or an option given twice.
    """
    options: dict[str, Any] = {} if reads is None else {"reads": reads}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not name or not equals:
            raise UsageError("trust-bad-option", f"option {pair!r} is not name=value")
        if name in options:
            raise UsageError("trust-repeated-option", f"option {name} is given twice: leave one out")
        options[name] = None if value == "None" else value
    return options


def fit_file(
    path: str,
    out: str,
    *,
    gold: str,
    function: str,
    options: Mapping[str, Any] | None = None,
    folds: int = 5,
    draws: int = 1000,
    seed: int = 0,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Fit a trust function on the rows of a table whose answer is known, and save it in a folder.

    Beside it lie :data:`GOLD` and ``measures.json``: how good it is on gold that it was not fitted on; with
    ``folds=0`` neither is made.

    Raises:
        UsageError: the folder holds a function already; a function or option that makes no sense.
        DataError: labels or gold that cannot be used.
    """
    folder = Path(out)
    if (folder / SETTINGS).exists() and not overwrite:
        raise UsageError(
            "trust-output-exists",
            f"{folder} already holds a trust function: give --overwrite or another name",
        )
    chosen = trust_function(function, **(options or {}))
    labels, correct = gold_of(read_labels(path), gold)
    scores = cross_fit(chosen, labels, correct, folds, seed) if folds else None
    save(chosen.fit(labels, correct, seed), folder)
    summary: dict[str, Any] = {
        "function": function,
        "needs": sorted(chosen.needs),
        "gold_rows": len(labels),
        "right": float(correct.mean()),
        "seed": seed,
    }
    if scores is not None:
        measures = out_of_fold(scores, labels, correct, draws, seed)
        summary["measures"] = {name: dict(interval._asdict()) for name, interval in measures.items()}
    _write_gold(folder, labels, correct, scores, summary)
    return summary


def _write_gold(
    folder: Path, labels: Labels, correct: Flags, scores: Scores | None, summary: Mapping[str, Any]
) -> None:
    """What is known out of fold; files of an earlier fit do not stay."""
    for name in (GOLD, "measures.json"):
        (folder / name).unlink(missing_ok=True)
    if scores is None:
        return
    columns = {
        name: labels.table.column(name) for name in ("id", "label") if name in labels.table.column_names
    }
    table = pa.table({**columns, "correct": correct, "trust": scores})
    write_table(table, folder / GOLD)
    text = json.dumps(summary, indent=2, allow_nan=False) + "\n"
    (folder / "measures.json").write_text(text, encoding="utf-8")


def score_file(
    path: str, out: str, *, function: str, column: str = "trust", allow: str = "", overwrite: bool = False
) -> dict[str, Any]:
    """Write a table with all its columns and the trust of each label.

    A gold row of the function keeps the score that it had out of fold, where the function has it: no row is
    scored by what was fitted on it.

    Raises:
        UsageError: the output is there already.
        DataError: labels that lack the evidence, or a damaged function.
    """
    target = Path(out)
    if target.exists() and not overwrite:
        raise UsageError("trust-output-exists", f"{target} already exists: give --overwrite or another name")
    if target.suffix not in {".parquet", ".pq"}:
        raise UsageError(
            "trust-output-not-parquet",
            f"cannot write {target}: scored labels are Parquet; end the name with .parquet",
        )
    fitted = load(function, allow)
    labels = read_labels(path)
    scores = fitted.score(labels)
    replaced = _put_out_of_fold(labels, scores, Path(function) / GOLD)
    write_table(labels.with_column(column, scores).table, target)
    mean = float(scores.mean()) if len(scores) else None
    return {"rows": len(labels), "function": fitted.name, "mean_trust": mean, "out_of_fold": replaced}


def _put_out_of_fold(labels: Labels, scores: Scores, path: Path) -> int:
    """Replace the scores of gold rows; returns how many."""
    if not path.exists():
        return 0
    known = _keyed(read_table(path), path)
    here = _keyed(labels.with_column("trust", scores).table, path)
    at = {key: row for row, key in enumerate(here)}
    common = [(at[key], value) for key, value in known.items() if key in at]
    if common:
        rows, values = zip(*common, strict=True)
        scores[np.array(rows)] = values
    return len(common)


def _keyed(table: pa.Table, path: Path) -> dict[tuple[str, str | None], float]:
    """Trust by id and label."""
    if not {"id", "trust"} <= set(table.column_names):
        raise DataError(
            "trust-file-invalid",
            f"{path} does not have the columns id and trust: fit the trust function again",
        )
    ids = table.column("id").to_pylist()
    labels = table.column("label").to_pylist() if "label" in table.column_names else [None] * len(ids)
    return dict(zip(zip(ids, labels, strict=True), table.column("trust").to_pylist(), strict=True))


def compare_file(
    path: str,
    *,
    gold: str,
    functions: Sequence[str] = (),
    folds: int = 5,
    draws: int = 1000,
    seed: int = 0,
    tell: Callable[[str], object] = lambda title: None,
) -> dict[str, Any]:
    """Every trust function on the gold rows of a table, out of fold.

    Raises:
        DataError: labels or gold that cannot be used.
    """
    labels, correct = gold_of(read_labels(path), gold)
    found = compare(
        labels, correct, functions=list(functions) or None, folds=folds, draws=draws, seed=seed, tell=tell
    )
    return {
        "gold_rows": len(labels),
        "right": float(correct.mean()),
        "folds": folds,
        "seed": seed,
        "functions": [one.to_json() for one in found],
    }
