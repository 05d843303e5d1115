"""The neural function: numpy equals torch, and it finds a planted signal and none in noise."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.doubles.errors import raises_code
from tests.doubles.labels import labels, without
from w2s.errors import DataError, MissingExtraError
from w2s.evidence import Labels
from w2s.metrics import auc, trust_measures
from w2s.trust import cross_fit, trust_function
from w2s.trust.neural.forward import NeuralOptions

torch = pytest.importorskip("torch", exc_type=ImportError)

QUICK = {"width": 16, "batch": 32, "least_steps": 80, "fits": 2}


@pytest.mark.parametrize("blocks", [1, 3])
def test_numpy_scores_equal_torch(blocks: int) -> None:
    from w2s.trust.neural.forward import network_logits
    from w2s.trust.neural.network import TrustNetwork

    torch.manual_seed(0)
    network = TrustNetwork(
        37, width=24, inner=48, blocks=blocks, dropout=0.3, input_dropout=0.2, drop_path=0.5
    ).eval()
    with torch.no_grad():
        for value in network.parameters():
            value += 0.3 * torch.randn_like(value)
        x = torch.randn(500, 37) * 3
        expected = network(x).numpy()
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    found = network_logits(x.numpy(), weights, blocks)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    assert np.ptp(found) > 1


@pytest.mark.slow
def test_interaction_of_features_is_learned() -> None:
    draw = np.random.default_rng(0)
    found = without(labels(1000, signal=0, width=4), "afterstate", "student")
    hidden = found.vectors["hidden"]
    right = (hidden[:, 0] * hidden[:, 1] > 0) ^ (draw.random(len(found)) < 0.05)
    function = trust_function("neural", width=32, batch=32, least_steps=250, fits=1, drop_path=0)
    scores = cross_fit(function, found, right, folds=2)
    assert max(abs(auc(hidden[:, column], right) - 0.5) for column in range(4)) < 0.06
    assert trust_measures(scores, right, draws=200)["auc"].low > 0.7


@pytest.mark.slow
@pytest.mark.parametrize("name", ["neural", "logistic", "boosting", "stack"])
def test_auc_of_noise_is_one_half(name: str) -> None:
    if name == "boosting":
        pytest.importorskip("sklearn", exc_type=ImportError)
    options = QUICK if name == "neural" else {}
    found = labels(400, seed=3, signal=0)
    scores = cross_fit(trust_function(name, features="hidden,afterstate,student", **options), found)
    interval = trust_measures(scores, found.correct, confidence=0.999)["auc"]
    assert interval.low <= 0.5 <= interval.high
    assert interval.high - interval.low < 0.3


@pytest.mark.slow
@pytest.mark.parametrize("name", ["neural", "logistic", "knn"])
def test_cross_fitting_removes_the_optimism_of_in_sample_scores(name: str) -> None:
    options = {"neural": {**QUICK, "least_steps": 150}, "logistic": {"ridge": 1.0}, "knn": {"k": 5}}[name]
    found, fresh = labels(200, seed=4, signal=1, width=40), labels(2000, seed=5, signal=1, width=40)
    function = trust_function(name, **options)
    fitted = function.fit(found)
    inside = auc(fitted.score(found), found.correct)
    outside = auc(cross_fit(function, found), found.correct)
    honest = auc(fitted.score(fresh), fresh.correct)
    assert inside - honest > 0.1
    assert abs(outside - honest) < 0.08


@pytest.mark.slow
def test_two_threads_agree_with_one() -> None:
    found, pool = labels(150, seed=6), labels(300, seed=7)
    one, two = (
        trust_function("neural", threads=threads, **{**QUICK, "width": 64}).fit(found, seed=1).score(pool)
        for threads in (1, 2)
    )
    np.testing.assert_allclose(one, two, atol=0.02)


@pytest.mark.slow
def test_another_seed_gives_other_scores() -> None:
    found = labels(300)
    first, second = (trust_function("neural", **QUICK).fit(found, seed=seed).score(found) for seed in (0, 1))
    assert not np.allclose(first, second)


@pytest.mark.slow
def test_fitting_restores_the_state_of_torch() -> None:
    torch.manual_seed(5)
    expected, threads = torch.rand(3), torch.get_num_threads()
    torch.manual_seed(5)
    trust_function("neural", **QUICK).fit(labels(120))
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == threads


@pytest.mark.slow
def test_two_wrong_rows_are_enough_and_one_is_not() -> None:
    found = labels(60)
    wrong = np.zeros(60, bool)
    wrong[:2] = True
    scores = trust_function("neural", **QUICK).fit(found, ~wrong).score(found)
    assert np.isfinite(scores).all()
    with raises_code("trust-gold-too-small", DataError):
        trust_function("neural", **QUICK).fit(found, ~(wrong & (np.arange(60) == 0)))


def test_fitting_without_torch_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "w2s.trust.neural.network", raising=False)
    with raises_code("missing-extra-models", MissingExtraError):
        trust_function("neural").fit(labels(60))


def test_vector_of_another_width_is_refused() -> None:
    fitted = trust_function("neural", **QUICK).fit(labels(120))
    pool = labels(20)
    with raises_code("trust-vector-width", DataError) as caught:
        fitted.score(Labels(pool.table, {"hidden": np.zeros((20, 5), np.float32)}))
    assert "12" in str(caught.value)
    assert "5" in str(caught.value)


def shown(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def test_documentation_lists_every_option_with_its_default(root: Path) -> None:
    text = (root / "docs" / "explanation" / "trust.md").read_text(encoding="utf-8")
    table = text.partition("| option | default | option | default |")[2].partition("\n\n")[0]
    told = dict(re.findall(r"`(\w+)` \| (\S+)", table))
    assert told == {name: shown(field.default) for name, field in NeuralOptions.model_fields.items()}
