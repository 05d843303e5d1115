"""What a student is trained on: examples, the answers that it learns, and the weight of each row.

Needs no torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from w2s.errors import DataError
from w2s.evidence import Labels, read_table
from w2s.tasks import AnswerExample, Example, read_examples

Target = Mapping[str, float]
"""Labels and their probabilities."""


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """n training rows.

    Attributes:
        examples: n examples of one task.
        targets: n distributions over labels, ``{label: probability}``; a hard label is ``{label: 1.0}``. They
            need not sum to one.
        weights: float, shape (n,), >= 0: the relative weight of each row in the loss.
        rationales: n texts that end in the label, for example worked answers, None where a row has none; or
            empty.
    """

    examples: Sequence[Example]
    targets: Sequence[Target]
    weights: npt.NDArray[np.floating]
    rationales: Sequence[str | None] = ()

    @classmethod
    def hard(cls, examples: Sequence[Example], labels: Iterable[str]) -> TrainingSet:
        """Rows with one label each, all of weight 1."""
        targets = [{label: 1.0} for label in labels]
        return cls(examples, targets, np.ones(len(examples)))

    @classmethod
    def from_labels(
        cls,
        labels: Labels,
        examples: Iterable[Example],
        *,
        weights: npt.NDArray[np.floating] | None = None,
        target: Callable[[str, str], Target] | None = None,
    ) -> TrainingSet:
        """One row per label, joined to the example that it answers by id.

        Rationales are the column ``raw`` where the examples are of the task ``answer``.

        Args:
            labels: n labels without nulls.
            examples: the examples that the labels answer, and any others; their ids are distinct.
            weights: shape (n,); None is a weight of 1 for all.
            target: the target for an example id and a label; None is the label with probability 1.

        Raises:
            DataError: a label answers none of the examples.
        """
        by_id = {example.id: example for example in examples}
        ids = labels.example_ids
        if missing := [id_ for id_ in ids if id_ not in by_id]:
            raise DataError("train-example-missing", f"no example has the id {missing[0]!r} of a label")
        rows = [by_id[id_] for id_ in ids]
        given: list[str] = labels.table.column("label").to_pylist()
        targets: list[Target] = [
            {label: 1.0} if target is None else target(id_, label)
            for id_, label in zip(ids, given, strict=True)
        ]
        has_texts = "raw" in labels.table.column_names and any(isinstance(row, AnswerExample) for row in rows)
        rationales: list[str | None] = labels.table.column("raw").to_pylist() if has_texts else []
        return cls(rows, targets, np.ones(len(rows)) if weights is None else weights, rationales)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.examples)

    def checked_weights(self) -> npt.NDArray[np.float64]:
        """The weights, shape (n,), after a check that the rows can be trained on.

        Raises:
            DataError: there are no rows, their columns differ in length, or weights are negative, infinite or
                all zero.
        """
        if len({len(self.examples), len(self.targets), len(self.weights)}) > 1:
            raise DataError(
                "train-row-counts",
                f"{len(self.examples)} examples, {len(self.targets)} targets and {len(self.weights)} "
                "weights; each row needs one of each",
            )
        if not len(self):
            raise DataError("train-no-rows", "there are no rows to train on; keep more of the labels")
        weights = np.asarray(self.weights, np.float64)
        if weights.ndim != 1 or not (np.isfinite(weights).all() and (weights >= 0).all()):
            raise DataError("train-invalid-weights", "weights must be finite numbers >= 0, one per row")
        if not weights.sum() > 0:
            raise DataError("train-zero-weights", "every row has weight 0; there is nothing to train on")
        return weights


def normalize_target(example: Example, target: Target) -> dict[str, float]:
    """A target whose probabilities sum to one.

    Raises:
        DataError: it is not a distribution; the message names the example.
    """
    total = math.fsum(target.values())
    if any(not prob >= 0 for prob in target.values()) or not 0 < total < math.inf:
        raise DataError(
            "train-invalid-target",
            f"the target of example {example.id!r} is not a distribution over labels: {dict(target)}",
        )
    return {label: prob / total for label, prob in target.items()}


def load_training_set(
    path: Path | str,
    *,
    weights: str | None = None,
    task: str | None = None,
    game: str = "chess",
    on_null_labels: Callable[[int], None] = lambda _: None,
) -> TrainingSet:
    """The labels of a table that ``w2s label``, ``w2s filter`` or an arena wrote.

    Rows whose label is null are skipped: there is nothing to learn from them.

    Args:
        path: a Parquet file; the student learns its column ``label``. For the task ``answer`` it learns the
            text of the column ``raw``, where there is one.
        weights: name of a column with the weight of each row, >= 0.
        task: kind of example, where the table has no column ``task``.
        game: game of the positions, where the table does not name it.
        on_null_labels: called with the number of skipped rows, if there are any.

    Raises:
        DataError: the table cannot be read, is of another task, lacks a column, has a null weight or no label
            at all.
    """
    table = read_table(path)
    _check_columns(path, table, weights)
    labelled = table.filter(table.column("label").is_valid())
    if not len(labelled) and len(table):
        raise DataError("train-no-labels", f"{path}: every label is null; there is nothing to learn")
    if len(labelled) < len(table):
        on_null_labels(len(table) - len(labelled))
    names = [name for name in ("id", "label", "raw") if name in table.column_names]
    examples = read_examples(path, _task(path, table, task), game)
    return TrainingSet.from_labels(
        Labels(labelled.select(names)),  # each row is a separate example, also if there are several proposals
        examples,
        weights=None if weights is None else labelled.column(weights).to_numpy().astype(np.float64),
    )


def _check_columns(path: Path | str, table: pa.Table, weights: str | None) -> None:
    for name in ["label", *([weights] if weights else [])]:
        if name not in table.column_names:
            raise DataError(
                "train-column-missing",
                f"{path} has no column {name!r}; it has: {', '.join(table.column_names)}",
            )
    if weights is None:
        return
    column = table.column(weights)
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise DataError("train-weights-not-numbers", f"{path}: {weights} holds {column.type}, not numbers")
    if column.null_count:
        row = column.is_null().to_pylist().index(True)
        raise DataError(
            "train-weight-null", f"{path}: the weight {weights} of row {row} is null; remove such rows"
        )


def _task(path: Path | str, table: pa.Table, named: str | None) -> str:
    """The task in the table's column ``task``; without one the named task, or moves."""
    found: Any = table.column("task")[0].as_py() if "task" in table.column_names and len(table) else None
    if found and named not in (found, None):
        raise DataError(
            "train-other-task", f"{path} holds labels of the task {found}, not {named}; leave --task out"
        )
    return str(found or named or "move")
