"""Samples of a language model: as its probabilities have them, whatever else is asked."""

from __future__ import annotations

from typing import Any

import pytest

from w2s.games import game
from w2s.models import Samples
from w2s.tasks import AnswerExample, ChoiceExample, MoveExample

ANSWER = AnswerExample("a", "What is 3 + 4?", ("7",))
CHOICES = [ChoiceExample(f"c{i}", f"Which is {i}?", ("one", "two", "three")) for i in range(3)]


def test_samples_of_options_follow_their_probabilities(open_hf: Any) -> None:
    model = open_hf("llama", "score=letter")
    assert isinstance(model, Samples)
    (belief,), (drawn,) = model.believe(CHOICES[:1]), model.sample(CHOICES[:1], 2000)
    for letter, prob in belief.items():
        error = 4 * (prob * (1 - prob) / 2000) ** 0.5
        assert drawn.count(letter) / 2000 == pytest.approx(prob, abs=error)


def test_samples_do_not_depend_on_what_else_is_asked(open_hf: Any) -> None:
    model = open_hf("llama", "max_new_tokens=3")
    examples = [ANSWER, MoveExample("m", game("chess").state()), *CHOICES]
    drawn = model.sample(examples, 8)
    assert [len(samples) for samples in drawn] == [8] * 5
    assert model.sample(examples[::-1], 8)[::-1] == drawn
    assert len(set(drawn[0])) > 1
