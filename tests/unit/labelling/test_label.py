"""Labels of one batch: what each row says, and which models are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import w2s
from tests.doubles.errors import raises_code
from tests.unit.labelling.doubles import CHOICES, Broken, Fickle, mates
from w2s.errors import ModelError, UsageError
from w2s.labelling import LabelSpec, label_batch, label_file
from w2s.labelling.evidence import as_judge
from w2s.models import load_model
from w2s.tasks import AnswerExample, MoveExample, read_examples
from w2s.tasks.answer_check import final_answer


def test_a_row_has_the_label_its_evidence_and_the_columns_of_the_example(tmp_path: Path) -> None:
    example = MoveExample("a", w2s.game("chess").state(moves=["e2e4"]), ("e7e5",), difficulty=2.0, group="g")
    labels = label_batch([example], LabelSpec(load_model("search:depth=2")))
    (row,) = labels.table.to_pylist()
    assert (row["id"], row["task"], row["model"]) == ("a", "move", "search:depth=2")
    assert row["label"] in example.state.legal_moves()
    assert row["correct"] == (row["label"] == "e7e5")
    assert row["n_options"] == 20
    assert row["log_prob"] < 0 < row["entropy"]
    file = tmp_path / "labels.parquet"
    label_file([example], LabelSpec(load_model("search:depth=2")), file)
    (again,) = read_examples(file)
    assert (again.state.played, again.gold, again.difficulty, again.group) == ("e2e4", ("e7e5",), 2.0, "g")


def test_correct_is_null_without_gold() -> None:
    labels = label_batch(mates(3), LabelSpec(load_model("search:depth=2")))
    assert labels.table.column("correct").to_pylist() == [None, True, True]


def test_a_generated_reply_without_an_answer_gives_a_null_label(speaker: Path) -> None:
    sums = [AnswerExample(f"s{i}", f"{i}+1?", ("1",)) for i in range(3)]
    table = label_batch(sums, LabelSpec(load_model(f"hf:{speaker}?max_new_tokens=2"))).table
    for label, raw in zip(table.column("label").to_pylist(), table.column("raw").to_pylist(), strict=True):
        assert label == final_answer(raw)
    assert table.column("label").null_count


def test_a_reply_without_a_label_is_null_incorrect_and_has_no_vectors() -> None:
    model = Fickle(fails=["c1"], nonsense=["c3"])
    labels = label_batch(CHOICES, LabelSpec(model, frozenset({"hidden"}), as_judge(Fickle())))
    assert labels.table.column("label").to_pylist() == ["B", None, "B", None, "B", "B"]
    assert labels.table.column("correct").to_pylist() == [False] * 6
    assert labels.table.column("raw").to_pylist()[3] == "I would rather not say"
    empty = [row for row, label in enumerate(labels.table.column("label").to_pylist()) if label is None]
    for name, width in (("hidden", 2), ("student", 5)):
        assert labels.vectors[name].shape == (6, width)
        known = np.isfinite(labels.vectors[name]).all(axis=1)
        assert np.flatnonzero(~known).tolist() == empty
    assert labels.table.column("student_log_prob").is_null().to_pylist().count(True) == 2


def test_a_model_that_answers_no_example_is_refused_but_one_that_fails_at_some_is_not() -> None:
    everything = [example.id for example in CHOICES]
    with raises_code("label-model-answers-nothing", ModelError) as caught:
        label_batch(CHOICES, LabelSpec(Fickle(fails=everything)))
    assert "example 'c0': its reply holds no label, 429" in str(caught.value)
    labels = label_batch(CHOICES, LabelSpec(Fickle(fails=everything[1:])))
    assert labels.table.column("label").null_count == 5
    labels = label_batch(CHOICES, LabelSpec(Fickle(nonsense=everything)))
    assert labels.table.column("label").null_count == 6


def test_a_task_that_the_model_cannot_do_is_refused() -> None:
    with pytest.raises(UsageError, match="example 'sum' has task answer"):
        label_batch([AnswerExample("sum", "1+1?")], LabelSpec(Fickle()))
    with pytest.raises(UsageError, match="search:depth=1 answers the tasks move, but example 'c0' has task"):
        label_batch(CHOICES, LabelSpec(load_model("search:depth=1")))


def test_vectors_judges_and_answers_that_a_model_lacks_are_refused() -> None:
    with raises_code("label-no-vectors", UsageError):
        label_batch(mates(), LabelSpec(load_model("random"), frozenset({"hidden"})))
    with raises_code("label-student-cannot-judge", UsageError):
        as_judge(load_model("random"))
    with raises_code("label-model-answers-nothing", ModelError) as caught:
        label_batch(mates(), LabelSpec(Broken()))
    assert "example 'e0': it died, segmentation fault" in str(caught.value)
