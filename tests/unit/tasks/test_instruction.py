"""The form of LLM-Adapters: question and options in one text."""

from __future__ import annotations

import pytest

from w2s.errors import DataError
from w2s.tasks import ChoiceExample
from w2s.tasks.instruction import read_instruction
from w2s.tasks.rows import Row

ASKED = "Please choose the correct answer to the question: "


def read(instruction: str, answer: object = "answer2") -> ChoiceExample:
    return read_instruction(Row("file, row 1", "a", {"instruction": instruction, "answer": answer}))


def test_question_options_and_answer_are_taken_apart() -> None:
    found = read(
        f"{ASKED}Why is it so: how?\n\nAnswer1: because Answer2: it is: so\n\nAnswer format: answer1/answer2"
    )
    assert found == ChoiceExample("a", "Why is it so: how?", ("because", "it is: so"), ("B",))


@pytest.mark.parametrize("word", ["Solution", "Option", "Ending"])
def test_other_words_for_answer_are_read(word: str) -> None:
    low = word.lower()
    text = f"Please choose the correct {low}: Why?\n\n{word}1: x {word}2: y\n\nAnswer format: {low}1/{low}2"
    assert read(text, f"{low}1") == ChoiceExample("a", "Why?", ("x", "y"), ("A",))


def test_true_or_false_are_the_options_where_no_others_are_given() -> None:
    asked = "Please answer the following question with true or false, question: is it?"
    assert read(f"{asked}\n\nAnswer format: true/false", "false") == ChoiceExample(
        "a", "is it?", ("True", "False"), ("B",)
    )


def test_a_mark_out_of_order_is_part_of_an_option() -> None:
    found = read(f"{ASKED}Why?\n\nAnswer1: see Answer3: there Answer2: no\n\nAnswer format: answer1/answer2")
    assert found.options == ("see Answer3: there", "no")


@pytest.mark.parametrize("answer", ["", None])
def test_without_an_answer_there_is_no_gold(answer: object) -> None:
    assert read(f"{ASKED}Why?\n\nAnswer1: x Answer2: y\n\nAnswer format: answer1/answer2", answer).gold == ()


@pytest.mark.parametrize(
    ("instruction", "answer", "reason"),
    [
        (
            f"{ASKED}Why?\n\nAnswer1: x Answer2: y\n\nAnswer format: answer1/answer2",
            "answer3",
            "not among the options",
        ),
        (
            f"{ASKED}Why?\n\nAnswer1: x Answer2: x\n\nAnswer format: answer1/answer2",
            "answer1",
            "A and B are equal",
        ),
        (f"{ASKED}Why?\n\nAnswer1: x\n\nAnswer format: answer1/answer2", "answer1", "1 options and 2 names"),
        (
            f"{ASKED}Why?\n\nAnswer1: Answer2: y\n\nAnswer format: answer1/answer2",
            "answer1",
            "option 1 is empty",
        ),
        (f"{ASKED}Why?", "answer1", "there are no options"),
        (
            f"{ASKED}\n\nAnswer1: x Answer2: y\n\nAnswer format: answer1/answer2",
            "answer1",
            "the question is empty",
        ),
    ],
)
def test_what_cannot_be_read_is_named(instruction: str, answer: str, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        read(instruction, answer)
