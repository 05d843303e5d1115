"""Samples are compared by what they mean."""

from __future__ import annotations

import math

import pytest

from w2s.labelling.consistency import predictive_entropy, self_consistency, told_apart
from w2s.tasks import AnswerExample, ChoiceExample

SUM = AnswerExample("a", "What is half of 1?", ("0.5",))
CHOICE = ChoiceExample("b", "Which?", ("one", "two"))


def test_the_share_that_says_the_label() -> None:
    assert self_consistency(CHOICE, "A", ["A", "B", "A", "A"]) == 0.75
    assert self_consistency(SUM, "0.5", ["1/2", "0.50", "2", "what?"]) == 0.5
    assert math.isnan(self_consistency(SUM, "1", []))


def test_meanings_are_told_apart_and_texts_where_there_is_none() -> None:
    assert sorted(told_apart(SUM, ["1/2", "0.5", "2", "hm", "hm", "well"])) == [1, 1, 2, 2]


def test_the_entropy_is_that_of_the_meanings() -> None:
    assert predictive_entropy(CHOICE, ["A"] * 5) == 0
    assert predictive_entropy(CHOICE, ["A", "B"] * 4) == pytest.approx(math.log(2))
    assert predictive_entropy(SUM, ["1/2", "0.5", "3", "3.0"]) == pytest.approx(math.log(2))
    assert math.isnan(predictive_entropy(SUM, []))
