"""Crowds: published examples, plain oracles, and what must hold for every method."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import w2s
from tests.doubles.errors import raises_code
from w2s.crowds import CrowdLabels, vote_methods
from w2s.errors import DataError, UsageError, W2sError

LEARNING = ["dawid-skene", "one-coin", "glad", "mace", "zero-based"]


@pytest.fixture(scope="module")
def published(data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((data.parent / "docs" / "golden.json").read_text())["crowdkit"]
    return found


def toy(published: dict[str, Any], **options: Any) -> CrowdLabels:
    workers, items, votes = zip(*published["toy"], strict=True)
    return w2s.aggregate_votes(list(items), list(workers), list(votes), **options)


def published_figure(published: dict[str, Any], found: CrowdLabels) -> float:
    """What crowd-kit calls the evidence lower bound; it counts the prior once a vote, and so is none.

    Ours, which counts it once an item, is in ``trace``.
    """
    assert found.confusion is not None
    figure = 0.0
    for worker, item, vote in published["toy"]:
        likely = found.confusion[found.workers.tolist().index(worker), :, found.classes.tolist().index(vote)]
        posterior = found.posterior[found.items.tolist().index(item)]
        figure += float(posterior @ (np.log(np.maximum(likely, 1e-10)) + np.log(found.priors)))
    floored = np.maximum(found.posterior, 1e-10)
    return float(figure - (floored * np.log(floored)).sum()) / len(published["toy"])


def check_figures(published: dict[str, Any], method: str, expected: list[float]) -> None:
    fits = [
        toy(published, method=method, max_iterations=count + 1, tolerance=0) for count in range(len(expected))
    ]
    np.testing.assert_allclose([published_figure(published, found) for found in fits], expected, rtol=1e-8)


def check_posterior(found: CrowdLabels, expected: dict[str, dict[str, float]], tolerance: float) -> None:
    assert found.items.tolist() == sorted(expected)
    assert found.classes.tolist() == ["no", "yes"]
    wanted = [[expected[item][name] for name in ("no", "yes")] for item in found.items.tolist()]
    np.testing.assert_allclose(found.posterior, wanted, atol=tolerance)


@pytest.mark.data
def test_majority_equals_published_shares(published: dict[str, Any]) -> None:
    check_posterior(toy(published, method="majority"), published["MV"], 1e-12)


@pytest.mark.data
def test_dawid_skene_equals_published_posterior_priors_and_bound(published: dict[str, Any]) -> None:
    found = toy(published, method="dawid-skene", max_iterations=10, tolerance=0)
    check_posterior(found, published["DS_n10_tol0"], 1e-8)
    check_figures(published, "dawid-skene", published["DS_n10_tol0_elbo"])
    np.testing.assert_allclose(
        found.priors, [published["DS_n10_tol0_priors"][name] for name in ("no", "yes")]
    )
    assert found.labels.tolist() == ["yes", "yes", "no", "yes", "no"]


@pytest.mark.data
def test_dawid_skene_converges_like_the_published_run(published: dict[str, Any]) -> None:
    found = toy(published, method="dawid-skene", max_iterations=100, tolerance=1e-5)
    assert (len(found.trace), found.converged) == (len(published["DS_n100_elbo"]), True)


@pytest.mark.data
def test_one_coin_equals_published_posterior_and_bound(published: dict[str, Any]) -> None:
    found = toy(published, method="one-coin", max_iterations=10, tolerance=0)
    check_posterior(found, published["OneCoin_n10"], 1e-8)
    check_figures(published, "one-coin", published["OneCoin_n10_elbo"])


def votes(max_votes: int = 40) -> st.SearchStrategy[list[tuple[int, int, int]]]:
    return st.lists(
        st.tuples(st.integers(0, 7), st.integers(0, 4), st.integers(0, 2)), min_size=1, max_size=max_votes
    )


@given(votes())
def test_majority_is_a_plain_count(rows: list[tuple[int, int, int]]) -> None:
    items, workers, classes = map(list, zip(*rows, strict=True))
    found = w2s.aggregate_votes(items, workers, classes, method="majority")
    for place, item in enumerate(found.items.tolist()):
        given_to = [vote for one, _, vote in rows if one == item]
        expected = [given_to.count(name) / len(given_to) for name in found.classes.tolist()]
        np.testing.assert_allclose(found.posterior[place], expected)
        assert found.labels[place] == found.classes[int(np.argmax(expected))]


@pytest.mark.parametrize("method", LEARNING)
@settings(max_examples=30)
@given(rows=votes())
def test_posteriors_are_probabilities_and_objectives_rise(
    method: str, rows: list[tuple[int, int, int]]
) -> None:
    items, workers, classes = map(list, zip(*rows, strict=True))
    found = w2s.aggregate_votes(items, workers, classes, method=method, max_iterations=15, tolerance=0)
    np.testing.assert_allclose(found.posterior.sum(axis=1), 1, rtol=1e-9)
    assert ((found.posterior >= 0) & (found.posterior <= 1)).all()
    assert np.array_equal(found.trust, found.posterior.max(axis=1))
    assert len(found.trace) == 15
    if method != "zero-based":  # its objective may fall for a while
        # Probabilities have a floor of 1e-10, so the highest objective of all is missed by about that much.
        slack = np.maximum(1e-7 * np.abs(found.trace[:-1]), 1e-9)
        assert (np.diff(found.trace) >= -slack).all()


def planted(n_items: int = 300, seed: int = 0) -> tuple[np.ndarray, ...]:
    """Votes of seven workers, three of them good, on items of three classes."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, 3, n_items)
    items = np.repeat(np.arange(n_items), 7)
    workers = np.tile(np.arange(7), n_items)
    right = random.random(len(items)) < np.array([0.95, 0.9, 0.9, 0.4, 0.4, 0.35, 0.35])[workers]
    return truth, items, workers, np.where(right, truth[items], random.integers(0, 3, len(items)))


@pytest.mark.parametrize("method", LEARNING)
def test_learned_skills_beat_the_majority(method: str) -> None:
    truth, items, workers, cast = planted()
    learned = w2s.aggregate_votes(items, workers, cast, method=method)
    counted = w2s.aggregate_votes(items, workers, cast, method="majority")
    assert (learned.labels == truth).mean() > (counted.labels == truth).mean()
    assert learned.skill[:3].min() > learned.skill[3:].max()


@pytest.mark.parametrize("method", ["majority", *LEARNING])
def test_result_does_not_depend_on_names_and_row_order(method: str) -> None:
    _, items, workers, cast = planted(60)
    plain = w2s.aggregate_votes(items, workers, cast, method=method)
    order = np.random.default_rng(1).permutation(len(items))
    named = w2s.aggregate_votes(
        pa.array([f"item {item:03}" for item in items[order]]),
        pa.array([f"worker {worker}" for worker in workers[order]]).dictionary_encode(),
        pa.array(["red", "white", "yellow"]).take(pa.array(cast[order])),
        method=method,
    )
    np.testing.assert_allclose(named.posterior, plain.posterior, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(named.skill, plain.skill, rtol=1e-6)
    assert named.classes.tolist() == ["red", "white", "yellow"]
    assert named.workers.tolist() == [f"worker {worker}" for worker in plain.workers]


def test_abstentions_are_ignored_and_items_without_votes_get_the_priors() -> None:
    found = w2s.aggregate_votes(
        ["a", "a", "a", "b"],
        ["x", "y", "z", "x"],
        ["no", None, "no", None],
        method="majority",
        classes=["no", "yes"],
    )
    assert found.posterior.tolist() == [[1.0, 0.0], [0.5, 0.5]]
    assert found.labels.tolist() == ["no", "no"]


def test_weights_repeat_votes_and_skills_weigh_workers() -> None:
    items, workers, cast = ["a", "a", "a"], ["x", "y", "z"], [1, 0, 0]
    weighed = w2s.aggregate_votes(items, workers, cast, method="majority", weights=[6.0, 1.0, 1.0])
    assert (weighed.labels.tolist(), weighed.trust.tolist()) == ([1], [0.75])
    skilled = w2s.aggregate_votes(
        items, workers, cast, method="weighted-majority", skills={"x": 6, "y": 1, "z": 1}
    )
    assert np.array_equal(skilled.posterior, weighed.posterior)


def test_classes_and_priors_can_be_given() -> None:
    found = w2s.aggregate_votes(
        ["a"], ["x"], ["b"], method="one-coin", classes=["c", "b", "a"], priors={"a": 0, "b": 0.5, "c": 0.5}
    )
    assert found.classes.tolist() == ["c", "b", "a"]
    assert found.priors.tolist() == [0.5, 0.5, 0.0]


@pytest.mark.parametrize("method", [name for name in vote_methods() if name != "weighted-majority"])
def test_one_worker_is_believed(method: str) -> None:
    found = w2s.aggregate_votes(["a", "b", "c"], ["x", "x", "x"], [0, 1, 1], method=method)
    assert found.labels.tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("options", "error", "code", "named"),
    [
        ({"method": "vote"}, UsageError, "votes-unknown-method", "known: majority, "),
        ({"method": "dawid_skene"}, UsageError, "votes-unknown-method", "did you mean dawid-skene?"),
        ({"skills": {"x": 1, "y": 1}}, UsageError, "votes-unused-option", "skills"),
        ({"method": "weighted-majority"}, UsageError, "votes-missing-skills", "weighted-majority"),
        ({"restarts": 2}, UsageError, "votes-unused-option", "restarts"),
        ({"items": ["a", None]}, DataError, "votes-null-id", "items: row 1"),
        ({"classes": ["no"]}, DataError, "votes-unknown-class", "votes: row 1 is for 'yes'"),
        ({"classes": ["no", "no"]}, UsageError, "votes-repeated-class", ""),
        ({"priors": {"no": 1.0}}, UsageError, "votes-missing-value", "`priors` has no value for 'yes'"),
        ({"max_iterations": 0}, UsageError, "votes-bad-count", "`max_iterations` is 0"),
        ({"workers": ["x"]}, DataError, "votes-length-mismatch", "workers has 1 values for 2 votes"),
        ({"votes": [None, None]}, DataError, "votes-empty", "no classes"),
        ({"weights": [1.0, -1.0]}, DataError, "votes-bad-weight", "row 1: weight -1"),
        ({"priors": [0.5, 0.1]}, UsageError, "votes-bad-prior-sum", "0.6"),
        ({"tolerance": -1.0}, UsageError, "votes-bad-tolerance", "tolerance -1"),
    ],
)
def test_bad_arguments_have_a_code(
    options: dict[str, Any], error: type[W2sError], code: str, named: str
) -> None:
    columns = {"items": ["a", "a"], "workers": ["x", "y"], "votes": ["no", "yes"]} | options
    with raises_code(code, error) as caught:
        w2s.aggregate_votes(**columns)
    assert named in str(caught.value)
