"""The crowd of several teachers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tests.doubles.labels import labels
from w2s.crowds import aggregate_votes
from w2s.evidence import Labels
from w2s.trust import trust_function
from w2s.trust.crowd import ABSENT, posterior, teacher_skills, vote_codes


def of(**columns: object) -> Labels:
    count = len(next(iter(columns.values())))  # type: ignore[arg-type]
    return Labels(pa.table({"id": [f"{i}" for i in range(count)], **columns}))


def test_votes_are_coded_within_each_row() -> None:
    found = of(label=["a", "a", None], peer_label=["b", None, "c"], peer_label_x=["b", "a", "d"])
    codes = vote_codes(found, ["peer_label", "peer_label_x"])
    assert codes.tolist() == [[0, 1, 1], [0, ABSENT, 0], [ABSENT, 1, 2]]


def test_crowd_without_gold_equals_aggregate_votes() -> None:
    draw = np.random.default_rng(0)
    truth = draw.integers(0, 4, 3000)
    rates = np.array([0.8, 0.6, 0.5])
    said = np.where(draw.random((3000, 3)) < rates, truth[:, None], draw.integers(0, 4, (3000, 3)))
    said[draw.random((3000, 3)) < 0.1] = ABSENT
    rows, workers = np.nonzero(said != ABSENT)
    oracle = aggregate_votes(
        rows,
        workers,
        said[rows, workers],
        method="one-coin",
        classes=range(4),
        priors=[0.25] * 4,
        tolerance=0,
    )
    skill = teacher_skills(said, 4)
    np.testing.assert_allclose(skill, oracle.skill, atol=2e-3)
    np.testing.assert_allclose(posterior(said, skill, 4)[oracle.items], oracle.posterior, atol=0.02)


def test_gold_exposes_teachers_that_repeat_the_label() -> None:
    draw = np.random.default_rng(1)
    right = draw.random(2000) < 0.4
    honest = np.where(draw.random(2000) < 0.9, np.where(right, "a", "b"), "c")
    echo = np.where(draw.random(2000) < 0.95, "a", "d")  # says what the teacher says, right or wrong
    found = of(label=["a"] * 2000, peer_label=honest, peer_label_echo=echo)
    scores = trust_function("crowd").fit(found, right).score(found)
    assert scores[right].mean() > 0.7
    assert scores[~right].mean() < 0.25


def test_crowd_scores_are_calibrated() -> None:
    found = labels(2000)
    scores = trust_function("crowd").fit(found).score(found)
    assert abs(scores.mean() - found.correct.mean()) < 0.02
