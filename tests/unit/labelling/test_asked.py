"""Evidence that a model is asked for, and labels that hold no answer beside those that do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.doubles.errors import raises_code
from w2s.errors import ModelError, UsageError
from w2s.evidence import read_labels
from w2s.labelling import Request, files, label_batch, label_file
from w2s.labelling.asked import asked_for
from w2s.labelling.files import digest_of
from w2s.labelling.student import as_judge
from w2s.models import Answer, Want, load_model
from w2s.models.few_shot import labelled_shots
from w2s.tasks import AnswerExample, ChoiceExample, Example
from w2s.tasks.answer_check import final_answer

CHOICES = [ChoiceExample(f"c{i}", f"Is it {i}?", ("x", "y", "z")[: 2 + i % 2], ("A",)) for i in range(6)]
ASKED = ("icl:2", "verbalised", "p_true", "samples:3")
COLUMNS = {"icl", "verbalised", "p_true", "self_consistency", "predictive_entropy"}


class Fickle:
    """A double that fails at some examples, says nonsense at others, and knows every letter as a number."""

    tasks = ("choice",)
    slots = None
    deterministic = True
    reference = "fickle"

    def __init__(self, fails: Sequence[str] = (), nonsense: Sequence[str] = ()) -> None:
        self._fails, self._nonsense = set(fails), set(nonsense)

    def answer(self, examples: Sequence[Example], want: Want) -> list[Answer]:
        return [self._answer(example) for example in examples]

    def _answer(self, example: Example) -> Answer:
        if example.id in self._fails:
            return Answer("", failure="reply", raw="429")
        if example.id in self._nonsense:
            return Answer("I would rather not say", raw="I would rather not say", log_prob=-3.0)
        return Answer("B", log_prob=-0.5, hidden=np.array([1.0, 2.0], np.float16))

    def judge(self, examples: Sequence[Example], labels: Sequence[str]) -> list[Answer]:
        assert all(label in "AB" for label in labels), "only labels are judged"
        return [
            Answer(label, log_prob=-1.0, hidden=np.array([float(ord(label))], np.float16)) for label in labels
        ]

    def close(self) -> None:
        pass


def test_shots_are_gold_with_its_first_right_label() -> None:
    open_question = ChoiceExample("open", "Which?", ("x", "y"))
    several = ChoiceExample("several", "Which?", ("x", "y"), ("B", "A"))
    assert labelled_shots([open_question, several]) == [(several, "B")]


def test_every_kind_has_its_columns_and_labels_without_answer_have_none(speaker: Path) -> None:
    model = load_model(f"hf:{speaker}")
    request = Request(model, asked=ASKED, shots=labelled_shots(CHOICES))
    labels: list[str | None] = ["A", None, "B", "A", None, "B"]
    found = asked_for(request, CHOICES, labels, labels)
    assert set(found) == COLUMNS
    for name in COLUMNS - {"verbalised"}:
        assert [one is None for one in found[name].to_pylist()] == [label is None for label in labels]
    there = [0, 2, 3, 5]
    some = [labels[row] for row in there]
    alone = asked_for(request, [CHOICES[row] for row in there], some, some)
    for name in COLUMNS:
        expected = alone[name].to_pylist()
        assert [found[name].to_pylist()[row] for row in there] == pytest.approx(expected, abs=1e-5)


def test_proposals_of_one_question_are_measured_by_the_same_samples(speaker: Path) -> None:
    request = Request(load_model(f"hf:{speaker}", seed=3), asked=("samples:6",), proposals=3)
    found = label_batch(CHOICES, request).table.select(
        ["example_id", "self_consistency", "predictive_entropy"]
    )
    rows = found.to_pylist()
    for example in CHOICES:
        own = [row for row in rows if row["example_id"] == example.id]
        assert len(own) == len(example.options)
        assert len({row["predictive_entropy"] for row in own}) == 1
        assert sum(row["self_consistency"] for row in own) == pytest.approx(1)


def test_a_written_answer_without_any_is_no_label(speaker: Path) -> None:
    sums = [AnswerExample(f"s{i}", f"{i}+1?", ("1",)) for i in range(3)]
    table = label_batch(sums, Request(load_model(f"hf:{speaker}?max_new_tokens=2"))).table
    for label, raw in zip(table.column("label").to_pylist(), table.column("raw").to_pylist(), strict=True):
        assert label == final_answer(raw)
    assert table.column("label").null_count


def test_labels_that_all_lack_an_answer_cost_nothing_and_have_nothing(speaker: Path) -> None:
    request = Request(load_model(f"hf:{speaker}"), asked=("p_true", "samples:2"))
    found = asked_for(request, CHOICES, [None] * 6, [None] * 6)
    assert {name: column.null_count for name, column in found.items()} == {
        "p_true": 6,
        "self_consistency": 6,
        "predictive_entropy": 6,
    }


def test_evidence_stands_in_the_table_and_decides_its_identity(speaker: Path, tmp_path: Path) -> None:
    model = load_model(f"hf:{speaker}")
    asked = Request(model, asked=("icl:2", "samples:2"), shots=labelled_shots(CHOICES))
    label_file(CHOICES, asked, tmp_path / "labels.parquet")
    labels = read_labels(tmp_path / "labels.parquet")
    assert {"icl", "self_consistency", "predictive_entropy"} <= set(labels.table.column_names)
    assert all(0 <= value <= 1 for value in labels.table.column("icl").to_pylist())
    others = [
        Request(model, asked=("icl:2",), shots=labelled_shots(CHOICES)),
        Request(model, asked=asked.asked, shots=labelled_shots(CHOICES[1:])),
        Request(model, asked=asked.asked, shots=[(CHOICES[0], "B"), *asked.shots[1:]]),
        Request(model, asked=asked.asked, shots=asked.shots, reward="hf:other"),
    ]
    assert len({digest_of(CHOICES, one, {}) for one in [asked, *others]}) == 5


def test_what_a_model_cannot_be_asked_is_one_line(speaker: Path) -> None:
    with pytest.raises(UsageError, match="fickle gives no such evidence"):
        label_batch(CHOICES, Request(Fickle(), asked=("p_true",)))
    model = load_model(f"hf:{speaker}")
    for asked, said in (
        (("icl:2",), "--gold FILE"),
        (("dreams",), "'dreams'"),
        (("reward",), "--reward hf:DIR"),
    ):
        with pytest.raises(UsageError, match=said) as caught:
            label_batch(CHOICES, Request(model, asked=asked))
        assert "\n" not in str(caught.value)


def test_a_label_that_holds_no_answer_is_null_wrong_and_has_no_vectors() -> None:
    model = Fickle(fails=["c1"], nonsense=["c3"])
    labels = label_batch(CHOICES, Request(model, frozenset({"hidden"}), as_judge(Fickle())))
    assert labels.table.column("label").to_pylist() == ["B", None, "B", None, "B", "B"]
    assert labels.table.column("correct").to_pylist() == [False] * 6
    assert labels.table.column("raw").to_pylist()[3] == "I would rather not say"
    empty = [row for row, label in enumerate(labels.table.column("label").to_pylist()) if label is None]
    for name, width in (("hidden", 2), ("student", 5)):
        assert labels.vectors[name].shape == (6, width)
        known = np.isfinite(labels.vectors[name]).all(axis=1)
        assert np.flatnonzero(~known).tolist() == empty
    assert labels.table.column("student_log_prob").is_null().to_pylist().count(True) == 2


def test_parts_without_any_vector_join_those_that_have_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "EXAMPLES_A_PART", 2)
    model = Fickle(nonsense=["c2", "c3"])
    request = Request(model, frozenset({"hidden"}), as_judge(Fickle()))
    label_file(CHOICES, request, tmp_path / "labels.parquet")
    labels = read_labels(tmp_path / "labels.parquet")
    for name, width in (("hidden", 2), ("student", 5)):
        assert labels.vectors[name].shape == (6, width)
        assert np.flatnonzero(np.isnan(labels.vectors[name]).any(axis=1)).tolist() == [2, 3]


def test_a_file_without_any_label_is_written_and_read(tmp_path: Path) -> None:
    model = Fickle(nonsense=[example.id for example in CHOICES])
    label_file(CHOICES, Request(model, frozenset({"hidden"})), tmp_path / "labels.parquet")
    labels = read_labels(tmp_path / "labels.parquet")
    assert labels.table.column("label").null_count == 6
    assert np.isnan(labels.vectors["hidden"]).all()


def test_a_model_that_fails_at_everything_is_an_error_and_at_something_is_not() -> None:
    everything = [example.id for example in CHOICES]
    with raises_code("label-model-answers-nothing", ModelError) as caught:
        label_batch(CHOICES, Request(Fickle(fails=everything)))
    assert "example 'c0': its reply holds no label, 429" in str(caught.value)
    labels = label_batch(CHOICES, Request(Fickle(fails=everything[1:])))
    assert labels.table.column("label").null_count == 5
    labels = label_batch(CHOICES, Request(Fickle(nonsense=everything)))
    assert labels.table.column("label").null_count == 6


def test_a_task_that_a_model_does_not_answer_is_refused_before_it_is_asked() -> None:
    with pytest.raises(UsageError, match="example 'sum' has task answer"):
        label_batch([AnswerExample("sum", "1+1?")], Request(Fickle()))
    with pytest.raises(UsageError, match="search:depth=1 answers the tasks move, but example 'c0' has task"):
        label_batch(CHOICES, Request(load_model("search:depth=1")))
