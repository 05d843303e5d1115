"""Training rows from labels: their task, rationales, weights, and rows without a label."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.doubles.errors import raises_code
from w2s.errors import DataError
from w2s.evidence import Labels, write_table
from w2s.labelling.label import label_table
from w2s.models import Answer
from w2s.tasks import AnswerExample, ChoiceExample, Example
from w2s.train.dataset import TrainingSet, load_training_set

SUMS = [AnswerExample(f"s{i}", f"{i}+1?", (str(i + 1),), solution=f"so it is {i + 1}") for i in range(3)]
CHOICES = [ChoiceExample(f"c{i}", f"{i}?", ("x", "y", "z"), ("A",)) for i in range(3)]


def table(path: Path, examples: list[Example], answers: list[Answer], **more: Any) -> Path:
    rows = label_table(examples, answers, "hf:teacher")
    for name, values in more.items():
        rows = rows.append_column(name, pa.array(values))
    write_table(rows, path)
    return path


def test_the_rationale_of_an_answer_is_its_raw_text(tmp_path: Path) -> None:
    answers = [Answer(str(i), raw=f"I think {i}") for i in range(3)]
    rows = load_training_set(table(tmp_path / "labels.parquet", [*SUMS], answers))
    assert rows.examples == SUMS
    assert rows.targets == [{"0": 1.0}, {"1": 1.0}, {"2": 1.0}]
    assert rows.rationales == ["I think 0", "I think 1", "I think 2"]


def test_a_choice_has_no_rationale(tmp_path: Path) -> None:
    answers = [Answer(letter, raw="surely this one") for letter in "ABC"]
    rows = load_training_set(table(tmp_path / "labels.parquet", [*CHOICES], answers), weights=None)
    assert rows.examples == CHOICES
    assert [*rows.targets] == [{"A": 1.0}, {"B": 1.0}, {"C": 1.0}]
    assert not rows.rationales


def test_the_task_is_that_of_the_table_or_the_named_one(tmp_path: Path) -> None:
    path = table(tmp_path / "labels.parquet", [*CHOICES], [Answer("A")] * 3)
    assert isinstance(load_training_set(path).examples[0], ChoiceExample)
    with raises_code("train-other-task", DataError) as caught:
        load_training_set(path, task="answer")
    assert "the task choice, not answer; leave --task out" in str(caught.value)
    bare = tmp_path / "bare.parquet"
    write_table(pa.parquet.read_table(path).drop_columns(["task"]), bare)
    assert isinstance(load_training_set(bare, task="choice").examples[0], ChoiceExample)
    with pytest.raises(DataError):  # without a word it would hold positions
        load_training_set(bare)


def test_rows_with_a_null_label_are_skipped_and_counted(tmp_path: Path) -> None:
    answers = [Answer("A"), Answer("", failure="reply"), Answer("B")]
    path = table(tmp_path / "labels.parquet", [*CHOICES], answers, trust=[0.5, 0.25, 1.0])
    skipped: list[int] = []
    rows = load_training_set(path, weights="trust", on_null_labels=skipped.append)
    assert skipped == [1]
    assert [example.id for example in rows.examples] == ["c0", "c2"]
    np.testing.assert_array_equal(rows.weights, [0.5, 1.0])


def test_tables_without_labels_or_with_invalid_weights_are_refused(tmp_path: Path) -> None:
    silent = [Answer("", failure="reply")] * 3
    with raises_code("train-no-labels", DataError):
        load_training_set(table(tmp_path / "silent.parquet", [*CHOICES], silent))
    path = table(
        tmp_path / "labels.parquet", [*CHOICES], [Answer("A")] * 3, trust=[0.5, None, 1.0], note=["a"] * 3
    )
    with raises_code("train-weight-null", DataError) as caught:
        load_training_set(path, weights="trust")
    assert "trust of row 1" in str(caught.value)
    with raises_code("train-weights-not-numbers", DataError) as caught:
        load_training_set(path, weights="note")
    assert "note holds string" in str(caught.value)
    with raises_code("train-column-missing", DataError) as caught:
        load_training_set(path, weights="trsut")
    assert "'trsut'" in str(caught.value)


def labels_of(examples: list[Example], answers: list[Answer], **more: Any) -> Labels:
    table = label_table(examples, answers, "hf:teacher")
    for name, values in more.items():
        table = table.append_column(name, pa.array(values))
    return Labels(table)


def test_labels_are_joined_to_examples_by_id() -> None:
    labels = labels_of([*SUMS], [Answer(str(i), raw=f"so {i}") for i in range(3)])
    weights = np.array([0.5, 2.0])
    rows = TrainingSet.from_labels(labels.take(np.array([2, 0])), [*SUMS], weights=weights)
    assert rows.examples == [SUMS[2], SUMS[0]]
    assert rows.targets == [{"2": 1.0}, {"0": 1.0}]
    assert rows.rationales == ["so 2", "so 0"]
    assert rows.weights is weights


def test_proposals_are_joined_to_the_examples_that_they_answer() -> None:
    named = [replace(CHOICES[0], id=name) for name in ("c0", "c0#2")]
    labels = labels_of([*named], [Answer("A"), Answer("B")], example_id=["c0", "c0"])
    asked: list[tuple[str, str]] = []

    def target(id_: str, label: str) -> dict[str, float]:
        asked.append((id_, label))
        return {label: 0.75}

    rows = TrainingSet.from_labels(labels, [*CHOICES], target=target)
    assert rows.examples == [CHOICES[0], CHOICES[0]]
    assert asked == [("c0", "A"), ("c0", "B")]
    assert rows.targets == [{"A": 0.75}, {"B": 0.75}]


def test_a_label_without_its_example_is_refused() -> None:
    with raises_code("train-example-missing", DataError) as caught:
        TrainingSet.from_labels(labels_of([*SUMS], [Answer("1")] * 3), SUMS[:2])
    assert "'s2'" in str(caught.value)
