"""Losses: golden values of the originals, and what must hold of each."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")

from torch import Tensor  # noqa: E402

from w2s.train.losses import (  # noqa: E402
    LOSSES,
    MASKED_LOGIT,
    cross_entropy,
    kl,
    log_confidence,
    product,
    ramp,
)

LOGITS = torch.tensor([[2.0, -1.0], [0.3, 0.1], [-0.5, 1.5], [-2.0, 0.7], [0.0, 0.0], [1.1, -0.4]])
SOFT = torch.tensor([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.55, 0.45], [0.5, 0.5], [0.3, 0.7]])


def mean(losses: Tensor) -> float:
    assert losses.shape == (len(SOFT),)
    return float(losses.mean())


def test_losses_have_the_golden_values_of_the_originals() -> None:
    assert mean(cross_entropy(LOGITS, SOFT)) == pytest.approx(0.84137638, abs=1e-6)
    assert mean(product(LOGITS, SOFT)) == pytest.approx(0.43405834, abs=1e-6)
    assert mean(kl(LOGITS, SOFT)) == pytest.approx(0.2596018, abs=1e-6)


@pytest.mark.parametrize(
    ("done", "expected"),
    [(0.0, 0.841376), (0.05, 0.703251), (0.1, 0.565126), (0.5, 0.565126), (1.0, 0.565126)],
)
def test_log_confidence_has_the_golden_values(done: float, expected: float) -> None:
    assert mean(log_confidence(LOGITS, SOFT, done)) == pytest.approx(expected, abs=1e-6)


@pytest.mark.data
def test_losses_have_the_golden_values_of_the_shared_file(data: Path) -> None:
    golden = json.loads((data.parent / "docs" / "golden.json").read_text())
    logits, soft = torch.tensor(golden["logits"]), torch.tensor(golden["soft_labels"])
    ours = {
        "openai.xent": cross_entropy(logits, soft),
        "openai.product(a=1,b=1)": product(logits, soft),
        "eleuther1.kl": kl(logits, soft),
        **{
            f"eleuther1.logconf(aux=.5,warm=.1) step_frac={done}": log_confidence(logits, soft, done)
            for done in (0.0, 0.05, 0.1, 0.100001, 0.5, 1.0)
        },
    }
    for name, losses in ours.items():
        assert mean(losses) == pytest.approx(golden["cases"][name], abs=1e-6), name


def test_the_ramp_is_continuous_and_monotonic() -> None:
    values = [ramp(step / 1000, 0.1) for step in range(1001)]
    steps = [b - a for a, b in itertools.pairwise(values)]
    assert (values[0], values[100], values[-1]) == (0.0, 1.0, 1.0)
    assert min(steps) >= 0
    assert max(steps) < 0.0101
    assert ramp(0.0, 0.0) == 1.0


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("done", [0.0, 0.03, 1.0])
def test_masked_options_do_not_change_the_loss(name: str, done: float) -> None:
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(5, 3, generator=generator)
    targets = torch.softmax(torch.randn(5, 3, generator=generator), -1)
    wider = torch.cat([logits, torch.full((5, 4), MASKED_LOGIT)], 1)
    padded = torch.cat([targets, torch.zeros(5, 4)], 1)
    losses = LOSSES[name](logits, targets, done)
    assert torch.allclose(losses, LOSSES[name](wider, padded, done), atol=1e-6)
    assert losses.isfinite().all()


@pytest.mark.parametrize("name", LOSSES)
def test_the_gradient_is_finite_and_zero_for_masked_options(name: str) -> None:
    logits = torch.tensor([[1.0, -2.0, 0.5, MASKED_LOGIT]], requires_grad=True)
    LOSSES[name](logits, torch.tensor([[0.0, 1.0, 0.0, 0.0]]), 0.5).sum().backward()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()
    assert logits.grad[0, 3] == 0


def test_kl_is_zero_when_the_model_equals_the_target() -> None:
    assert mean(kl(SOFT.log(), SOFT)) == pytest.approx(0.0, abs=1e-6)


def test_product_keeps_a_hard_label() -> None:
    hard = torch.nn.functional.one_hot(SOFT.argmax(1), 2).float()
    assert torch.allclose(product(LOGITS, hard), cross_entropy(LOGITS, hard))


def test_log_confidence_with_many_options_hardens_the_most_likely() -> None:
    logits, targets = torch.tensor([[3.0, 1.0, 0.0]]), torch.tensor([[0.0, 1.0, 0.0]])
    mixed = cross_entropy(logits, torch.tensor([[0.5, 0.5, 0.0]]))
    assert torch.allclose(log_confidence(logits, targets, 1.0), mixed)
