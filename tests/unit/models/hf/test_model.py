"""A causal language model as a model: samples, and examples without labels."""

from __future__ import annotations

from typing import Any

import pytest

from tests.doubles.errors import raises_code
from w2s.errors import DataError
from w2s.games import game
from w2s.models import SupportsSampling, Want, load_model
from w2s.tasks import AnswerExample, ChoiceExample, MoveExample

ANSWER = AnswerExample("a", "What is 3 + 4?", ("7",))
CHOICES = [ChoiceExample(f"c{i}", f"Which is {i}?", ("one", "two", "three")) for i in range(3)]


def test_samples_of_options_follow_their_probabilities(open_hf: Any) -> None:
    model = open_hf("llama", "score=letter")
    assert isinstance(model, SupportsSampling)
    (belief,), (drawn,) = model.distributions(CHOICES[:1]), model.sample(CHOICES[:1], 2000)
    for letter, prob in belief.items():
        error = 4 * (prob * (1 - prob) / 2000) ** 0.5
        assert drawn.count(letter) / 2000 == pytest.approx(prob, abs=error)


def test_samples_do_not_depend_on_the_batch(open_hf: Any) -> None:
    model = open_hf("llama", "max_new_tokens=3")
    examples = [ANSWER, MoveExample("m", game("chess").state()), *CHOICES]
    drawn = model.sample(examples, 8)
    assert [len(samples) for samples in drawn] == [8] * 5
    assert model.sample(examples[::-1], 8)[::-1] == drawn
    assert len(set(drawn[0])) > 1


def test_samples_respect_allowed_moves(open_hf: Any) -> None:
    example = MoveExample("m", game("chess").state(), only=("e2e4", "d2d4"))
    (drawn,) = open_hf("llama", "score=option").sample([example], 30)
    assert set(drawn) == {"e2e4", "d2d4"}


@pytest.mark.parametrize("reference", ["hf", "random"])
@pytest.mark.parametrize(
    ("count", "code"), [(0, "model-choice-no-options"), (27, "model-choice-too-many-options")]
)
def test_choices_without_letters_are_refused(open_hf: Any, reference: str, count: int, code: str) -> None:
    model = load_model("random") if reference == "random" else open_hf()
    with raises_code(code, DataError):
        model.answer([ChoiceExample("x", "?", tuple(map(str, range(count))))], Want())
