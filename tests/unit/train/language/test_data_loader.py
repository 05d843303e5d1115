"""Orders of rows for several processes."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")

from w2s.train.language.data_loader import PaddedSampler


def order(epoch: int, seed: int = 0) -> list[int]:
    sampler = PaddedSampler(10, 4, seed)
    sampler.set_epoch(epoch)
    return list(sampler)


def test_every_row_comes_once_and_the_last_pass_is_padded() -> None:
    found = order(0)
    assert sorted(found) == [*range(10), 10, 10]
    assert found[10:] == [10, 10]
    assert len(PaddedSampler(8, 4, 0)) == len(list(PaddedSampler(8, 4, 0))) == 8


def test_orders_depend_on_epoch_and_seed_alone() -> None:
    assert order(1) == order(1)
    assert len({tuple(order(epoch, seed)) for epoch in range(3) for seed in range(3)}) == 9
