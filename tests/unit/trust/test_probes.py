"""Features and what is learned from them: trees, neighbours, stacks."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from tests.doubles.errors import raises_code
from tests.doubles.labels import labels, without
from w2s.errors import DataError, UsageError
from w2s.evidence import Labels
from w2s.metrics import auc
from w2s.trust import cross_fit, trust_function
from w2s.trust.features import fit_scaling, layout_of, matrix
from w2s.trust.function import Function


def test_features_have_mean_0_and_deviation_1_on_gold() -> None:
    found = labels(500)
    layout = layout_of(found, ("hidden", "search", "peer"))
    assert layout["columns"] == ["log_prob", "margin", "entropy", "n_options", "search_depth2_regret_cp"]
    assert layout["agrees"] == ["search_depth2_best", "peer_label", "peer_label_other"]
    x = matrix(found, layout, fit_scaling(found, layout))
    assert x.shape == (500, 5 + 3 + 12)
    assert x.dtype == np.float32
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(x.std(axis=0), 1, atol=1e-2)  # a regret or two is drawn in to 10 deviations


def test_what_is_missing_on_gold_has_a_flag_and_the_mean() -> None:
    hidden = np.array([[1, 2], [np.nan, np.nan], [3, 4]], np.float32)
    table = pa.table({"id": list("abc"), "log_prob": pa.array([-1.0, -2.0, None], pa.float32())})
    found = Labels(table, {"hidden": hidden})
    layout = layout_of(found, ("hidden",))
    x = matrix(found, layout, fit_scaling(found, layout))
    np.testing.assert_allclose(x, [[1, -1, -1, 0, 0], [-1, 0, 0, 0, 1], [0, 1, 1, 1, 0]])


def test_a_feature_that_gold_never_varied_says_nothing_later() -> None:
    table = pa.table({"id": ["a", "b"], "log_prob": pa.array([-1.0, -1.0])})
    layout = layout_of(Labels(table), ())
    scaling = fit_scaling(Labels(table), layout)
    other = Labels(pa.table({"id": ["a"], "log_prob": pa.array([-9.0])}))
    assert matrix(other, layout, scaling).tolist() == [[0.0]]


def test_what_lies_far_out_is_drawn_in() -> None:
    found = labels(100)
    layout = layout_of(found, ())
    far = found.with_column("log_prob", pa.array(np.full(100, -1e9), pa.float32()))
    assert np.abs(matrix(far, layout, fit_scaling(found, layout))).max() == 10


def test_flat_trees_score_as_scikit_learn_does() -> None:
    ensemble = pytest.importorskip("sklearn.ensemble", exc_type=ImportError)
    from w2s.trust.boosting import flattened
    from w2s.trust.regression import sigmoid
    from w2s.trust.trees import raw_scores

    draw = np.random.default_rng(0)
    x = draw.normal(size=(800, 6)).astype(np.float32)
    y = x[:, 0] * x[:, 1] + np.abs(x[:, 2]) > 0.5
    model = ensemble.HistGradientBoostingClassifier(max_iter=30, max_leaf_nodes=9, early_stopping=False)
    model.fit(x.astype(np.float64), y)
    fresh = draw.normal(size=(1000, 6)).astype(np.float32) * 2
    expected = model.predict_proba(fresh.astype(np.float64))[:, 1]
    np.testing.assert_allclose(sigmoid(raw_scores(fresh, flattened(model))), expected, atol=1e-12)


def test_the_nearest_are_counted_as_one_by_one() -> None:
    found, pool = labels(60), labels(15, seed=1)
    fitted = trust_function("knn", k=7).fit(found)
    assert isinstance(fitted, Function) and fitted.state is not None
    layout = fitted.state.facts["layout"]
    gold, x = (matrix(rows, layout, fitted.state.arrays).astype(float) for rows in (found, pool))
    base = found.correct.mean()
    for row, score in zip(x, fitted.score(pool), strict=True):
        nearest = np.argsort(((gold - row) ** 2).sum(axis=1))[:7]
        assert score == pytest.approx((found.correct[nearest].sum() + base) / 8)


def test_neighbours_that_are_equally_far_share_the_places() -> None:
    table = pa.table({"id": list("abcd"), "log_prob": pa.array([0.0, 0.0, 0.0, -1.0])})
    found = Labels(table, {"hidden": np.zeros((4, 1), np.float32)})
    right = np.array([True, False, False, True])
    fitted = trust_function("knn", k=2).fit(found, right)
    assert fitted.score(found)[0] == pytest.approx((2 / 3 + 0.5) / 3)


def test_more_evidence_raises_the_auc() -> None:
    found = labels(800, signal=1.5)
    reads = ["hidden", "hidden,afterstate", "hidden,afterstate,student"]
    areas = [auc(cross_fit(trust_function("logistic", reads=read), found), found.correct) for read in reads]
    assert areas[0] + 0.02 < areas[1] < areas[2] - 0.01


def test_a_stack_is_no_worse_than_its_best_member() -> None:
    found = labels(800, signal=1.5)
    members = ("temperature", "logistic", "search_agreement")
    areas = {name: auc(cross_fit(trust_function(name), found), found.correct) for name in members}
    stacked = cross_fit(trust_function("stack", of=",".join(members)), found)
    assert auc(stacked, found.correct) > max(areas.values()) + 0.02


def test_a_stack_needs_what_its_members_need() -> None:
    assert trust_function("stack", of="crowd,logistic", reads="student").needs == {
        "label",
        "log_prob",
        "peer_label",
        "student",
    }


@pytest.mark.parametrize(
    ("options", "code", "named"),
    [
        ({"of": "confidence"}, "trust-stack-too-small", "of"),
        ({"of": "confidence,stack"}, "trust-stack-bad-member", "'stack'"),
        ({"of": "confidence,nothing"}, "trust-stack-bad-member", "'nothing'"),
        ({"reads": "hid den"}, "trust-bad-reads", "'hid den'"),
    ],
)
def test_a_stack_that_makes_no_sense_is_refused(options: dict[str, str], code: str, named: str) -> None:
    with raises_code(code, UsageError) as caught:
        _ = trust_function("stack", **options).needs
    assert named in str(caught.value)


def test_a_column_by_its_own_name_can_be_read() -> None:
    found = labels(200)
    told = found.with_column("hint", pa.array(found.correct.astype(float)))
    function = trust_function("logistic", reads="hint")
    assert function.needs == {"log_prob", "hint"}
    assert auc(cross_fit(function, told), told.correct) == 1
    with raises_code("trust-missing-evidence", DataError) as caught:
        function.fit(found)
    assert "logistic needs hint" in str(caught.value)
    assert "add a column hint" in str(caught.value)


def test_evidence_that_gold_had_and_a_pool_lacks_in_part_is_named() -> None:
    fitted = trust_function("logistic", reads="search").fit(labels(200))
    with raises_code("trust-missing-column", DataError) as caught:
        fitted.score(without(labels(20), "search_depth2_best"))
    assert "search_depth2_best" in str(caught.value)
