"""Learning rates: continuous, and the one cycle is torch's."""

from __future__ import annotations

import itertools

import pytest

from w2s.train.schedule import SCHEDULES, one_cycle


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_are_continuous_and_at_most_one(name: str) -> None:
    values = [SCHEDULES[name](step / 10_000) for step in range(10_001)]
    assert max(abs(a - b) for a, b in itertools.pairwise(values)) < 1e-3
    assert max(values) == pytest.approx(1.0)
    assert min(values) >= 0.0


def test_one_cycle_equals_that_of_torch() -> None:
    torch = pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")
    steps = 501
    optimizer = torch.optim.AdamW([torch.zeros(1, requires_grad=True)], lr=1.0)
    theirs = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=steps, pct_start=0.3)
    for step in range(steps):
        # theirs peaks at step 0.3 * steps - 1 and ends at steps - 1
        warm = 0.3 * steps - 1
        done = 0.3 * step / warm if step <= warm else 0.3 + 0.7 * (step - warm) / (steps - 1 - warm)
        assert one_cycle(done) == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-9)
        optimizer.step()
        theirs.step()
