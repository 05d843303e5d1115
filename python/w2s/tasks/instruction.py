"""The form of LLM-Adapters: question and options in ``instruction``, the right one named in ``answer``.

Knows nothing about files. An instruction reads ``Please choose the correct answer to the question: Why?``,
``Answer1: because Answer2: therefore``, ``Answer format: answer1/answer2``.
"""

from __future__ import annotations

import re

from w2s.errors import DataError
from w2s.tasks.choice import LETTERS, ChoiceExample, check_options
from w2s.tasks.mapping import id_of
from w2s.tasks.rows import Row, text

INSTRUCTION = "instruction"
_FORMAT = re.compile(r"\s*Answer format:\s*(\S+)\s*$")
_ASKED = re.compile(r"^Please (?:choose|answer)\b[^:]*:\s*")
_MARK = re.compile(r"(?:(?<=\s)|^)(Answer|Solution|Option|Ending)(\d+):\s*")


def read_instruction(row: Row) -> ChoiceExample:
    """One row as an example.

    Raises:
        DataError: there is no question, no options, or the answer is not among them.
    """
    instruction = text(row.values.get(INSTRUCTION), INSTRUCTION)
    shape = _FORMAT.search(instruction)
    names = shape[1].lower().split("/") if shape else []
    asked = instruction[: shape.start()] if shape else instruction
    marks = _marks(asked)
    options = _options(asked, marks) if marks else [name.capitalize() for name in names]
    check_options(options)
    if names and len(names) != len(options):
        raise DataError(f"there are {len(options)} options and {len(names)} names in 'Answer format'")
    question = _ASKED.sub("", asked[: marks[0].start()] if marks else asked).strip()
    known = names or [f"{marks[0][1].lower()}{place}" for place in range(1, len(options) + 1)]
    return ChoiceExample(id_of(row, "id"), text(question, "the question"), tuple(options), _gold(row, known))


def _marks(asked: str) -> list[re.Match[str]]:
    """``Answer1:``, ``Answer2:`` …, in their order; one that is out of order is part of an option."""
    marks: list[re.Match[str]] = []
    for found in _MARK.finditer(asked):
        if int(found[2]) == len(marks) + 1 and (not marks or found[1] == marks[0][1]):
            marks.append(found)
    return marks


def _options(asked: str, marks: list[re.Match[str]]) -> list[str]:
    ends = [mark.start() for mark in marks[1:]] + [len(asked)]
    return [
        text(asked[mark.end() : end], f"option {place}")
        for place, (mark, end) in enumerate(zip(marks, ends, strict=True), 1)
    ]


def _gold(row: Row, names: list[str]) -> tuple[str, ...]:
    answer = row.values.get("answer")
    if answer is None or answer == "":
        return ()
    word = text(answer, "answer").lower()
    if word not in names:
        raise DataError(f"the answer {word[:40]!r} is not among the options ({', '.join(names)})")
    return (LETTERS[names.index(word)],)
