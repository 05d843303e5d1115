"""Values of a row as text and numbers."""

from __future__ import annotations

from tests.doubles.errors import raises_code
from w2s.errors import DataError
from w2s.tasks.rows import Row, as_number, as_text


def test_column_may_lead_into_a_nested_table() -> None:
    row = Row("file, row 1", "a", {"question": {"stem": "Why?", "empty": None}, "a.b": 1})
    assert (row.get("question.stem"), row.get("a.b"), row.get("question.other"), row.get("none.x")) == (
        "Why?",
        1,
        None,
        None,
    )
    assert row.has("question.empty")
    assert not row.has("question.other")


def test_row_without_id_uses_its_name() -> None:
    assert Row("file, row 1", "file-1", {"id": ""}).id("id") == "file-1"
    assert Row("file, row 1", "file-1", {"id": 7}).id("id") == "7"


def test_empty_number_is_none_and_text_is_refused() -> None:
    assert [as_number(value, "level") for value in (None, "", "Level 3", 2, "1.5", "Level ?")] == [
        None,
        None,
        3.0,
        2.0,
        1.5,
        None,
    ]
    for value in ("nan", "inf", "high", [1]):
        with raises_code("task-not-number", DataError):
            as_number(value, "level")
    with raises_code("task-not-text", DataError):
        as_text(True, "question")
