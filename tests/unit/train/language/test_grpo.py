"""Group relative policy optimisation: the order of questions."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")


def test_order_of_questions_depends_on_the_epoch() -> None:
    pytest.importorskip("trl", reason="needs trl: pip install 'w2s[rl]'")
    from w2s.train.language.grpo import QuestionSampler

    orders = []
    for epoch in (0, 1, 1):
        sampler = QuestionSampler(list(range(5)), 2, 2, 1, True, 0)
        sampler.set_epoch(epoch)
        orders.append(list(sampler))
        assert len(orders[-1]) == len(sampler) == 12
    assert orders[0] != orders[1] == orders[2]
