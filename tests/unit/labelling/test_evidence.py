"""Prompted evidence, samples, a student's view of labels, and the columns of oracles."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tests.doubles.errors import raises_code
from tests.unit.labelling.doubles import CHOICES, Fickle, Net, mates
from w2s.errors import UsageError
from w2s.labelling import LabelSpec, label_batch
from w2s.labelling.evidence import (
    cluster_by_meaning,
    column_prefix,
    elicit_evidence,
    load_oracles_by_prefix,
    majority_label,
    predictive_entropy,
    self_consistency,
)
from w2s.models import load_model
from w2s.models.few_shot import labelled_shots
from w2s.tasks import AnswerExample, ChoiceExample

EVIDENCE = ("icl:2", "verbalised", "p_true", "samples:3")
COLUMNS = {"icl", "verbalised", "p_true", "self_consistency", "predictive_entropy"}
SUM = AnswerExample("a", "What is half of 1?", ("0.5",))
CHOICE = ChoiceExample("b", "Which?", ("one", "two"))


def test_shots_are_examples_with_gold_and_their_first_gold_label() -> None:
    open_question = ChoiceExample("open", "Which?", ("x", "y"))
    several = ChoiceExample("several", "Which?", ("x", "y"), ("B", "A"))
    assert labelled_shots([open_question, several]) == [(several, "B")]


@pytest.mark.slow
def test_each_kind_has_its_columns_which_are_null_for_null_labels(speaker: Path) -> None:
    model = load_model(f"hf:{speaker}")
    spec = LabelSpec(model, evidence=EVIDENCE, shots=labelled_shots(CHOICES))
    labels: list[str | None] = ["A", None, "B", "A", None, "B"]
    found = elicit_evidence(spec, CHOICES, labels, labels)
    assert set(found) == {*COLUMNS, "majority"}
    assert [one is None for one in found["majority"].to_pylist()] == [label is None for label in labels]
    assert set(found["majority"].to_pylist()) <= {"A", "B", None}
    for name in COLUMNS - {"verbalised"}:
        assert [one is None for one in found[name].to_pylist()] == [label is None for label in labels]
    there = [0, 2, 3, 5]
    some = [labels[row] for row in there]
    alone = elicit_evidence(spec, [CHOICES[row] for row in there], some, some)
    for name in COLUMNS:
        expected = alone[name].to_pylist()
        assert [found[name].to_pylist()[row] for row in there] == pytest.approx(expected, abs=1e-5)


@pytest.mark.slow
def test_proposals_of_one_question_share_the_same_samples(speaker: Path) -> None:
    spec = LabelSpec(load_model(f"hf:{speaker}", seed=3), evidence=("samples:6",), proposals=3)
    found = label_batch(CHOICES, spec).table.select(["example_id", "self_consistency", "predictive_entropy"])
    rows = found.to_pylist()
    for example in CHOICES:
        own = [row for row in rows if row["example_id"] == example.id]
        assert len(own) == len(example.options)
        assert len({row["predictive_entropy"] for row in own}) == 1
        assert sum(row["self_consistency"] for row in own) == pytest.approx(1)


@pytest.mark.slow
def test_null_labels_alone_give_null_columns(speaker: Path) -> None:
    spec = LabelSpec(load_model(f"hf:{speaker}"), evidence=("p_true", "samples:2"))
    found = elicit_evidence(spec, CHOICES, [None] * 6, [None] * 6)
    assert {name: column.null_count for name, column in found.items()} == {
        "p_true": 6,
        "self_consistency": 6,
        "predictive_entropy": 6,
        "majority": 6,
    }


@pytest.mark.slow
def test_evidence_that_a_model_cannot_give_is_refused(speaker: Path) -> None:
    with raises_code("hf-evidence-unsupported", UsageError):
        label_batch(CHOICES, LabelSpec(Fickle(), evidence=("p_true",)))
    model = load_model(f"hf:{speaker}")
    for evidence, fact in (
        (("icl:2",), "--few-shot FILE"),
        (("dreams",), "'dreams'"),
        (("reward",), "--reward hf:DIR"),
    ):
        with pytest.raises(UsageError, match=fact) as caught:
            label_batch(CHOICES, LabelSpec(model, evidence=evidence))
        assert "\n" not in str(caught.value)


def test_self_consistency_is_the_share_of_samples_with_the_meaning_of_the_label() -> None:
    assert self_consistency(CHOICE, "A", ["A", "B", "A", "A"]) == 0.75
    assert self_consistency(SUM, "0.5", ["1/2", "0.50", "2", "what?"]) == 0.5
    assert math.isnan(self_consistency(SUM, "1", []))


def test_clusters_are_meanings_or_texts_of_samples_without_a_label() -> None:
    assert sorted(cluster_by_meaning(SUM, ["1/2", "0.5", "2", "hm", "hm", "well"])) == [1, 1, 2, 2]


def test_majority_counts_meanings_and_ties_go_to_the_first_draw() -> None:
    assert majority_label(CHOICE, ["A", "B", "B"]) == "B"
    assert majority_label(CHOICE, ["B", "A", "A", "B"]) == "B"
    assert majority_label(SUM, ["2", "1/2", "0.50"]) in ("0.5", "1/2")
    assert majority_label(CHOICE, ["hm", "hm", "A"]) == "A"  # a reply without a label does not vote
    assert majority_label(CHOICE, ["hm"]) is None
    assert majority_label(CHOICE, []) is None


def test_predictive_entropy_is_the_entropy_over_meanings() -> None:
    assert predictive_entropy(CHOICE, ["A"] * 5) == 0
    assert predictive_entropy(CHOICE, ["A", "B"] * 4) == pytest.approx(math.log(2))
    assert predictive_entropy(SUM, ["1/2", "0.5", "3", "3.0"]) == pytest.approx(math.log(2))
    assert math.isnan(predictive_entropy(SUM, []))


# Oracles --------------------------------------------------------------------------------------------------


def test_each_oracle_has_its_own_columns() -> None:
    labels = label_batch(mates(2), LabelSpec(Net(), oracles=load_oracles_by_prefix(["search:depth=2"])))
    first = labels.table.to_pylist()[0]
    assert first["search_depth2_best"] in ("a1a8", "b1b8")
    assert first["search_depth2_regret_cp"] > 0
    assert column_prefix("uci:stockfish?nodes=1000&Skill Level=3") == "uci_stockfish_nodes1000_Skill_Level3"


def test_an_oracle_named_twice_is_refused() -> None:
    with raises_code("label-duplicate-oracle", UsageError):
        load_oracles_by_prefix(["search:depth=2", "search:depth=2"])
