"""The form of LLM-Adapters: question and options in one text."""

from __future__ import annotations

import pytest

from tests.doubles.errors import raises_code
from w2s.errors import DataError
from w2s.tasks import ChoiceExample
from w2s.tasks.choice import parse_choice
from w2s.tasks.column_mapping import ChoiceColumns
from w2s.tasks.rows import Row
from w2s.tasks.rows.llm_adapters import split_instruction

ASKED = "Please choose the correct answer to the question: "


def read(instruction: str, answer: object = "answer2") -> ChoiceExample:
    row = Row("file, row 1", "a", {"instruction": instruction, "answer": answer})
    return parse_choice(split_instruction(row), ChoiceColumns(answer_is="index"))


def test_question_options_and_answer_are_split() -> None:
    found = read(
        f"{ASKED}Why is it so: how?\n\nAnswer1: because Answer2: it is: so\n\nAnswer format: answer1/answer2"
    )
    assert found == ChoiceExample("a", "Why is it so: how?", ("because", "it is: so"), ("B",))


@pytest.mark.parametrize("word", ["Solution", "Option", "Ending"])
def test_other_words_for_answer_are_accepted(word: str) -> None:
    low = word.lower()
    text = f"Please choose the correct {low}: Why?\n\n{word}1: x {word}2: y\n\nAnswer format: {low}1/{low}2"
    assert read(text, f"{low}1") == ChoiceExample("a", "Why?", ("x", "y"), ("A",))


def test_true_and_false_are_the_default_options() -> None:
    asked = "Please answer the following question with true or false, question: is it?"
    assert read(f"{asked}\n\nAnswer format: true/false", "false") == ChoiceExample(
        "a", "is it?", ("True", "False"), ("B",)
    )


def test_mark_out_of_order_is_part_of_an_option() -> None:
    found = read(f"{ASKED}Why?\n\nAnswer1: see Answer3: there Answer2: no\n\nAnswer format: answer1/answer2")
    assert found.options == ("see Answer3: there", "no")


@pytest.mark.parametrize("answer", ["", None])
def test_missing_answer_gives_no_gold(answer: object) -> None:
    assert read(f"{ASKED}Why?\n\nAnswer1: x Answer2: y\n\nAnswer format: answer1/answer2", answer).gold == ()


@pytest.mark.parametrize(
    ("instruction", "answer", "code"),
    [
        (
            f"{ASKED}Why?\n\nAnswer1: x Answer2: y\n\nAnswer format: answer1/answer2",
            "answer3",
            "task-answer-not-option",
        ),
        (
            f"{ASKED}Why?\n\nAnswer1: x Answer2: x\n\nAnswer format: answer1/answer2",
            "answer1",
            "task-equal-options",
        ),
        (f"{ASKED}Why?\n\nAnswer1: x\n\nAnswer format: answer1/answer2", "answer1", "task-option-count"),
        (
            f"{ASKED}Why?\n\nAnswer1: Answer2: y\n\nAnswer format: answer1/answer2",
            "answer1",
            "task-empty-text",
        ),
        (f"{ASKED}Why?", "answer1", "task-no-options"),
        (
            f"{ASKED}\n\nAnswer1: x Answer2: y\n\nAnswer format: answer1/answer2",
            "answer1",
            "task-empty-text",
        ),
    ],
)
def test_invalid_instruction_is_refused(instruction: str, answer: str, code: str) -> None:
    with raises_code(code, DataError):
        read(instruction, answer)
