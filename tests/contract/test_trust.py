"""What every registered trust function owes to whoever trusts it; there is no list of exceptions."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.doubles.errors import raises_code
from tests.doubles.labels import labels, without
from w2s.errors import DataError, UsageError
from w2s.evidence import Labels
from w2s.evidence_kinds import remedy
from w2s.trust import Function, cross_fit, function_names, load, save, trust_function
from w2s.trust.columns import evidence_columns

SMALL = {
    "neural": {"width": 16, "batch": 32, "least_steps": 60, "fits": 2},
    "boosting": {"trees": 20, "features": "hidden"},
}
"""Options that keep the suite quick; every function runs all of it."""

PACKAGES = {"neural": "torch", "boosting": "sklearn"}


SLOW = {"neural", "boosting", "stack"}
PARAMS = [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW), id=name) for name in function_names()]


@pytest.fixture(params=PARAMS)
def function(request: pytest.FixtureRequest) -> Function:
    name = request.param
    if name in PACKAGES:
        pytest.importorskip(PACKAGES[name], exc_type=ImportError)
    found = trust_function(name, **SMALL.get(name, {}))
    assert isinstance(found, Function)
    return found


GOLD = labels(240)
POOL = labels(90, seed=1)


@cache
def fitted_once(name: str) -> Function:
    return trust_function(name, **SMALL.get(name, {})).fit(GOLD, seed=7)  # type: ignore[return-value]


@pytest.fixture
def fitted(function: Function) -> Function:
    return fitted_once(function.name)


def test_registry_is_not_empty() -> None:
    assert {"confidence", "neural", "stack"} <= set(function_names())


def test_scores_lie_between_0_and_1_and_order_by_trust(fitted: Function) -> None:
    scores = fitted.score(POOL)
    assert scores.dtype == np.float64
    assert scores.shape == (len(POOL),)
    assert ((scores >= 0) & (scores <= 1)).all()
    if fitted.name != "self_consistency":  # the samples of these labels are drawn without regard to them
        assert scores[POOL.correct].mean() > scores[~POOL.correct].mean()


def test_fitting_does_not_change_the_function(function: Function) -> None:
    function.fit(GOLD)
    with raises_code("trust-not-fitted", UsageError):
        function.score(POOL)


def test_same_seed_gives_the_same_bytes(function: Function, fitted: Function) -> None:
    assert function.fit(GOLD, seed=7).score(POOL).tobytes() == fitted.score(POOL).tobytes()


def test_order_of_gold_does_not_matter(function: Function, fitted: Function) -> None:
    shuffled = GOLD.take(np.random.default_rng(2).permutation(len(GOLD)))
    assert np.array_equal(fitted.score(POOL), function.fit(shuffled, seed=7).score(POOL))


def test_permuting_rows_permutes_scores(fitted: Function) -> None:
    order = np.random.default_rng(3).permutation(len(POOL))
    np.testing.assert_allclose(fitted.score(POOL)[order], fitted.score(POOL.take(order)), atol=1e-9)


def test_score_of_a_row_does_not_depend_on_other_rows(fitted: Function) -> None:
    alone = np.concatenate([fitted.score(POOL.take(np.array([row]))) for row in range(5)])
    np.testing.assert_allclose(alone, fitted.score(POOL)[:5], atol=1e-9)


def test_no_labels_give_no_scores(fitted: Function) -> None:
    assert fitted.score(POOL.take(np.zeros(0, np.int64))).shape == (0,)


def test_saving_and_loading_keeps_the_bytes(fitted: Function, tmp_path: Path) -> None:
    save(fitted, tmp_path / "a")
    loaded = load(tmp_path / "a")
    save(loaded, tmp_path / "b")
    assert loaded.needs == fitted.needs
    assert loaded.score(POOL).tobytes() == fitted.score(POOL).tobytes()
    for name in ("trust.json", "trust.safetensors"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def lacking(name: str) -> Labels:
    groups = {"peer": "peer", "peer_label": "peer", "search": "search"}
    columns = evidence_columns(GOLD, groups[name]) if name in groups else [name]
    return without(GOLD, *columns)


def test_missing_evidence_is_refused_with_name_and_remedy(function: Function, fitted: Function) -> None:
    assert function.needs
    for name in function.needs:
        for attempt in (function.fit, fitted.score):
            with raises_code("trust-missing-evidence", DataError) as refused:
                attempt(lacking(name))
            assert name in str(refused.value)
            assert remedy(name) in str(refused.value)
            assert "\n" not in str(refused.value)


@pytest.mark.parametrize("value", [True, False])
def test_gold_of_one_class_is_refused(function: Function, value: bool) -> None:
    with raises_code("trust-gold-one-class", DataError) as caught:
        function.fit(GOLD, np.full(len(GOLD), value))
    assert f"all 240 gold rows are {'right' if value else 'wrong'}" in str(caught.value)


def test_missing_values_are_allowed(fitted: Function) -> None:
    holes = np.arange(len(POOL)) % 9 == 0
    table, vectors = POOL.table, {name: vector.copy() for name, vector in POOL.vectors.items()}
    for name in table.column_names:
        if name not in {"id", "label", "correct"}:
            column = table.column(name).to_pylist()
            gone = [None if hole else value for hole, value in zip(holes, column, strict=True)]
            kind = table.schema.field(name).type
            table = table.set_column(table.schema.get_field_index(name), name, pa.array(gone, kind))
    for vector in vectors.values():
        vector[holes] = np.nan
    scores = fitted.score(Labels(table, vectors))
    assert ((scores >= 0) & (scores <= 1)).all()
    np.testing.assert_allclose(scores[~holes], fitted.score(POOL)[~holes], atol=1e-9)


def test_cross_fitting_scores_every_row(function: Function) -> None:
    scores = cross_fit(function, GOLD, folds=3)
    assert scores.shape == (len(GOLD),)
    assert ((scores >= 0) & (scores <= 1)).all()


def test_unknown_option_is_refused(function: Function) -> None:
    with raises_code("config-unknown-key", UsageError) as caught:
        trust_function(function.name, colour="red")
    assert f"trust function {function.name}: colour" in str(caught.value)
