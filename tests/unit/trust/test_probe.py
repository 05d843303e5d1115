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
    assert function.needs == {"log_prob", "hint"}
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
