"""The steps of an estimate are those that a chain takes, with their rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from w2s import select
from w2s.chain.config import ChainConfig
from w2s.chain.plan import kept_rows
from w2s.chain.planner import plan_chain
from w2s.config import build

ROWS = {"gold": 100, "pool": 1000, "test": 50}


def chain(**given: Any) -> ChainConfig:
    tables = {"teacher": "hf:a", "student": ["hf:b", "hf:c"], "task": "choice", "rounds": 2, "seeds": 3}
    tables |= {
        "examples": {"files": ["a"]},
        "evidence": ["hidden"],
        "arms": ["base", "gold", "naive", "trust"],
    }
    return build(ChainConfig, {**tables, **given}, "it")


def short(**given: Any) -> list[tuple[object, ...]]:
    return [
        (work.round, work.kind, work.arm, work.model, work.rows, work.times)
        for work in plan_chain(chain(**given), ROWS)
    ]


def test_every_step_is_there_once_with_its_rows_and_times() -> None:
    assert short(keep={"top": "20%"}) == [
        (0, "test", "teacher", "hf:a", 50, 1),
        (0, "test", "base", "hf:b", 50, 1),
        (0, "train", "gold", "hf:b", 100, 3),
        (0, "test", "gold", "hf:b", 50, 3),
        (1, "label", "labels", "hf:a", 1100, 1),
        (1, "train", "naive", "hf:b", 1000, 3),
        (1, "test", "naive", "hf:b", 50, 3),
        (1, "train", "trust", "hf:b", 200, 3),
        (1, "test", "trust", "hf:b", 50, 3),
        (2, "label", "labels", "hf:b", 1100, 3),  # the student of round 1, one of each seed
        (2, "train", "naive", "hf:c", 1000, 3),
        (2, "test", "naive", "hf:c", 50, 3),
        (2, "train", "trust", "hf:c", 200, 3),
        (2, "test", "trust", "hf:c", 50, 3),
    ]


def test_what_other_models_say_of_labels_is_a_step_of_its_own() -> None:
    found = short(evidence=["hidden", "student", "reward"], reward="hf:r", rounds=1)
    assert (1, "evidence", "the student's view", "hf:b", 1100, 1) in found
    assert (1, "evidence", "rewards", "hf:r", 1100, 1) in found


def test_arms_of_gold_and_trust_learn_from_both() -> None:
    arms = ["trust", "gold+trust", "gold-then-trust", "trust-then-gold", "confidence", "ceiling"]
    found = short(arms=arms, rounds=1, seeds=1, keep={"top": "300"}, teach={"gold_times": 2})
    learned = {arm: rows for _, kind, arm, _, rows, _ in found if kind == "train"}
    assert learned == {
        "trust": 300,
        "gold+trust": 500,
        "gold-then-trust": 300,
        "trust-then-gold": 100,
        "confidence": 300,
        "ceiling": 1000,
    }


def test_the_arm_self_trains_once_for_each_fold() -> None:
    found = short(arms=["trust", "self"], rounds=1, seeds=2, trust={"folds": 4})
    assert (0, "label", "self", "hf:b", 1100, 2) in found
    assert (0, "train", "self: folds of gold", "hf:b", 75, 8) in found


def test_budgets_warm_starts_and_soft_labels_are_counted() -> None:
    found = short(
        rounds=1, budget=[10, 50], teach={"warm_start": 0.5, "soft": "teacher"}, keep={"top": "100"}
    )
    assert (0, "train", "warm start", "hf:b", 50, 3) in found
    assert (0, "evidence", "beliefs for soft labels", "hf:a", 1000, 1) in found
    assert [row for row in found if row[1] == "train" and str(row[2]).startswith("budget")] == [
        (0, "train", "budget 10, gold", "hf:b", 10, 3),
        (0, "train", "budget 10, trust", "hf:b", 100, 3),
        (0, "train", "budget 10, gold+trust", "hf:b", 110, 3),
        (0, "train", "budget 50, gold", "hf:b", 50, 3),
        (0, "train", "budget 50, trust", "hf:b", 100, 3),
        (0, "train", "budget 50, gold+trust", "hf:b", 150, 3),
    ]


def test_what_is_kept_is_a_share_a_count_or_at_most_all() -> None:
    for keep, rows in (
        ({"top": "12.5%"}, 125),
        ({"top": "12.45%"}, len(select(np.zeros(1000), top="12.45%"))),
        ({"top": "30"}, 30),
        ({"top": "5000"}, 1000),
        ({"purity": 0.9}, 1000),
    ):
        assert kept_rows(chain(keep=keep), 1000) == rows


def test_the_arm_self_is_of_every_budget() -> None:
    found = short(arms=["base", "self", "trust"], budget=[20, 40], rounds=1)
    folds = [work for work in found if str(work[2]).endswith("self: folds of gold")]
    assert [work[4] for work in folds] == [80, 16, 32]
    assert {work[5] for work in folds} == {15}
    assert (0, "train", "budget 20, self", "hf:b", 250, 3) in found


def test_proposals_are_labelled_and_seen_once_each() -> None:
    found = short(proposals=3, evidence=["hidden", "student"], rounds=1)
    assert (1, "label", "labels", "hf:a", 1100, 1) in found
    assert (1, "evidence", "other proposals", "hf:a", 2200, 1) in found
    assert (1, "evidence", "the student's view", "hf:b", 3300, 1) in found
