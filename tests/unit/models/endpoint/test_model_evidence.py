"""Evidence from the log-probabilities of replies, checked by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from w2s.games import game
from w2s.models.endpoint.chat_completions import Completion
from w2s.models.endpoint.model import add_evidence, option_probs
from w2s.models.model import Answer
from w2s.tasks import MoveExample
from w2s.tasks.answer import AnswerExample
from w2s.tasks.choice import ChoiceExample

CHOICE = ChoiceExample("c", "What?", ("one", "two", "three"))


def log(**chances: float) -> tuple[tuple[str, float], ...]:
    return tuple((token, math.log(chance)) for token, chance in chances.items())


def evidence(example: Any, label: str, top: tuple[tuple[str, float], ...] | None) -> Answer:
    answer = Answer(label)
    add_evidence(answer, example, Completion("…", None if top is None else -0.25, top))
    return answer


def test_option_probs_sum_to_one_over_letters() -> None:
    top = (*log(B=0.4, A=0.1), (" B", math.log(0.2)), ("(C)", math.log(0.1)), ("The", math.log(0.2)))
    assert option_probs(top, "ABC") == pytest.approx({"B": 0.75, "A": 0.125, "C": 0.125})
    assert option_probs(top, "XYZ") == {}


def test_choice_has_margin_and_entropy_of_its_options() -> None:
    answer = evidence(CHOICE, "B", log(B=0.6, A=0.2, The=0.2))
    assert (answer.log_prob, answer.n_options) == (-0.25, 3)
    assert answer.margin == pytest.approx(0.75 - 0.25)
    assert answer.entropy == pytest.approx(-(0.75 * math.log(0.75) + 0.25 * math.log(0.25)))


def test_choice_without_leading_letter_has_no_margin_or_entropy() -> None:
    for top in (log(The=0.9, B=0.1), log(A=0.9, B=0.1)):
        answer = evidence(CHOICE, "B", top)
        assert (answer.log_prob, answer.margin, answer.entropy) == (-0.25, None, None)


def test_other_answers_have_margin_and_entropy_of_first_token() -> None:
    state = game("chess").state()
    for example, options in ((MoveExample("m", state), 20), (AnswerExample("a", "?"), None)):
        answer = evidence(example, "e2e4", log(e=0.5, d=0.3))
        assert (answer.log_prob, answer.n_options) == (-0.25, options)
        assert answer.margin == pytest.approx(0.2)
        assert answer.entropy == pytest.approx(-(0.625 * math.log(0.625) + 0.375 * math.log(0.375)))
        bare = evidence(example, "e2e4", None)
        assert (bare.log_prob, bare.margin, bare.entropy) == (None, None, None)
