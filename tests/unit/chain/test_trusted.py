"""When trust has collapsed: by its AUC, and by the purity of what is kept where something is cut."""

from __future__ import annotations

import numpy as np

from w2s.chain.trusted import Trusted


def trusted(signal: float, kept: int, pool: int = 400) -> Trusted:
    draw = np.random.default_rng(0)
    right = draw.random(400) < 0.5
    gold = 1 / (1 + np.exp(-(draw.normal(size=400) + signal * (right - 0.5))))
    scores = draw.random(pool)
    rows = np.sort(np.argsort(-scores)[:kept])
    return Trusted(scores, rows, None, gold, right, float(scores[rows].min()))


def test_trust_no_better_than_chance_has_collapsed_cut_or_not() -> None:
    for kept in (100, 400):
        why = trusted(0.0, kept).collapse(0)
        assert why is not None
        assert "no better than chance: AUC" in why


def test_where_nothing_is_cut_purity_says_nothing() -> None:
    assert trusted(3.0, 400).collapse(0) is None
    assert trusted(3.0, 100).collapse(0) is None


def test_a_cut_that_keeps_hardly_purer_labels_has_collapsed() -> None:
    why = trusted(0.5, 399).collapse(0)
    assert why is not None
    assert "hardly purer than all labels" in why
