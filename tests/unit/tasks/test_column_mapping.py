"""Which column of a source holds what: named, known and missing columns."""

from __future__ import annotations

import json
from pathlib import Path

from tests.doubles.errors import raises_code
from w2s.config import parse_config
from w2s.errors import DataError, UsageError
from w2s.tasks import AnswerExample, ChoiceExample, read_examples
from w2s.tasks.column_mapping import CHOICE_COLUMNS, ChoiceColumns


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
