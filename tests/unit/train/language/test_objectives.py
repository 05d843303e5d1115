"""Losses of sequences and letters: equal to those of transformers, and summed by weight."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from w2s.train.language.objectives import (  # noqa: E402
    IGNORED,
    letter_losses,
    reply_losses,
    weighted_sum,
)
from w2s.train.losses import LOSSES  # noqa: E402


def test_reply_loss_equals_that_of_transformers() -> None:
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=50, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2
    )
    model = transformers.LlamaForCausalLM(config).eval()
    for asked, said in ((3, 1), (5, 4), (1, 7)):
        ids = torch.randint(0, 50, (1, asked + said))
        labels = ids.clone()
        labels[:, :asked] = IGNORED
        with torch.no_grad():
            out = model(input_ids=ids, labels=labels)
        assert reply_losses(out.logits, labels)[0].item() == pytest.approx(out.loss.item(), abs=1e-6)


def test_padding_and_other_rows_do_not_change_a_reply_loss() -> None:
    torch.manual_seed(1)
    logits, tokens = torch.randn(3, 9, 20), torch.randint(0, 20, (3, 9))
    tokens[:, :3] = IGNORED
    tokens[0, 6:] = IGNORED
    alone = reply_losses(logits[:1, :6], tokens[:1, :6])
    assert reply_losses(logits, tokens)[0].item() == pytest.approx(alone.item(), abs=1e-6)


@pytest.mark.parametrize("loss", ["kl", "product", "log_confidence"])
def test_letter_losses_compare_only_the_letters(loss: str) -> None:
    torch.manual_seed(2)
    logits = torch.randn(2, 5, 30)
    labels = {
        "last": torch.tensor([4, 2]),
        "options": torch.tensor([[7, 9, 11], [3, 4, 0]]),
        "mask": torch.tensor([[True, True, True], [True, True, False]]),
        "probs": torch.tensor([[0.2, 0.3, 0.5], [0.9, 0.1, 0.0]]),
    }
    found = letter_losses(logits, labels, loss, 0.5)
    first = LOSSES[loss](logits[:1, 4, [7, 9, 11]], labels["probs"][:1], 0.5)
    assert found[0].item() == pytest.approx(first.item(), abs=1e-5)
    assert np.isfinite(found.numpy()).all()


def test_a_step_is_the_weighted_mean_of_its_rows() -> None:
    losses, weights = torch.tensor([1.0, 2.0, 4.0]), torch.tensor([1.0, 0.5, 0.0])
    whole = weighted_sum(losses, weights, weights.sum())
    parts = weighted_sum(losses[:1], weights[:1], 1.5) + weighted_sum(losses[1:], weights[1:], 1.5)
    assert whole.item() == pytest.approx(2.0 / 1.5)
    assert parts.item() == pytest.approx(whole.item())
