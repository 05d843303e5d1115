"""The steps of an estimate are those that a chain takes, with their rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from w2s import select
from w2s.chain.arms import default_arms
from w2s.chain.config import ChainConfig
from w2s.chain.estimate.estimate import plan_lines
from w2s.chain.planner import plan_chain
from w2s.config import parse_config

ROWS = {"gold": 100, "pool": 1000, "test": 50}


def chain(**given: Any) -> ChainConfig:
    tables = {"teacher": "hf:a", "student": ["hf:b", "hf:c"], "task": "choice", "rounds": 2, "seeds": 3}
    tables |= {
        "examples": {"files": ["a"]},
        "evidence": ["hidden"],
        "arms": ["base", "gold", "naive", "trust"],
    }
    return parse_config(ChainConfig, {**tables, **given}, "it")


def lines(**given: Any) -> list[tuple[object, ...]]:
    """Round, kind, arm, model, rows and number of steps of all work, equal work together."""
    return [
        (line.round, line.kind, line.arm, line.work.model, line.work.rows, len(line.folders))
        for line in plan_lines(plan_chain(chain(**given), **ROWS, pool_answered=True))
        if line.work is not None
    ]


def test_every_step_is_planned_once_with_its_rows() -> None:
    assert lines(keep={"top": "20%"}) == [
        (0, "test", "base", "hf:b", 50, 1),
        (0, "test", "teacher", "hf:a", 50, 1),
        (0, "train", "gold", "hf:b", 100, 3),
        (0, "test", "gold", "hf:b", 50, 3),
        (1, "label", "labels", "hf:a", 1100, 1),
        (1, "train", "naive", "hf:b", 1000, 3),
        (1, "test", "naive", "hf:b", 50, 3),
        (1, "train", "trust", "hf:b", 200, 3),
        (1, "test", "trust", "hf:b", 50, 3),
        (2, "label", "labels", "hf:b", 1100, 3),  # the student of round 1, one of each seed
        (2, "label", "labels by naive", "hf:b", 1000, 3),  # its own student; it reads no gold
        (2, "train", "naive", "hf:c", 1000, 3),
        (2, "test", "naive", "hf:c", 50, 3),
        (2, "train", "trust", "hf:c", 200, 3),
        (2, "test", "trust", "hf:c", 50, 3),
    ]


def test_evidence_of_other_models_is_work_of_its_own() -> None:
    found = lines(evidence=["hidden", "student", "reward"], reward="hf:r", rounds=1)
    assert (1, "evidence", "the student's view", "hf:b", 1100, 1) in found
    assert (1, "evidence", "rewards", "hf:r", 1100, 1) in found


def test_arms_of_gold_and_trust_learn_from_both() -> None:
    arms = ["trust", "gold+trust", "gold-then-trust", "trust-then-gold", "confidence", "ceiling"]
    found = lines(arms=arms, rounds=1, seeds=1, keep={"top": "300"}, teach={"gold_times": 2})
    learned = {arm: rows for _, kind, arm, _, rows, _ in found if kind == "train"}
    assert learned == {
        "gold": 100,  # the first stage of gold-then-trust
        "trust": 300,
        "gold+trust": 500,
        "gold-then-trust": 300,
        "trust-then-gold": 100,
        "confidence": 300,
        "ceiling": 1000,
    }


def test_self_training_trains_once_per_fold() -> None:
    found = lines(arms=["trust", "self"], rounds=1, seeds=2, trust={"folds": 4})
    assert (0, "label", "self", "hf:b", 1000, 2) in found
    assert (0, "label", "self", "hf:b", 25, 8) in found  # each fold of gold
    assert (0, "train", "self: folds of gold", "hf:b", 75, 8) in found


def test_curve_warm_start_and_soft_labels_are_planned() -> None:
    found = lines(
        rounds=1, gold_sizes=[10, 50], teach={"warm_start": 0.5, "soft": "teacher"}, keep={"top": "100"}
    )
    assert (0, "train", "warm start", "hf:b", 50, 3) in found
    assert (1, "evidence", "distributions for soft labels", "hf:a", 1000, 1) in found
    points = {name: rows for _, kind, name, _, rows, _ in found if kind == "train" and "budget" in str(name)}
    assert points == {
        f"budget {gold}, {name}": rows
        for gold in (10, 50)
        for name, rows in {
            "warm start": gold // 2,
            "gold": gold,
            "trust": 100,
            "gold+trust": 100 + gold,
        }.items()
    }


def test_kept_rows_are_a_share_a_count_or_all() -> None:
    for keep, rows in (
        ({"top": "12.5%"}, 125),
        ({"top": "12.45%"}, len(select(np.zeros(1000), top="12.45%"))),
        ({"top": "30"}, 30),
        ({"top": "5000"}, 1000),
        ({"purity": 0.9}, 1000),
    ):
        assert chain(keep=keep).keep.count(1000) == rows


def test_self_training_is_on_every_point_of_the_curve() -> None:
    found = lines(arms=["base", "self", "trust"], gold_sizes=[20, 40], rounds=1)
    folds = [work for work in found if str(work[2]).endswith("self: folds of gold")]
    assert [work[4] for work in folds] == [80, 16, 32]
    assert {work[5] for work in folds} == {15}
    assert (0, "train", "budget 20, self", "hf:b", 250, 3) in found


def test_every_proposal_is_labelled_and_seen_once() -> None:
    found = lines(proposals=3, evidence=["hidden", "student"], rounds=1)
    assert (1, "label", "labels", "hf:a", 1100, 1) in found
    assert (1, "evidence", "other proposals", "hf:a", 2200, 1) in found
    assert (1, "evidence", "the student's view", "hf:b", 3300, 1) in found


def test_arms_that_the_examples_cannot_give_are_left_out() -> None:
    def left_out(pool_answered: bool, **given: Any) -> set[str]:
        tables = {"task": "move", "student": "policy:b", "arms": default_arms(), **given}
        found = plan_chain(chain(**tables), **ROWS, pool_answered=pool_answered)
        assert set(found.arms) | set(found.left_out) == set(default_arms())
        return set(found.left_out)

    matches = {"source": "matches", "examples": {}}
    shifted = {"name": "ood_dist", "gold_examples": ["sts.epd"]}
    other = {"name": "ood_domain", "gold_examples": ["o"], "gold_game": "othello", "gold_teacher": "hf:o"}
    assert left_out(True) == left_out(True, **matches) == left_out(True, regime=shifted) == set()
    assert left_out(False, **matches) == {"ceiling"}
    assert left_out(True, regime=other) == {"gold", "gold+trust"}


def test_own_chain_labels_what_its_arm_reads() -> None:
    arms = ["trust", "naive", "random", "confidence", "icl", "logistic", "search_agreement"]
    config = chain(
        task="move",
        teacher="policy:a",
        student="policy:b",
        arms=arms,
        chains={"own": arms},
        evidence=["hidden", "student", "icl:4"],
        oracles=["search:depth=2"],
        proposals=3,
        seeds=1,
    )
    (planned,) = plan_chain(config, **ROWS, pool_answered=True).rounds[1]
    main, *own = planned.teachers
    assert (main.arm, main.labels.pool.evidence, main.labels.pool.proposals) == ("trust", config.evidence, 3)
    read = {one.arm: (one.labels.pool.evidence, one.labels.pool.oracles) for one in own}
    assert read == {
        "naive": ((), ()),
        "random": ((), ()),
        "confidence": ((), ()),
        "icl": (("icl:4",), ()),
        "logistic": (("hidden",), ()),
        "search_agreement": ((), ("search:depth=2",)),
    }
    assert {one.arm for one in own if one.labels.has_gold} == set(read) - {"naive", "random"}
    assert {one.labels.pool.proposals for one in own} == {1}
    assert [one.labels.trust for one in own] == [None] * len(own)
    assert {name: arm.teacher for name, arm in planned.arms.items()} == {name: name for name in arms}


def test_audit_is_planned_for_the_first_teacher_and_each_round() -> None:
    config = chain(stop={"decline": True}, chains={"own": []})
    steps = plan_lines(plan_chain(config, **ROWS, pool_answered=True, audit=25))
    audits = [line for line in steps if line.arm == "audit"]
    found = [(line.round, line.work.model, line.work.rows) for line in audits if line.work is not None]
    assert found == [(0, "hf:a", 25), (1, "hf:b", 25), (2, "hf:c", 25)]
    assert [len(line.folders) for line in audits] == [1, 3, 3]
