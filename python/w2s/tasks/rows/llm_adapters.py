"""Rows of LLM-Adapters, which hold question and options in one text, as rows of multiple choice.

An instruction reads ``Please choose the correct answer to the question: Why?``, ``Answer1: because Answer2:
therefore``, ``Answer format: answer1/answer2``; the column ``answer`` names the right one, ``answer2``.
"""

from __future__ import annotations

import re

from w2s.errors import DataError
from w2s.tasks.rows.row import Row, as_text

_INSTRUCTION = "instruction"
_FORMAT = re.compile(r"\s*Answer format:\s*(\S+)\s*$")
_PREAMBLE = re.compile(r"^Please (?:choose|answer)\b[^:]*:\s*")
_MARK = re.compile(r"(?:(?<=\s)|^)(Answer|Solution|Option|Ending)(\d+):\s*")


def is_llm_adapters(row: Row) -> bool:
    """Whether a row has the shape of LLM-Adapters."""
    return _INSTRUCTION in row.values and "question" not in row.values


def split_instruction(row: Row) -> Row:
    """The row with the columns ``id``, ``question``, ``options``, and ``answer`` as an index from 0.

    Raises:
        DataError: there is no question or no options, or the answer is not among the options.
    """
    instruction = row.text(_INSTRUCTION)
    shape = _FORMAT.search(instruction)
    names = shape[1].lower().split("/") if shape else []
    body = instruction[: shape.start()] if shape else instruction
    marks = _marks(body)
    options = _options(body, marks) if marks else [name.capitalize() for name in names]
    if not options:
        raise DataError("task-no-options", "there are no options")
    if names and len(names) != len(options):
        raise DataError(
            "task-option-count", f"{len(options)} options, but {len(names)} names in 'Answer format'"
        )
    question = _PREAMBLE.sub("", body[: marks[0].start()] if marks else body)
    known = names or [f"{marks[0][1].lower()}{number}" for number in range(1, len(options) + 1)]
    values = {
        "id": row.get("id"),
        "question": as_text(question, "the question"),
        "options": options,
        "answer": _answer(row, known),
    }
    return Row(row.place, row.name, values)


def _marks(body: str) -> list[re.Match[str]]:
    """``Answer1:``, ``Answer2:`` …, in order; a mark that is out of order belongs to an option."""
    marks: list[re.Match[str]] = []
    for found in _MARK.finditer(body):
        if int(found[2]) == len(marks) + 1 and (not marks or found[1] == marks[0][1]):
            marks.append(found)
    return marks


def _options(body: str, marks: list[re.Match[str]]) -> list[str]:
    ends = [mark.start() for mark in marks[1:]] + [len(body)]
    return [
        as_text(body[mark.end() : end], f"option {number}")
        for number, (mark, end) in enumerate(zip(marks, ends, strict=True), 1)
    ]


def _answer(row: Row, names: list[str]) -> int | None:
    answer = row.optional_text("answer")
    if answer is None:
        return None
    if answer.lower() not in names:
        raise DataError(
            "task-answer-not-option",
            f"the answer {answer.lower()[:40]!r} is not among the options ({', '.join(names)})",
        )
    return names.index(answer.lower())
