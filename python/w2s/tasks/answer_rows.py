"""Rows of any source → questions with a final answer.

Knows nothing about formats, or about what answers mean.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from w2s.errors import DataError
from w2s.tasks.answer import AnswerExample
from w2s.tasks.checking.final import boxed, hashed
from w2s.tasks.columns import ANSWERS, AnswerColumns, Named, chosen
from w2s.tasks.mapping import check, columns_by_names, id_of, optional_text
from w2s.tasks.rows import Row, field, number, text
from w2s.tasks.rows.reading import read_rows

_CALCULATOR = re.compile(r"<<[^<>]*>>")
_HASHES = re.compile(r"^[ \t]*####.*\Z", re.MULTILINE | re.DOTALL)
_TOLD = {name: found for name, found in ANSWERS.items() if name != "gsm8k"}


def read_answers(
    source: str | Path, columns: Named, bad_row: Callable[[str], None]
) -> Iterator[AnswerExample]:
    """The examples of a file or a published data set.

    Raises:
        DataError: the source cannot be read, or has not the columns: those that it has are named.
        UsageError: no such columns.
    """
    asked = chosen(columns, AnswerColumns)
    found: AnswerColumns | None = asked if isinstance(asked, AnswerColumns) else None
    for place, row in enumerate(read_rows(source, bad_row)):
        if place == 0:
            found = found or columns_by_names(row, _TOLD, AnswerColumns())
            check(source, row, found, [found.question])
        try:
            assert found is not None
            yield _example(row, found)
        except DataError as error:
            bad_row(f"{row.place}: {error}")


def _example(row: Row, columns: AnswerColumns) -> AnswerExample:
    values = row.values
    gold, held = _answers(field(values, columns.answer), columns)
    solution = optional_text(values, columns.solution) if columns.solution else held
    return AnswerExample(
        id_of(row, columns.id),
        text(field(values, columns.question), columns.question),
        gold,
        solution=solution,
        difficulty=number(field(values, columns.difficulty), columns.difficulty)
        if columns.difficulty
        else None,
        group=optional_text(values, columns.group),
    )


def _answers(value: Any, columns: AnswerColumns) -> tuple[tuple[str, ...], str | None]:
    """The accepted answers, and the worked answer where the same text holds it."""
    values = value if isinstance(value, list) else [value]
    known = [text(one, columns.answer) for one in values if one is not None and one != ""]
    found = [_answer(one, columns.answer_is) for one in known]
    solutions = [solution for _, solution in found if solution]
    return tuple(dict.fromkeys(answer for answer, _ in found)), solutions[0] if solutions else None


def _answer(value: str, form: str | None) -> tuple[str, str | None]:
    behind, inside = hashed(value), boxed(value)
    if form == "hashes" or (form is None and behind):
        if not behind:
            raise DataError(f"there is no line '#### …' with the answer in {value[-40:]!r}")
        return behind, _HASHES.sub("", _CALCULATOR.sub("", value)).strip() or None
    if form == "boxed" or (form is None and inside):
        if not inside:
            raise DataError(f"there is no \\boxed{{…}} with the answer in {value[-40:]!r}")
        return inside, value
    return value, None
