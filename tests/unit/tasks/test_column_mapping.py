"""Columns that a user names or that are detected, and the text form of LLM-Adapters."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.doubles.errors import raises_code
from w2s.config import parse_config
from w2s.errors import DataError, UsageError
from w2s.tasks import AnswerExample, ChoiceExample, read_examples
from w2s.tasks.choice import parse_choice
from w2s.tasks.column_mapping import CHOICE_COLUMNS, ChoiceColumns, split_instruction
from w2s.tasks.rows import Row


def written(folder: Path, row: object) -> Path:
    path = folder / "rows.jsonl"
    path.write_text(f"{json.dumps(row)}\n", encoding="utf-8")
    return path


def test_columns_are_configured_in_toml(tmp_path: Path) -> None:
    table = {
        "question": "q.text",
        "context": "passage",
        "options": ["o1", "o2"],
        "answer": "key",
        "answer_is": "number",
        "difficulty": "level",
        "group": "passage",
        "id": "name",
    }
    row = {
        "q": {"text": "Why?"},
        "passage": "It rains.",
        "o1": "x",
        "o2": 7,
        "key": 2,
        "level": "3.5",
        "name": 9,
    }
    path = written(tmp_path, row)
    expected = ChoiceExample("9", "It rains. Why?", ("x", "7"), ("B",), 3.5, "It rains.")
    assert read_examples(path, "choice", columns=table) == [expected]
    columns = parse_config(ChoiceColumns, table, "test")
    assert read_examples(path, "choice", columns=columns) == [expected]
    assert 'options = [\n    "o1",' in columns.to_toml()


def test_missing_column_error_lists_existing_columns(tmp_path: Path) -> None:
    path = written(tmp_path, {"prompt": "Which?", "endings": ["x", "y"]})
    with raises_code("task-missing-column", DataError) as raised:
        read_examples(path, "choice")
    assert "no column question, options; it has: prompt, endings;" in str(raised.value)
    columns = {"question": "prompt", "options": "endings", "answer": "key", "difficulty": "level"}
    with raises_code("task-missing-column", DataError) as raised:
        read_examples(path, "choice", columns=columns)
    assert "no column key, level; it has" in str(raised.value)
    assert read_examples(path, "choice", columns={"question": "prompt", "options": "endings"})[0].gold == ()


def test_invalid_columns_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, {"question": "Which?", "options": ["x", "y"]})
    with raises_code("task-unknown-columns", UsageError) as raised:
        read_examples(path, "choice", columns="hellaswag")
    assert "w2s, sciq, siqa, openbookqa" in str(raised.value)
    with raises_code("config-unknown-key", UsageError) as raised:
        read_examples(path, "choice", columns={"qestion": "q"})
    assert "did you mean 'question'" in str(raised.value)
    with raises_code("task-columns-other-task", UsageError):
        read_examples(path, "answer", columns=CHOICE_COLUMNS["mmlu"].columns)
    with raises_code("task-columns-for-moves", UsageError):
        read_examples(path, columns="mmlu")


def test_columns_of_answers_are_configured(tmp_path: Path) -> None:
    row = {
        "q": {"text": "How many?"},
        "final": "#### 5",
        "how": "Count.",
        "hard": "Level 2",
        "set": "s",
        "n": "x",
    }
    columns = {
        "question": "q.text",
        "answer": "final",
        "answer_is": "text",
        "solution": "how",
        "difficulty": "hard",
        "group": "set",
        "id": "n",
    }
    (found,) = read_examples(written(tmp_path, row), "answer", columns=columns)
    assert found == AnswerExample("x", "How many?", ("#### 5",), "Count.", 2.0, "s")


def test_missing_answer_column_error_lists_existing_columns(tmp_path: Path) -> None:
    path = written(tmp_path, {"prompt": "How many?", "target": "5"})
    for columns in (None, "gsm8k"):
        with raises_code("task-missing-column", DataError) as raised:
            read_examples(path, "answer", columns=columns)
        assert "no column question; it has: prompt, target;" in str(raised.value)


# LLM-Adapters ---------------------------------------------------------------------------------------------


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
