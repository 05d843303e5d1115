"""What arms are made of: labels as hard or soft targets, rows repeated, names that are known."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

import w2s
from tests.doubles.errors import raises_code
from w2s.chain.arms import ARMS, check_arms
from w2s.chain.student import n_examples
from w2s.chain.training_inputs import LabelledInputs, TrainingInputs
from w2s.chain.training_rows import concat, gold_rows, label_rows, repeat
from w2s.errors import UsageError
from w2s.evidence import Labels
from w2s.tasks import AnswerExample, MoveExample
from w2s.train import TrainingSet

STATES = [w2s.game("connect_four").state(moves=[column]) for column in "1234567"]
POOL = {f"p{i}": MoveExample(f"p{i}", state, gold=("4", "3")) for i, state in enumerate(STATES)}
LABELS = Labels(pa.table({"id": list(POOL), "label": list("1234567")}))


def test_labels_are_joined_to_examples_by_id() -> None:
    found = label_rows([*POOL.values()], LABELS, np.array([4, 1]), np.arange(7.0))
    assert [example.id for example in found.examples] == ["p4", "p1"]
    assert found.targets == [{"5": 1.0}, {"2": 1.0}]
    assert found.weights.tolist() == [4.0, 1.0]


def test_soft_targets_depend_on_id_and_label() -> None:
    found = label_rows(
        [*POOL.values()], LABELS, np.array([0]), soft=lambda id_, label: {label: 0.5, id_: 0.5}
    )
    assert found.targets == [{"1": 0.5, "p0": 0.5}]


def test_repeated_rows_count_as_one_example() -> None:
    gold = repeat(gold_rows(list(POOL.values())[:2]), 4)
    found = concat(gold, label_rows([*POOL.values()], LABELS, np.array([4, 5])))
    assert len(found) == len(found.weights) == len(found.targets) == 10
    assert n_examples(found) == 4
    assert found.targets[0] == {"4": 0.5, "3": 0.5}


def own_labels(soft: bool) -> TrainingSet:
    """What the control arm learns where trust keeps the labels 4 and 1."""
    prior = {id_: {"1": 0.2, "2": 0.5, "7": 0.3} for id_ in POOL}
    target = (lambda id_, label: {label: 1.0}) if soft else None
    kept = np.array([1, 4])
    made_of = LabelledInputs(LABELS, LABELS, LABELS, kept, np.arange(7.0), 2, target, prior=prior)
    (data,) = ARMS["self-labels"].stages[0]
    return data.build(TrainingInputs([], [*POOL.values()], 0, labelled=made_of))


def test_control_learns_the_students_own_choice_where_trust_keeps_a_label() -> None:
    found = own_labels(soft=False)
    assert [example.id for example in found.examples] == ["p1", "p4"]
    assert found.targets == [{"2": 1.0}] * 2
    assert found.weights.tolist() == [1.0, 4.0]


def test_control_learns_the_students_own_policy_where_labels_are_soft() -> None:
    assert own_labels(soft=True).targets == [{"1": 0.2, "2": 0.5, "7": 0.3}] * 2


def test_majority_replaces_labels_and_their_replies() -> None:
    questions = [AnswerExample(f"a{row}", f"{row}?", ("1",)) for row in range(3)]
    table = {"id": ["a0", "a1", "a2"], "label": ["1", "2", "3"], "raw": ["so 1", "so 2", "so 3"]}
    labels = Labels(pa.table({**table, "majority": ["1", "5", None]}))
    made_of = LabelledInputs(labels, labels, labels, np.zeros(0, np.int64), None, 0)
    (data,) = ARMS["majority"].stages[0]
    found = data.build(TrainingInputs([], questions, 0, labelled=made_of))
    assert found.targets == [{"1": 1.0}, {"5": 1.0}, {"3": 1.0}]
    assert found.rationales == ["so 1", None, "so 3"]


def test_only_arms_without_gold_may_have_an_own_chain() -> None:
    impossible = {name for name, arm in ARMS.items() if not arm.allows_own_chain}
    assert impossible >= {"base", "teacher", "gold", "self", "ceiling", "gold+trust", "trust-then-gold"}
    assert not impossible & {"naive", "majority", "random", "confidence", "logistic", "trust"}


def test_unknown_arm_is_refused_with_the_known_ones() -> None:
    check_arms(["base", "self", "gold-then-trust", "trust-then-gold", "confidence"])
    with raises_code("chain-unknown-arm", UsageError) as caught:
        check_arms(["trust", "gold>trust"])
    assert all(name in str(caught.value) for name in ("gold>trust", "self", "gold-then-trust"))
