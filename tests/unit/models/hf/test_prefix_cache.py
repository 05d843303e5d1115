"""Common prefixes of prompts are read once and change no answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from w2s.models import Want
from w2s.tasks import ChoiceExample

torch = pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")
transformers = pytest.importorskip("transformers", reason="needs transformers: pip install 'w2s[models]'")

from w2s.models.hf.forward import CausalNetwork  # noqa: E402

CHOICES = [
    ChoiceExample("sky", "What colour is the sky?", ("blue", "green as grass", "red")),
    ChoiceExample("sum", "2 + 2?", ("4", "5")),
    ChoiceExample("ox", "Which one is an animal, of these?", ("stone", "ox")),
]

EVERYTHING = Want(evidence=True, hidden=True)


def numbers(answers: list[Any]) -> np.ndarray:
    return np.array([[a.log_prob, a.margin, a.entropy, a.rank] for a in answers])


def assert_alike(first: list[Any], second: list[Any]) -> None:
    assert [answer.label for answer in first] == [answer.label for answer in second]
    np.testing.assert_allclose(numbers(first), numbers(second), atol=1e-4)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(a.hidden, b.hidden, atol=2e-3, rtol=2e-3)


def renamed(example: ChoiceExample) -> ChoiceExample:
    """A question of its own that is as long."""
    return replace(example, id=f"gold {example.id}", question=f"Once more: {example.question}")


def forbidden(*_: object) -> None:
    raise AssertionError("repeated a cache that cannot be repeated")


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_common_few_shot_examples_are_read_once_and_change_no_answer(
    open_hf: Any, family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    solved = [(renamed(example), "A") for example in CHOICES]
    reads: list[int] = []
    read = CausalNetwork.read
    monkeypatch.setattr(
        CausalNetwork,
        "read",
        lambda self, rows, **how: reads.append(max(map(len, rows))) or read(self, rows, **how),
    )
    answers = []
    for least in (64, 10**9):
        monkeypatch.setattr("w2s.models.hf.prefix_cache.MIN_SHARED", least)
        model = open_hf(family, "score=option&shots=2&batch_tokens=900")
        model.show(solved)
        answers.append(model.answer(CHOICES, EVERYTHING))
        if least == 64:
            assert sorted(reads)[:2] == [1, sorted(reads)[-1]]  # the probe of the cache, and what is shared
        else:
            assert len(reads) > 4
    assert_alike(*answers)


def test_sliding_window_shares_no_prefix(open_hf: Any) -> None:
    model = open_hf("gemma3", "score=option&shots=2")
    model.show([(renamed(example), "A") for example in CHOICES])
    together = model.answer(CHOICES, EVERYTHING)
    assert_alike([model.answer([example], EVERYTHING)[0] for example in CHOICES], together)
