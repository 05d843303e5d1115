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
import pyarrow.parquet as pq

from w2s.callables import code_digest, is_callable_name
from w2s.config import parse_config
from w2s.errors import DataError, UsageError
from w2s.evidence import Labels, nullable_boolean_column, put_column, read_table, write_table, write_tables
from w2s.files import file_digest, partial_output, publish, refuse_other_files, write_text
from w2s.kernels.arrays import Flags
from w2s.kernels.columns import Doubles
from w2s.locks import lock_output
from w2s.resume import STEP, Record
from w2s.tables.label_files import LabelFile, label_file_digest, read_label_file
from w2s.trust.benchmark import compare_functions, little_gold, nothing_comparable, out_of_fold_measures
from w2s.trust.columns import equals_label, is_text, missing_evidence, number_columns, require_evidence
from w2s.trust.features import FeatureOptions, groups_of
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


_SETTINGS = "settings"
"""In the record of a fit: the digest of :data:`SETTINGS`."""

_RECORD = b"w2s.scores_of"
"""Metadata of a scored table: the record of what it was made of."""

_FILES = {SETTINGS, ARRAYS, LABELS, GOLD, MEASURES, STEP}
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
        A summary as JSON values. Where the folder holds the function of the same labels and settings,
        nothing is done, and ``done_before`` is true.

    Raises:
        UsageError: the folder already holds another function, or a function or an option is invalid.
        DataError: the labels or the gold cannot be used, or evidence contains the answer.
    """
    folder = Path(out)
    with lock_output(folder):
        refuse_other_files(folder, _FILES)
        chosen = trust_function(function, **(options or {}))
        inputs = {
            "labels": label_file_digest(path),
            "gold": gold,
            "function": [name := chosen.source, code_digest(name) if is_callable_name(name) else ""],
            "options": chosen.options.model_dump(mode="json"),
            "folds": [folds, draws],
            "seed": seed,
        }
        if (folder / SETTINGS).exists() and not overwrite:
            if (record := _record_of_folder(folder)) is None:
                raise _exists(folder)
            return _finished(folder, record, inputs)
        file = read_label_file(path)
        labels, correct = take_gold(file.labels, gold)
        _check_features(chosen, labels, (options or {}).get("features"), gold)
        refuse_leaks(labels, correct, sorted(evidence_read(chosen)), allow_leakage)
        remarks = [*little_gold([function], len(labels)), *_unread_groups(chosen, labels)]
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
            Record.of(inputs, {**summary, _SETTINGS: file_digest(part / SETTINGS)}).write(part / STEP)
            publish(part, folder)
    return summary


def _finished(out: Path, record: Record, inputs: Mapping[str, object]) -> dict[str, Any]:
    """The summary of the same work, which is finished.

    Raises:
        UsageError: the output was made of something else.
    """
    if changed := record.changed(inputs):
        raise _exists(out, f", made with other {', '.join(changed)}")
    return {**record.facts, "done_before": True}


def _exists(out: Path, how: str = "") -> UsageError:
    return UsageError("trust-output-exists", f"{out} already exists{how}: give --overwrite or another name")


def _record_of_folder(folder: Path) -> Record | None:
    """What a folder says that its function was made of; None if it holds another function by now."""
    record = Record.read(folder / STEP)
    if record is None or record.facts.get(_SETTINGS) != file_digest(folder / SETTINGS):
        return None
    return Record(record.inputs, {name: fact for name, fact in record.facts.items() if name != _SETTINGS})


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


def _unread_groups(chosen: Function, labels: Labels) -> list[str]:
    """A remark about evidence that the labels hold and the function does not read by default."""
    default: tuple[str, ...] = getattr(chosen.options, "features", ())
    if "features" not in type(chosen.options).model_fields or "features" in chosen.options.model_fields_set:
        return []
    held = groups_of(labels)
    if not (unread := [name for name in held if name not in default]):
        return []
    names, every = ", ".join(unread), ",".join(dict.fromkeys([*default, *held]))
    return [f"{chosen.name} does not read {names} by default; to read all evidence: --features {every}"]


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
        A summary as JSON values. Where the output has the scores of the same labels by the same function,
        nothing is done, and ``done_before`` is true.

    Raises:
        UsageError: the output already exists and is another one, or is not Parquet.
        DataError: the labels lack evidence, or the function is damaged.
    """
    target = Path(out)
    if target.suffix not in {".parquet", ".pq"}:
        raise UsageError(
            "trust-output-not-parquet",
            f"cannot write {target}: scored labels are Parquet; end the name with .parquet",
        )
    with lock_output(target):
        is_there = target.exists() and not overwrite
        record = _record_of_table(target) if is_there else None
        if is_there and record is None:
            raise _exists(target)
        fitted = load(function, allow)
        gold = Path(function) / GOLD
        inputs = {
            "labels": label_file_digest(path),
            "function": [file_digest(one) for one in (Path(function) / SETTINGS, gold) if one.exists()],
            "score": column,
        }
        if record is not None:
            return _finished(target, record, inputs)
        file = read_label_file(path)
        labels = file.labels
        scores = fitted.score(labels)
        replaced = _put_out_of_fold(file, scores, gold)
        mean = float(scores.mean()) if len(scores) else None
        summary = {
            "rows": len(labels),
            "function": fitted.name,
            "mean_trust": mean,
            "out_of_fold": replaced,
        }
        metadata = {_RECORD: Record.of(inputs, summary).to_text().encode()}
        write_tables([put_column(file.table, column, scores)], target, metadata)
    return summary


def _record_of_table(path: Path) -> Record | None:
    """What a scored table says that it was made of; None if it says nothing or cannot be read."""
    try:
        metadata = pq.read_metadata(path).metadata or {}
    except (OSError, pa.ArrowException, UnicodeDecodeError):
        return None
    return Record.parse(metadata.get(_RECORD, b""))


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
        raise nothing_comparable(results, labels, is_chosen=bool(functions))
    remarks = little_gold(compared, len(labels))
    return {
        "gold_rows": len(labels),
        "right": float(correct.mean()),
        "folds": folds,
        "seed": seed,
        "functions": [result.to_json() for result in results],
        **({"remarks": remarks} if remarks else {}),
    }
