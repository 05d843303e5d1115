"""Cuts with a bounded false discovery rate: the procedure by its definition, and the level by simulation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import w2s
from studies import certificates
from tests.doubles.errors import raises_code
from w2s.certification import FdrCertificate, FdrCut
from w2s.errors import DataError, UsageError, W2sError

RUNS = 400


def benjamini_hochberg(scores: Any, correct: Any, pool: Any, fdr: float) -> np.ndarray:
    """The rows of the pool that the procedure keeps, straight from its definition."""
    p = np.array([(1 + np.sum(scores[~correct] >= one)) / (len(scores) + 1) for one in pool])
    for k in range(len(pool), 0, -1):
        if np.sum(p <= fdr * k / len(pool) + 1e-12) >= k:
            return p <= fdr * k / len(pool) + 1e-12
    return np.zeros(len(pool), bool)


few = st.sampled_from([-np.inf, -1.5, 0.0, 0.25, 0.5, 0.75, 1.0, 3.0, np.inf])
rows = st.lists(st.tuples(few, st.booleans()), min_size=1, max_size=30)


@given(rows, st.lists(few, min_size=1, max_size=40), st.sampled_from([0.05, 0.1, 0.3, 0.5, 0.9]))
@settings(max_examples=400, deadline=None)
def test_the_cut_keeps_what_benjamini_and_hochberg_keep(
    known: list[tuple[float, bool]], pool: list[float], fdr: float
) -> None:
    scores, correct, values = np.array([s for s, _ in known]), np.array([c for _, c in known]), np.array(pool)
    expected = benjamini_hochberg(scores, correct, values, fdr)
    for kind in (np.float32, np.float64):
        found = w2s.certify(scores.astype(kind), correct, fdr=fdr, pool=values.astype(kind))
        kept = np.zeros(len(values), bool) if found.threshold is None else values >= found.threshold
        assert kept.tolist() == expected.tolist()
        assert found.kept == kept.sum()
        assert (found.threshold is None) == (found.estimate > fdr * (1 + 1e-9))


@given(rows, st.lists(few, min_size=1, max_size=40), st.integers(1, 7))
@settings(max_examples=100, deadline=None)
def test_a_pool_in_parts_gives_the_same_certificate(
    known: list[tuple[float, bool]], pool: list[float], step: int
) -> None:
    scores, correct = np.array([s for s, _ in known]), np.array([c for _, c in known])
    cut = FdrCut(scores, correct)
    for start in range(0, len(pool), step):
        cut.add(np.array(pool[start : start + step]))
    assert cut.certificate(0.3) == w2s.certify(scores, correct, fdr=0.3, pool=pool)


def simulate(known: int, fdr: float, values: int, lead: float = 1.0) -> np.ndarray:
    """The share of wrong rows among the kept of a pool of 400, once per run.

    Three in ten rows are right whatever the score; scores have ``values`` distinct values, or are continuous.
    ``lead`` is the 1 that the p-value adds to the number of wrong rows.
    """
    random = np.random.default_rng(7)
    shares = []
    for _ in range(RUNS):
        scores, pool = random.random(known), random.random(400)
        if values:
            scores, pool = np.floor(scores * values) / values, np.floor(pool * values) / values
        correct, right = random.random(known) < 0.3, random.random(400) < 0.3
        wrong = np.sort(scores[~correct])
        p = (lead + len(wrong) - np.searchsorted(wrong, pool)) / (known + 1)
        kept = np.zeros(400, bool)
        if lead == 1:
            found = w2s.certify(scores, correct, fdr=fdr, pool=pool)
            if found.threshold is not None:
                kept = pool >= found.threshold
        else:
            order = np.sort(p)
            fits = np.flatnonzero(order <= fdr * (np.arange(400) + 1) / 400)
            if len(fits):
                kept = p <= order[fits[-1]]
        shares.append((kept & ~right).sum() / max(1, kept.sum()))
    return np.array(shares)


@pytest.mark.slow
@pytest.mark.parametrize("values", [0, 10, 2])
@pytest.mark.parametrize(("known", "fdr"), [(20, 0.5), (200, 0.6), (200, 0.1)])
def test_the_share_of_wrong_rows_is_at_most_the_level_on_average(known: int, fdr: float, values: int) -> None:
    shares = simulate(known, fdr, values)
    assert shares.mean() <= fdr + 3 * shares.std() / np.sqrt(RUNS)


@pytest.mark.slow
def test_the_simulation_notices_a_method_that_does_not_hold_its_level() -> None:
    shares = simulate(20, 0.3, 0, lead=0.0)  # p-values without their 1 are too small
    assert shares.mean() > 0.3 + 3 * shares.std() / np.sqrt(RUNS)


@pytest.mark.slow
def test_the_study_finds_that_all_methods_hold_their_level(capsys: pytest.CaptureFixture[str]) -> None:
    assert certificates.main(["--runs", "150", "--known", "300"]) == 0
    assert capsys.readouterr().out.count("\n") == 2 + len(certificates.SOURCES) * len(certificates.METHODS)


def test_without_wrong_rows_the_whole_pool_is_kept_once_there_are_enough() -> None:
    pool = [0.2, 0.1, 0.9]
    enough = w2s.certify([0.5] * 19, [True] * 19, fdr=0.05, pool=pool)
    assert (enough.threshold, enough.coverage) == (0.1, 1.0)
    few = w2s.certify([0.5] * 18, [True] * 18, fdr=0.05, pool=pool)
    assert few.threshold is None
    assert few.estimate == pytest.approx(1 / 19)
    assert str(few).endswith("out of reach; the lowest level at which a row is kept is 0.05263")


def test_a_wrong_row_excludes_all_rows_of_its_score() -> None:
    scores = np.array([0.9] + [0.5] * 99)
    correct = np.array([False] + [True] * 99)
    found = w2s.certify(scores, correct, fdr=0.01, pool=[0.9, 0.9, 0.95])
    assert isinstance(found, FdrCertificate)
    assert (found.threshold, found.kept) == (None, 0)
    found = w2s.certify(scores, correct, fdr=0.02, pool=[0.9, 0.9, 0.95])
    assert (found.threshold, found.kept) == (0.5, 3)  # all rows, the known ones included


def test_rows_with_nulls_are_dropped_on_request() -> None:
    scores = pa.array([0.9, None, 0.2, 0.4])
    correct = pa.array([True, True, None, False])
    found = w2s.certify(scores, correct, fdr=0.9, pool=pa.array([0.8, None, np.nan]), nulls="drop")
    assert (found.known, found.wrong, found.pool) == (2, 1, 1)


@pytest.mark.parametrize(
    ("options", "error", "code"),
    [
        ({"fdr": 0.0}, UsageError, "certify-out-of-range"),
        ({"fdr": 1.0}, UsageError, "certify-out-of-range"),
        ({"fdr": float("nan")}, UsageError, "certify-out-of-range"),
        ({"purity": 0.9}, UsageError, "certify-two-guarantees"),
        ({"pool": None}, UsageError, "certify-fdr-without-pool"),
        ({"fdr": None}, UsageError, "certify-fdr-without-pool"),
        ({"pool": []}, DataError, "certify-no-pool"),
        ({"pool": [0.5, np.nan]}, DataError, "certify-nan-score"),
        ({"pool": pa.array([0.5, None])}, DataError, "table-null-value"),
        ({"scores": [np.nan, 0.5]}, DataError, "certify-nan-score"),
        ({"correct": [True]}, DataError, "certify-length-mismatch"),
        ({"folds": [0, 1], "fitted": [1]}, DataError, "certify-fitted-row"),
        ({"folds": [0, 1]}, UsageError, "certify-folds-without-fitted"),
    ],
)
def test_bad_arguments_have_a_code(options: dict[str, Any], error: type[W2sError], code: str) -> None:
    arguments: dict[str, Any] = {"scores": [0.9, 0.1], "correct": [True, False], "fdr": 0.2, "pool": [0.5]}
    arguments |= options
    with raises_code(code, error):
        w2s.certify(arguments.pop("scores"), arguments.pop("correct"), **arguments)
