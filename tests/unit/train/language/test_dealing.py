"""The order of rows where several processes learn."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")

from w2s.train.language.dealing import Filled


def dealt(epoch: int, seed: int = 0) -> list[int]:
    sampler = Filled(10, 4, seed)
    sampler.set_epoch(epoch)
    return list(sampler)


def test_every_row_comes_once_and_the_last_pass_is_filled_with_the_one_behind_them() -> None:
    found = dealt(0)
    assert sorted(found) == [*range(10), 10, 10]
    assert found[10:] == [10, 10]
    assert len(Filled(8, 4, 0)) == len(list(Filled(8, 4, 0))) == 8


def test_orders_differ_by_epoch_and_by_seed_and_come_again() -> None:
    assert dealt(1) == dealt(1)
    assert len({tuple(dealt(epoch, seed)) for epoch in range(3) for seed in range(3)}) == 9


def test_replies_are_dealt_by_epoch_too() -> None:
    pytest.importorskip("trl", reason="needs trl: pip install 'w2s[rl]'")
    from w2s.train.language.reinforced import Dealer

    orders = []
    for epoch in (0, 1, 1):
        dealer = Dealer(list(range(5)), 2, 2, 1, True, 0)
        dealer.set_epoch(epoch)
        orders.append(list(dealer))
        assert len(orders[-1]) == len(dealer) == 12
    assert orders[0] != orders[1] == orders[2]
