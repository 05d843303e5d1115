"""Classifiers on features: which evidence is read, and what it is worth."""

from __future__ import annotations

import pyarrow as pa

from tests.doubles.errors import raises_code
from tests.doubles.labels import labels, without
from w2s.errors import DataError
from w2s.metrics import auc
from w2s.trust import cross_fit, trust_function


def test_more_evidence_raises_the_auc() -> None:
    found = labels(800, signal=1.5)
    features = ["hidden", "hidden,afterstate", "hidden,afterstate,student"]
    areas = [
        auc(cross_fit(trust_function("logistic", features=read), found), found.correct) for read in features
    ]
    assert areas[0] + 0.02 < areas[1] < areas[2] - 0.01


def test_column_can_be_read_by_its_own_name() -> None:
    found = labels(200)
    told = found.with_column("hint", pa.array(found.correct.astype(float)))
    function = trust_function("logistic", features="hint")
    assert function.needs == {"hint"}
    assert auc(cross_fit(function, told), told.correct) == 1
    with raises_code("trust-missing-evidence", DataError) as caught:
        function.fit(found)
    assert "logistic needs hint" in str(caught.value)
    assert "add a column hint" in str(caught.value)


def test_column_that_the_pool_lacks_is_named() -> None:
    fitted = trust_function("logistic", features="search").fit(labels(200))
    with raises_code("trust-missing-column", DataError) as caught:
        fitted.score(without(labels(20), "search_depth2_best"))
    assert "search_depth2_best" in str(caught.value)


def test_log_prob_is_read_where_it_is_and_not_needed() -> None:
    found = labels(120)
    own = without(
        found, *(name for name in found.table.column_names if name not in ("id", "label", "correct"))
    )
    own = own.with_column("hint", pa.array(found.correct * 1.0))
    for name in ("logistic", "knn"):
        fitted = trust_function(name, features="hint").fit(own)
        assert auc(fitted.score(own), own.correct) == 1
    assert trust_function("logistic", features="hint").fit(found.with_column("hint", pa.array(found.correct)))
    assert auc(cross_fit(trust_function("isotonic", column="hint"), own), own.correct) == 1
    with raises_code("trust-no-features", DataError) as caught:
        trust_function("logistic", features="").fit(own)
    assert "log_prob" in str(caught.value)


def test_column_of_another_type_is_no_feature() -> None:
    dates = labels(40).with_column("day", pa.array(range(40), pa.date32()))
    with raises_code("trust-column-not-a-feature", DataError) as caught:
        trust_function("logistic", features="day").fit(dates)
    assert "day" in str(caught.value)
