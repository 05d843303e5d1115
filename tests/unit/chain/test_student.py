"""Students are trained in stages, each with its share of the learning rate."""

from __future__ import annotations

import pytest

from w2s.chain.student import with_lr_scale


def test_later_stage_uses_a_share_of_the_learning_rate() -> None:
    assert with_lr_scale("policy:a", {"epochs": 3}, 0.5) == {"epochs": 3, "learning_rate": 2.5e-4}
    assert with_lr_scale("policy:a", {"learning_rate": 1e-2}, 0.1)["learning_rate"] == pytest.approx(1e-3)
