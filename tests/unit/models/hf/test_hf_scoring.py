"""Scores of options and states equal a slow reference: one option at a time, no cache, no padding."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.doubles.language import FAMILIES

from w2s.models import Want
from w2s.tasks.choice import ChoiceExample

torch = pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")
transformers = pytest.importorskip("transformers", reason="needs transformers: pip install 'w2s[models]'")

CHOICES = [
    ChoiceExample("sky", "What colour is the sky at noon?", ("blue", "green as grass", "a deep red", "the")),
    ChoiceExample("sum", "2 + 2?", ("4", "5")),
    ChoiceExample(
        "long", "Which of these is a long word, the longest here? " * 3, ("ox", "hippopotamus", "er")
    ),
    ChoiceExample("one", "Only one?", ("yes",)),
    ChoiceExample("eight", "Pick.", tuple(["stone", "water", "fire", "air", "the", "er", "thunder", "o"])),
]
EVERYTHING = Want(evidence=True, hidden=True)


def slow(folder: Path, prompt: str, reply: str) -> tuple[float, np.ndarray]:
    """Mean log-probability of a reply behind a prompt, and the last layer's state at its end."""
    words = transformers.AutoTokenizer.from_pretrained(folder)
    network = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    before, whole = words(prompt)["input_ids"], words(prompt + reply)["input_ids"]
    assert whole[: len(before)] == before
    with torch.inference_mode():
        out = network(torch.tensor([whole]), output_hidden_states=True, use_cache=False)
    log_probs = out.logits[0].double().log_softmax(-1)
    places = range(len(before), len(whole))
    total = sum(float(log_probs[place - 1, whole[place]]) for place in places)
    return total / len(places), out.hidden_states[-1][0, -1].numpy()


def plain(question: str) -> str:
    return f"Question: {question}\nAnswer:"


def listed(example: ChoiceExample, what: str) -> str:
    options = "\n".join(
        f"{letter}. {text}" for letter, text in zip(example.letters, example.options, strict=True)
    )
    return f"{example.question}\n\n{options}\n\nAnswer with the {what} of the right option."


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("score", ["letter", "option"])
def test_scores_and_states_of_options_equal_a_slow_reference(
    folder: Any, open_hf: Any, family: str, score: str
) -> None:
    model = open_hf(family, f"score={score}&dtype=float32&device=cpu")
    answers = model.answer(CHOICES, EVERYTHING)
    for example, answer in zip(CHOICES, answers, strict=True):
        replies = example.letters if score == "letter" else example.options
        prompt = plain(listed(example, "letter" if score == "letter" else "text"))
        means, states = zip(*(slow(folder(family), prompt, f" {reply}") for reply in replies), strict=True)
        best = int(np.argmax(means))
        assert answer.label == example.letters[best]
        log_probs = np.array(means) - np.log(np.exp(means).sum())
        assert answer.log_prob == pytest.approx(log_probs[best], abs=1e-4)
        others = np.delete(np.exp(log_probs), best)
        assert answer.margin == pytest.approx(math.exp(log_probs[best]) - max(others, default=0), abs=1e-4)
        assert answer.entropy == pytest.approx(-(np.exp(log_probs) * log_probs).sum(), abs=1e-4)
        assert (answer.n_options, answer.rank) == (len(example.options), 0)
        np.testing.assert_allclose(answer.hidden, states[best].astype(np.float16), atol=2e-3, rtol=2e-3)
