"""What arms are made of: labels as hard or soft targets, rows repeated, names that are known."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import w2s
from tests.doubles.errors import raises_code
from w2s.chain.arms import check_arms, concat, gold_rows, label_rows, repeat
from w2s.chain.soft_labels import smooth_by_trust
from w2s.chain.student import n_examples, together, with_lr_scale
from w2s.errors import UsageError
from w2s.evidence import Labels
from w2s.tasks import MoveExample

STATES = [w2s.game("connect_four").state(moves=[column]) for column in "1234567"]
POOL = {f"p{i}": MoveExample(f"p{i}", state, gold=("4", "3")) for i, state in enumerate(STATES)}
LABELS = Labels(pa.table({"id": list(POOL), "label": list("1234567")}))


def test_labels_are_joined_by_id_and_are_their_own_targets() -> None:
    found = label_rows(POOL, LABELS, np.array([4, 1]), np.arange(7.0))
    assert [example.id for example in found.examples] == ["p4", "p1"]
    assert found.targets == [{"5": 1.0}, {"2": 1.0}]
    assert found.weights.tolist() == [4.0, 1.0]


def test_soft_targets_are_asked_by_id_and_label() -> None:
    found = label_rows(POOL, LABELS, np.array([0]), soft=lambda id_, label: {label: 0.5, id_: 0.5})
    assert found.targets == [{"1": 0.5, "p0": 0.5}]


@given(st.floats(0, 1), st.lists(st.floats(0.01, 1), min_size=2, max_size=7))
def test_a_label_is_as_likely_as_it_is_trusted_and_the_rest_keeps_its_shares(
    trust: float, shares: list[float]
) -> None:
    belief = {f"{place}": share / sum(shares) for place, share in enumerate(shares)}
    found = smooth_by_trust("0", trust, belief)
    assert found["0"] == trust
    assert sum(found.values()) == pytest.approx(1.0)
    for move in list(belief)[2:]:
        assert found[move] * belief["1"] == pytest.approx(found["1"] * belief[move])


def test_the_only_move_there_is_is_certain() -> None:
    assert smooth_by_trust("0", 0.3, {"0": 1.0}) == {"0": 1.0}


def test_repeated_gold_counts_as_often_and_is_counted_once() -> None:
    gold = repeat(gold_rows(list(POOL.values())[:2]), 4)
    found = concat(gold, label_rows(POOL, LABELS, np.array([4, 5])))
    assert len(found) == len(found.weights) == len(found.targets) == 10
    assert n_examples(found) == 4
    assert found.targets[0] == {"4": 0.5, "3": 0.5}


def test_what_comes_second_has_a_share_of_the_rate() -> None:
    assert with_lr_scale("policy:a", {"epochs": 3}, 0.5) == {"epochs": 3, "learning_rate": 2.5e-4}
    assert with_lr_scale("policy:a", {"learning_rate": 1e-2}, 0.1)["learning_rate"] == pytest.approx(1e-3)
    facts = [{"model": name, "rows": 10, "seconds": 1.5} for name in "ab"]
    assert together(*facts) == {"model": "b", "rows": 20, "seconds": 3.0}


def test_an_arm_that_is_not_known_is_refused_with_those_that_are() -> None:
    check_arms(["base", "self", "gold-then-trust", "trust-then-gold", "confidence"])
    with raises_code("chain-unknown-arm", UsageError) as caught:
        check_arms(["trust", "gold>trust"])
    assert all(name in str(caught.value) for name in ("gold>trust", "self", "gold-then-trust"))
