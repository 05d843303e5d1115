"""Candidate labels: what an example can be given, and how answers are grouped."""

from __future__ import annotations

import pytest

from tests.doubles.errors import raises_code
from w2s.errors import DataError
from w2s.games import game
from w2s.models import Answer
from w2s.models.candidates import Candidates, allowed_moves, list_candidates, runner_ups, unflatten
from w2s.tasks import AnswerExample, ChoiceExample, MoveExample

START = game("chess").state()


def test_candidates_of_a_choice_are_its_letters() -> None:
    example = ChoiceExample("c", "Which?", ("x", "y", "z"))
    assert list_candidates(example) == Candidates(["A", "B", "C"], [0, 1, 2])


def test_candidates_of_a_move_are_legal_and_its_restrictions_are_allowed() -> None:
    found = list_candidates(MoveExample("m", START, only=("e2e4", "d2d4"), rejected=("d2d4",)))
    assert found.labels == START.legal_moves()
    assert [found.labels[index] for index in found.allowed] == ["e2e4"]


def test_answers_have_no_candidates() -> None:
    assert list_candidates(AnswerExample("a", "How many?")) == Candidates([], [])


def test_restrictions_that_leave_no_move_are_ignored() -> None:
    legal = START.legal_moves()
    assert allowed_moves(MoveExample("m", START, only=("e2e4",), rejected=("e2e4",)), legal) == ["e2e4"]
    assert allowed_moves(MoveExample("m", START, only=("e7e5",)), legal) == legal


@pytest.mark.parametrize(
    ("count", "code"), [(0, "model-choice-no-options"), (27, "model-choice-too-many-options")]
)
def test_choices_without_letters_are_refused(count: int, code: str) -> None:
    with raises_code(code, DataError):
        list_candidates(ChoiceExample("x", "?", tuple(map(str, range(count)))))


def test_runner_ups_are_the_likeliest_others_and_ties_keep_their_order() -> None:
    assert runner_ups({"a": 0.1, "b": 0.3, "c": 0.5, "d": 0.1}, "c", 2) == ["b", "a"]
    assert runner_ups({"a": 1.0}, "a", 3) == []


def test_answers_are_grouped_by_example() -> None:
    first, others = [Answer("a"), Answer("b")], [Answer("x"), Answer("y"), Answer("z")]
    grouped = unflatten(first, others, [1, 2])
    assert [[answer.label for answer in group] for group in grouped] == [["a", "x"], ["b", "y", "z"]]
