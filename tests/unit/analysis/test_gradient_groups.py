"""Groups of rows whose gradients are compared, and the sentence about the two claims."""

from __future__ import annotations

import numpy as np
import pytest

from w2s.analysis.difficulty import bins_of
from w2s.analysis.gradient_groups import COMPARED, EQUAL_LOSS, EQUAL_N, _meaning, group_rows
from w2s.analysis.result import Result

random = np.random.default_rng(7)
LOSS = random.random(400)
KEPT = random.random(400) < 0.8 - 0.6 * LOSS


@pytest.mark.parametrize("limit", [20, 100, 1000])
def test_groups_have_equally_many_rows(limit: int) -> None:
    groups = group_rows(KEPT, LOSS, limit, seed=0)
    sizes = {len(groups[name]) for name in EQUAL_N}
    assert sizes == {min(limit, int(KEPT.sum()), int((~KEPT).sum()))}
    assert KEPT[groups["kept"]].all()
    assert not KEPT[groups["dropped"]].any()


@pytest.mark.parametrize("limit", [20, 100, 1000])
def test_groups_of_equal_loss_have_one_histogram(limit: int) -> None:
    groups = group_rows(KEPT, LOSS, limit, seed=0)
    kept, dropped = (groups[name] for name in EQUAL_LOSS)
    assert 0 < len(kept) <= limit
    bins = bins_of(LOSS)
    assert np.bincount(bins[kept], minlength=10).tolist() == np.bincount(bins[dropped], minlength=10).tolist()
    assert LOSS[kept].mean() == pytest.approx(LOSS[dropped].mean(), abs=0.05)


def ratio(pair: tuple[str, str], low: float, high: float) -> Result:
    name = "effective rank (unit), ratio"
    return Result(name, f"{pair[0]} ÷ {pair[1]}", (low + high) / 2, low, high, 100)


@pytest.mark.parametrize(
    ("plain", "equal_loss", "verdict"),
    [
        ((0.8, 0.9), (0.8, 0.9), "this run agrees with the paper, also at equal loss"),
        ((0.8, 0.9), (0.9, 1.1), "this run agrees with the paper, but not at equal loss"),
        ((1.1, 1.2), (1.1, 1.2), "this run agrees with arXiv 2504.10766, also at equal loss"),
        ((0.9, 1.1), (0.8, 0.9), "this run agrees with neither"),
        ((0.8, 0.9), None, "this run agrees with the paper"),
    ],
)
def test_the_sentence_says_which_claim_holds(
    plain: tuple[float, float], equal_loss: tuple[float, float] | None, verdict: str
) -> None:
    results = [ratio(COMPARED[0], *plain)]
    if equal_loss is not None:
        results.append(ratio(EQUAL_LOSS, *equal_loss))
    assert _meaning(results).endswith(f"{verdict}.")


def test_the_sentence_says_whether_gradients_are_more_aligned() -> None:
    group = f"{COMPARED[0][0]} ÷ {COMPARED[0][1]}"
    found = _meaning([Result("m-coherence (unit), ratio", group, 2.0, 1.5, 2.5, 100)])
    assert found.startswith("For kept rows, the m-coherence of gradients of unit length is 2.00 times")
    assert found.endswith("that of dropped rows (higher).")
