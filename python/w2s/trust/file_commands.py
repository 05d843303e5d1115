"""``w2s trust fit``, ``score`` and ``compare``, from files to files."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from w2s.config import parse_config
from w2s.errors import DataError, UsageError
from w2s.evidence import Labels, nullable_boolean_column, put_column, read_table, write_table
from w2s.evidence_kinds import EVIDENCE
from w2s.files import partial_output, publish, refuse_other_files, write_text
from w2s.kernels.arrays import Flags
from w2s.kernels.columns import Doubles
from w2s.locks import lock_output
from w2s.tables.label_files import LabelFile, read_label_file
from w2s.trust.benchmark import BenchmarkResult, compare_functions, little_gold, out_of_fold_measures
from w2s.trust.columns import (
    equals_label,
    has_evidence,
    is_numeric,
    is_text,
    missing_evidence,
    require_evidence,
)
from w2s.trust.features import FeatureOptions
from w2s.trust.files import ARRAYS, LABELS, SETTINGS, load, save
from w2s.trust.folds import cross_fit
from w2s.trust.function import Function, check_gold
from w2s.trust.registry import trust_function
from w2s.trust.target_leakage import evidence_read, refuse_leaks

GOLD = "gold.parquet"
"""Next to a fitted function: ``id``, ``label`` and ``correct`` of its gold, and ``trust`` out of fold."""

MEASURES = "measures.json"
"""Next to a fitted function: the summary of the fit, with out-of-fold measures."""

_LOG = logging.getLogger(__name__)
_DIGEST = b"w2s.rows_of"
"""Metadata of :data:`GOLD`: the digest of the labels, if their ids are only row numbers of that file."""


_FILES = {SETTINGS, ARRAYS, LABELS, GOLD, MEASURES}
"""All that the folder of a trust function holds."""


def take_gold(labels: Labels, column: str) -> tuple[Labels, Flags]:
    """Take the labels that are known to be right or wrong, without that column, and the flag of each.

    Args:
        labels: n labels.
        column: name of a column of true and false, or of 0 and 1; null where unknown.

    Raises:
        DataError: the column does not exist or holds other values, or the gold has one class only.
    """
    correct, known = nullable_boolean_column(labels, column)
    check_gold(correct[known], int(known.sum()))
    return Labels(labels.table.drop_columns([column]), labels.vectors).take(known), correct[known]


def parse_options(pairs: Sequence[str], features: str | None) -> dict[str, Any]:
    """Parse ``name=value`` texts as options of a function; the value ``None`` means None.

    Raises:
        UsageError: a text has no ``=``, or an option is given twice.
    """
    options: dict[str, Any] = {} if features is None else {"features": features}
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
    allow_leakage: Sequence[str] = (),
    overwrite: bool = False,
) -> dict[str, Any]:
    """Fit a trust function on the gold rows of a table, and save it in a folder.

    :data:`GOLD` and :data:`MEASURES` are written next to it: how good the function is on gold that it was not
    fitted on. With ``folds=0`` neither is written.

    Args:
        path: the table of labels.
        out: the folder to write.
        gold: name of the column that says whether a label is right: true or false, 1 or 0; null where
            unknown.
        function: name of the trust function.
        options: options of the function.
        folds: number of folds of the cross-fitting.
        draws: number of bootstrap samples of the intervals.
        seed: random seed.
        allow_leakage: columns and vectors that may separate right from wrong labels almost perfectly.
        overwrite: replace a trust function in the folder.

    Returns:
        A summary as JSON values.

    Raises:
        UsageError: the folder already holds a function, or a function or an option is invalid.
        DataError: the labels or the gold cannot be used, or evidence contains the answer.
    """
    folder = Path(out)
    with lock_output(folder):
        if (folder / SETTINGS).exists() and not overwrite:
            raise UsageError(
                "trust-output-exists",
                f"{folder} already holds a trust function: give --overwrite or another name",
            )
        refuse_other_files(folder, _FILES)
        chosen = trust_function(function, **(options or {}))
        file = read_label_file(path)
        labels, correct = take_gold(file.labels, gold)
        _check_features(chosen, labels, (options or {}).get("features"), gold)
        refuse_leaks(labels, correct, sorted(evidence_read(chosen)), allow_leakage)
        remarks = little_gold([function], len(labels))
        scores = cross_fit(chosen, labels, correct, folds, seed) if folds else None
        fitted = chosen.fit(labels, correct, seed)
        summary: dict[str, Any] = {
            "function": function,
            "needs": sorted(chosen.needs),
            "gold_rows": len(labels),
            "right": float(correct.mean()),
            "seed": seed,
        }
        if scores is not None:
            measures = out_of_fold_measures(scores, labels, correct, folds, draws, seed)
            summary["measures"] = {name: dict(interval._asdict()) for name, interval in measures.items()}
        if remarks:
            summary["remarks"] = remarks
        with partial_output(folder, folder=True) as part:
            save(fitted, part)
            if scores is not None:
                _write_gold(part, replace(file, labels=labels), correct, scores, summary)
            publish(part, folder)
    return summary


def _check_features(chosen: Function, labels: Labels, wanted: str | None, gold: str) -> None:
    """Refuse features that are the answer, and say which columns can be read instead of a default."""
    if wanted is not None:
        _names(wanted, gold, labels)
    numeric = number_columns(labels)
    absent = missing_evidence(chosen.needs, labels)
    changed = chosen.options.model_fields_set
    for option in {"features", "column"} & set(type(chosen.options).model_fields) - changed:
        if absent and numeric:
            typed = (
                f"`features={','.join(numeric[:3])}`"
                if option == "features"
                else f"--set column={numeric[0]}"
            )
            raise DataError(
                "trust-missing-evidence",
                f"{chosen.name} reads {', '.join(absent)} by default, which these labels do not have; name "
                f"what they have, for example {typed}",
            )
    require_evidence(chosen.name, chosen.needs, labels)


def _names(features: str, gold: str, labels: Labels) -> tuple[str, ...]:
    """The names of evidence in a text; the gold column and uninformative text columns are refused."""
    names = parse_config(FeatureOptions, {"features": features}, "the trust function").features
    if gold in names:
        raise UsageError(
            "trust-gold-is-feature",
            f"{gold} is the gold column and cannot be a feature; leave it out of `features`",
        )
    for name in set(names) & set(labels.table.column_names):
        if is_text(labels, name) and len(set(equals_label(labels, name).tolist()) & {0.0, 1.0}) < 2:
            raise DataError(
                "trust-text-feature",
                f"column {name} is text, which is only compared with the label, and that is the same in all "
                "rows; give its values numbers, or leave it out of `features`",
            )
    return names


def number_columns(labels: Labels) -> list[str]:
    """Columns of numbers that have values and are not yet known as evidence."""
    known = {name for kind in EVIDENCE.values() for name in kind.find_columns(labels.table.column_names)}
    return [
        name
        for name in labels.table.column_names
        if name not in known and is_numeric(labels, name) and has_evidence(labels, name)
    ]


def _write_gold(
    folder: Path, file: LabelFile, correct: Flags, scores: Doubles, summary: Mapping[str, Any]
) -> None:
    """Write what is known out of fold."""
    labels = file.labels.table
    columns = {name: labels.column(name) for name in ("id", "label") if name in labels.column_names}
    table = pa.table({**columns, "correct": correct, "trust": scores})
    if file.digest:
        table = table.replace_schema_metadata({_DIGEST: file.digest})
    write_table(table, folder / GOLD)
    write_text(folder / MEASURES, json.dumps(summary, indent=2, allow_nan=False) + "\n")


def score_file(
    path: str, out: str, *, function: str, column: str = "trust", allow: str = "", overwrite: bool = False
) -> dict[str, Any]:
    """Write a table with all its columns and the trust of each label.

    A gold row of the function keeps its out-of-fold score if the function has one: no row is scored by a
    function that was fitted on it.

    Args:
        path: the table of labels.
        out: the Parquet file to write.
        function: the folder of a fitted function.
        column: name of the column of scores.
        allow: the ``module:callable`` that may be imported; see :func:`w2s.trust.load`.
        overwrite: replace an existing output.

    Returns:
        A summary as JSON values.

    Raises:
        UsageError: the output already exists or is not Parquet.
        DataError: the labels lack evidence, or the function is damaged.
    """
    target = Path(out)
    if target.suffix not in {".parquet", ".pq"}:
        raise UsageError(
            "trust-output-not-parquet",
            f"cannot write {target}: scored labels are Parquet; end the name with .parquet",
        )
    with lock_output(target):
        if target.exists() and not overwrite:
            raise UsageError(
                "trust-output-exists", f"{target} already exists: give --overwrite or another name"
            )
        fitted = load(function, allow)
        file = read_label_file(path)
        labels = file.labels
        scores = fitted.score(labels)
        replaced = _put_out_of_fold(file, scores, Path(function) / GOLD)
        write_table(put_column(file.table, column, scores), target)
    mean = float(scores.mean()) if len(scores) else None
    return {"rows": len(labels), "function": fitted.name, "mean_trust": mean, "out_of_fold": replaced}


def _put_out_of_fold(file: LabelFile, scores: Doubles, path: Path) -> int:
    """Replace the scores of gold rows in place; returns how many were replaced."""
    if not path.exists():
        return 0
    gold = read_table(path)
    if (gold.schema.metadata or {}).get(_DIGEST, b"").decode() != file.digest:
        _LOG.warning(
            "gold rows cannot be recognised without ids, so those among these labels are scored by a "
            "function that was fitted on them; add a column id to both tables"
        )
        return 0
    known = _trust_by_key(gold, path)
    here = _trust_by_key(file.labels.with_column("trust", scores).table, path)
    at = {key: row for row, key in enumerate(here)}
    common = [(at[key], value) for key, value in known.items() if key in at]
    if common:
        rows, values = zip(*common, strict=True)
        scores[np.array(rows)] = values
    return len(common)


def _trust_by_key(table: pa.Table, path: Path) -> dict[tuple[str, str | None], float]:
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
    features: str | None = None,
    folds: int = 5,
    draws: int = 1000,
    seed: int = 0,
    tell: Callable[[str], object] = lambda title: None,
) -> dict[str, Any]:
    """Measure trust functions on the gold rows of a table, out of fold.

    Args:
        path: the table of labels.
        gold: name of the column that says whether a label is right: true or false, 1 or 0; null where
            unknown.
        functions: names of the functions; all if empty.
        features: names of the evidence that functions with this option read, separated by commas; None for
            all evidence that is known by name.
        folds: number of folds of the cross-fitting.
        draws: number of bootstrap samples of the intervals.
        seed: random seed.
        tell: progress callback; called with the title of each function before it is fitted.

    Returns:
        A summary as JSON values.

    Raises:
        DataError: the labels or the gold cannot be used, or no function can be compared.
    """
    labels, correct = take_gold(read_label_file(path).labels, gold)
    results = compare_functions(
        labels,
        correct,
        functions=list(functions) or None,
        features=None if features is None else _names(features, gold, labels),
        folds=folds,
        draws=draws,
        seed=seed,
        tell=tell,
    )
    compared = [result.name for result in results if result.measures]
    if not compared:
        raise _nothing_comparable(results, labels, is_chosen=bool(functions))
    remarks = little_gold(compared, len(labels))
    return {
        "gold_rows": len(labels),
        "right": float(correct.mean()),
        "folds": folds,
        "seed": seed,
        "functions": [result.to_json() for result in results],
        **({"remarks": remarks} if remarks else {}),
    }


def _nothing_comparable(results: Sequence[BenchmarkResult], labels: Labels, *, is_chosen: bool) -> DataError:
    """The error for labels on which no function can be compared; it names what to add first."""
    numeric = number_columns(labels)
    if is_chosen:
        what = f"{results[0].title}: {results[0].remedy}"
    elif numeric:
        what = (
            "these labels have no evidence that functions read by themselves, such as log_prob; name "
            f"columns of numbers, for example `features={','.join(numeric[:3])}`"
        )
    else:
        what = (
            "these labels have no evidence; add log_prob, or any column of numbers about a "
            "label, and name it with `features`"
        )
    return DataError("trust-nothing-comparable", f"no trust function can be compared: {what}")
