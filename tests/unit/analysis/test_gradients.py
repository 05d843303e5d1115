"""Measures of gradients against plain implementations, and their known values."""

from __future__ import annotations

import numpy as np
import pytest

from w2s.analysis.gradients import GOLD_COSINE, Gradients, gram_measures, m_coherence, mean_cosine

random = np.random.default_rng(2)
GRADIENTS = Gradients(random.normal(size=(12, 5)), random.normal(size=(12, 7)))
FULL = np.array([np.outer(a, b).ravel() for a, b in zip(GRADIENTS.left, GRADIENTS.right, strict=True)])


def measures(rows: np.ndarray) -> dict[str, float]:
    """Measures of gradients that are given in full."""
    return gram_measures(rows @ rows.T)


# Outer products ---------------------------------------------------------------------------------------------


def test_gram_norms_and_sum_are_those_of_outer_products() -> None:
    assert GRADIENTS.gram() == pytest.approx(FULL @ FULL.T)
    assert GRADIENTS.norms() == pytest.approx(np.linalg.norm(FULL, axis=1))
    assert GRADIENTS.total().ravel() == pytest.approx(FULL.sum(axis=0))


def test_product_with_one_gradient_is_that_of_outer_products() -> None:
    other = random.normal(size=(5, 7))
    assert GRADIENTS.dot(other) == pytest.approx(FULL @ other.ravel())


def test_wide_gradients_are_multiplied_by_blocks() -> None:
    left = random.normal(size=(3, 9000)).astype(np.float32)
    found = Gradients(left, np.ones((3, 1))).gram()
    assert found == pytest.approx(left.astype(np.float64) @ left.T.astype(np.float64))


# Measures ---------------------------------------------------------------------------------------------------


def test_measures_are_those_of_singular_values() -> None:
    found = measures(FULL)
    sigma = np.linalg.svd(FULL, compute_uv=False)
    shares = sigma / sigma.sum()
    assert found["effective rank"] == pytest.approx(np.exp(-sum(p * np.log(p) for p in shares)))
    assert found["stable rank"] == pytest.approx(np.linalg.norm(FULL) ** 2 / np.linalg.norm(FULL, 2) ** 2)
    assert found["nuclear norm"] == pytest.approx(np.linalg.norm(FULL, "nuc"))


def test_unit_measures_are_those_of_scaled_gradients() -> None:
    unit = FULL / np.linalg.norm(FULL, axis=1, keepdims=True)
    found, scaled = measures(FULL), measures(unit)
    for name in ("effective rank", "stable rank", "nuclear norm", "m-coherence"):
        assert found[f"{name} (unit)"] == pytest.approx(scaled[name])


def test_mean_cosine_is_that_of_loops() -> None:
    n = len(FULL)
    cosines = [
        FULL[i] @ FULL[j] / np.linalg.norm(FULL[i]) / np.linalg.norm(FULL[j])
        for i in range(n)
        for j in range(n)
        if i != j
    ]
    assert measures(FULL)["mean cosine"] == pytest.approx(np.mean(cosines))


def test_cosine_with_gold_is_that_of_the_sum() -> None:
    gold = random.normal(size=(5, 7))
    gold /= np.linalg.norm(gold)
    total = FULL.sum(axis=0)
    found = gram_measures(GRADIENTS.gram(), GRADIENTS.dot(gold))
    assert found[GOLD_COSINE] == pytest.approx(total @ gold.ravel() / np.linalg.norm(total))


def test_m_coherence_is_1_for_orthogonal_and_n_for_identical_gradients() -> None:
    assert m_coherence(np.diag(random.random(8) + 0.1)) == pytest.approx(1)
    same = np.tile(random.normal(size=10), (8, 1))
    assert m_coherence(same @ same.T) == pytest.approx(8)


@pytest.mark.parametrize("rank", [1, 3, 6])
def test_ranks_of_orthogonal_groups_are_their_number(rank: int) -> None:
    rows = np.repeat(np.eye(rank, 20), 4, axis=0)
    found = measures(rows)
    assert found["effective rank"] == pytest.approx(rank, abs=1e-4)
    assert found["stable rank"] == pytest.approx(rank)
    assert found["nuclear norm"] == pytest.approx(2 * rank)


def test_ranks_are_between_1_and_n_and_ignore_the_scale() -> None:
    found, larger = measures(FULL), measures(1000 * FULL)
    for name in ("effective rank", "stable rank"):
        assert 1 <= found[name] <= len(FULL)
        assert larger[name] == pytest.approx(found[name])
    assert larger["nuclear norm"] == pytest.approx(1000 * found["nuclear norm"])


def test_rows_without_gradient_are_left_out_of_cosines() -> None:
    rows = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
    assert mean_cosine(rows @ rows.T) == pytest.approx(1)
    assert np.isnan(mean_cosine(np.zeros((2, 2))))
