"""Functions of one number: signals, agreement, confident learning, crowds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.doubles.errors import raises_code
from tests.doubles.labels import labels
from w2s.crowds import crowd
from w2s.errors import DataError
from w2s.evidence import Labels
from w2s.trust import trust_function
from w2s.trust.confident import confidence_weighted_entropy
from w2s.trust.teachers import ABSENT, posterior, skills, votes

GOLDEN = Path(__file__).resolve().parents[4] / "shared" / "docs" / "golden.json"


def of(**columns: object) -> Labels:
    count = len(next(iter(columns.values())))  # type: ignore[arg-type]
    return Labels(pa.table({"id": [f"{i}" for i in range(count)], **columns}))


def raw(name: str, found: Labels, **options: object) -> list[float]:
    correct = np.arange(len(found)) % 2 == 0
    return trust_function(name, **options).fit(found, correct).score(found).round(6).tolist()


def test_signals_are_what_they_say() -> None:
    assert raw("confidence", of(log_prob=[np.log(0.25), 0.0, None])) == [0.25, 1, 0]
    assert raw("margin", of(margin=[-1.0, 0.5, None])) == [0, 0.75, 0]
    certain = of(entropy=[0.0, np.log(4), np.log(2)], n_options=[1, 4, 4])
    assert raw("entropy", certain) == [1, 0, 0.5]
    drawn = of(label=["a", "a", "a"], samples=[["a", "b", "a", "a"], [], None])
    assert raw("self_consistency", drawn) == [0.75, 0, 0]


def test_the_deepest_search_is_asked_and_any_can_be() -> None:
    found = of(
        label=list("aaaaaaaa"),
        search_depth2_best=list("abababab"),
        search_depth10_regret_cp=[0, 0, 300, 300, 0, 0, 300, 300],
    )
    deep = trust_function("search_agreement").fit(found, np.array([True, True, False, False] * 2))
    assert deep.score(found).round(3).tolist() == [0.9, 0.9, 0.1, 0.1] * 2
    shallow = trust_function("search_agreement", column="search_depth2_best")
    scores = shallow.fit(found, np.array([True, False] * 4)).score(found)
    assert scores.round(3).tolist() == [0.9, 0.1] * 4
    with raises_code("trust-missing-evidence", DataError) as caught:
        trust_function("search_agreement", column="search_depth3_best").fit(found, np.arange(8) > 3)
    assert "search_depth3_best" in str(caught.value)


def test_labels_that_no_search_saw_have_the_share_of_such_gold() -> None:
    found = of(label=list("aaaaa"), search_best=["a", "b", None, None, None])
    right = np.array([True, False, True, True, False])
    scores = trust_function("search_agreement").fit(found, right).score(found)
    assert scores[2:].tolist() == pytest.approx([(2 + 0.6) / 4] * 3)


def test_peers_agree_by_a_flag_or_by_their_labels() -> None:
    found = of(label=list("aaaa"), peer_agrees=[True, False, None, True], peer_label=["a", "b", None, "b"])
    scores = trust_function("peer_agreement").fit(found, np.array([True, False, True, True])).score(found)
    assert scores[0] >= scores[3] > scores[1]


@pytest.mark.skipif(not GOLDEN.exists(), reason="needs shared/docs/golden.json")
def test_label_quality_is_that_of_cleanlab() -> None:
    golden = json.loads(GOLDEN.read_text())["cleanlab"]
    probs, given = np.array(golden["pred_probs"]), np.array(golden["labels"])
    own = probs[np.arange(len(given)), given]
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = -np.nansum(probs * np.log(probs), axis=1)
    found = confidence_weighted_entropy(own, entropy, np.full(len(own), 3.0))
    np.testing.assert_allclose(found, golden["confidence_weighted_entropy"], rtol=1e-6)
    others = probs.copy()
    others[np.arange(len(given)), given] = -1
    table = of(margin=own - others.max(axis=1), log_prob=np.log(np.maximum(own, 1e-30)))
    for score in ("normalized_margin", "self_confidence"):
        assert raw("confident_learning", table, score=score) == pytest.approx(golden[score], abs=1e-6)


def test_a_class_that_is_doubted_on_the_whole_is_not_trusted_less() -> None:
    found = of(label=list("aabb"), log_prob=np.log([0.9, 0.7, 0.5, 0.3]))
    assert raw("confident_learning", found, score="self_confidence", by="label") == [0.55, 0.45, 0.55, 0.45]


def test_votes_are_numbered_within_each_row() -> None:
    found = of(label=["a", "a", None], peer_label=["b", None, "c"], peer_label_x=["b", "a", "d"])
    codes = votes(found, ["peer_label", "peer_label_x"])
    assert codes.tolist() == [[0, 1, 1], [0, ABSENT, 0], [ABSENT, 1, 2]]


def test_without_gold_the_crowd_is_that_of_w2s_crowd() -> None:
    draw = np.random.default_rng(0)
    truth = draw.integers(0, 4, 3000)
    rates = np.array([0.8, 0.6, 0.5])
    said = np.where(draw.random((3000, 3)) < rates, truth[:, None], draw.integers(0, 4, (3000, 3)))
    said[draw.random((3000, 3)) < 0.1] = ABSENT
    rows, workers = np.nonzero(said != ABSENT)
    oracle = crowd(
        rows,
        workers,
        said[rows, workers],
        method="one_coin",
        classes=range(4),
        priors=[0.25] * 4,
        tolerance=0,
    )
    skill = skills(said, 4)
    np.testing.assert_allclose(skill, oracle.skill, atol=2e-3)
    np.testing.assert_allclose(posterior(said, skill, 4)[oracle.items], oracle.posterior, atol=0.02)


def test_gold_shows_a_majority_that_conspires() -> None:
    draw = np.random.default_rng(1)
    right = draw.random(2000) < 0.4
    honest = np.where(draw.random(2000) < 0.9, np.where(right, "a", "b"), "c")
    echo = np.where(draw.random(2000) < 0.95, "a", "d")  # says what the teacher says, right or wrong
    found = of(label=["a"] * 2000, peer_label=honest, peer_label_echo=echo)
    scores = trust_function("crowd").fit(found, right).score(found)
    assert scores[right].mean() > 0.7
    assert scores[~right].mean() < 0.25


def test_crowd_posteriors_are_probabilities() -> None:
    found = labels(2000)
    scores = trust_function("crowd").fit(found).score(found)
    assert abs(scores.mean() - found.correct.mean()) < 0.02
