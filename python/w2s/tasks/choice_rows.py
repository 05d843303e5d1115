"""Rows of any source → examples of multiple choice.

Knows nothing about formats. A source without named columns is known by those that it has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from w2s.errors import DataError
from w2s.tasks.choice import LETTERS, ChoiceExample, check_options
from w2s.tasks.columns import CHOICES, ChoiceColumns, Named, chosen
from w2s.tasks.instruction import INSTRUCTION, read_instruction
from w2s.tasks.mapping import check, columns_by_names, id_of, optional_text
from w2s.tasks.rows import Row, field, number, text
from w2s.tasks.rows.reading import read_rows

_NUMBERS = {"letter": "A, B, …", "index": "0, 1, …", "number": "1, 2, …"}


def read_choices(
    source: str | Path, columns: Named, bad_row: Callable[[str], None]
) -> Iterator[ChoiceExample]:
    """The examples of a file or a published data set.

    Raises:
        DataError: the source cannot be read, or has not the columns: those that it has are named.
        UsageError: no such columns.
    """
    asked = chosen(columns, ChoiceColumns)
    read: Callable[[Row], ChoiceExample] | None = None
    for row in read_rows(source, bad_row):
        try:
            if read is None:
                read = _reader(source, row, asked)
            yield read(row)
        except DataError as error:
            if read is None:
                raise
            bad_row(f"{row.place}: {error}")


def _reader(source: str | Path, first: Row, asked: Any) -> Callable[[Row], ChoiceExample]:
    if asked is None and INSTRUCTION in first.values and "question" not in first.values:
        return read_instruction
    columns = asked or columns_by_names(first, CHOICES, ChoiceColumns())
    needed = [columns.options] if isinstance(columns.options, str) else columns.options
    check(source, first, columns, [columns.question, *needed])
    return lambda row: _example(row, columns)


def _example(row: Row, columns: ChoiceColumns) -> ChoiceExample:
    values = row.values
    labels, options = _options(values, columns)
    gold = _gold(field(values, columns.answer), columns, labels, options)
    question = text(field(values, columns.question), columns.question)
    if columns.context and (context := optional_text(values, columns.context)):
        question = f"{context} {question}"
    example = ChoiceExample(
        id_of(row, columns.id),
        question,
        options,
        gold,
        difficulty=number(field(values, columns.difficulty), columns.difficulty)
        if columns.difficulty
        else None,
        group=optional_text(values, columns.group),
    )
    return shuffled(example) if columns.shuffle else example


def shuffled(example: ChoiceExample) -> ChoiceExample:
    """The same example, its options in an order that its id draws."""
    order = sorted(
        range(len(example.options)),
        key=lambda place: hashlib.blake2b(f"{example.id} {place}".encode()).digest(),
    )
    return ChoiceExample(
        example.id,
        example.question,
        tuple(example.options[place] for place in order),
        tuple(sorted(LETTERS[order.index(LETTERS.index(letter))] for letter in example.gold)),
        example.difficulty,
        example.group,
    )


def _options(values: Mapping[str, Any], columns: ChoiceColumns) -> tuple[list[str], tuple[str, ...]]:
    """The labels that the source gives its options, if any, and their texts."""
    if isinstance(columns.options, tuple):
        found: Any = [field(values, name) for name in columns.options]
    else:
        found = field(values, columns.options)
    labels: list[str] = []
    if isinstance(found, Mapping):
        labels, found = [str(label) for label in found.get("label") or ()], found.get("text")
    elif isinstance(found, list) and found and all(isinstance(one, Mapping) for one in found):
        labels, found = [str(one.get("label")) for one in found], [one.get("text") for one in found]
    if found is None or isinstance(found, str) or not isinstance(found, Sequence):
        raise DataError(f"the options are {ascii(found)[:40]}, not a list")
    options = tuple(text(option, f"option {place}") for place, option in enumerate(found, 1))
    check_options(options)
    return labels if len(labels) == len(options) else [], options


def _gold(
    value: Any, columns: ChoiceColumns, labels: Sequence[str], options: Sequence[str]
) -> tuple[str, ...]:
    answers = value if isinstance(value, list) else [value]
    known = [answer for answer in answers if answer is not None and answer != ""]
    found = [_letter(answer, columns.answer_is, labels, options) for answer in known]
    return tuple(dict.fromkeys(found))


def _letter(answer: Any, form: str | None, labels: Sequence[str], options: Sequence[str]) -> str:
    """The letter of the option that an answer means."""
    word = str(answer).strip()
    place = _place(answer, word, form or _form(answer, word, labels, options), labels, options)
    if place is None or not 0 <= place < len(options):
        known = ", ".join(labels) if form == "label" and labels else _NUMBERS.get(form or "", "")
        among = known or ", ".join(repr(option[:20]) for option in options[:5])
        raise DataError(f"the answer {word[:40]!r} is not among the {len(options)} options ({among})")
    return LETTERS[place]


def _form(answer: Any, word: str, labels: Sequence[str], options: Sequence[str]) -> str:
    """How an answer says which option it means, where nobody said."""
    if word in labels:
        return "label"
    is_index = isinstance(answer, int) and not isinstance(answer, bool)
    places = {options.index(word)} if word in options else set()
    if is_index:
        places.add(int(word))
    elif len(word) == 1 and word.upper() in LETTERS[: len(options)]:
        places.add(LETTERS.index(word.upper()))
    if len(places) > 1:
        raise DataError(f"the answer {word!r} is one option's text and stands for another: say answer_is")
    if is_index:
        return "index"
    if word in options:
        return "text"
    if word.isdecimal():
        raise DataError(f"the answer {word!r} can be an index from 0 or a number from 1: say answer_is")
    return "letter" if len(word) == 1 else "text"


def _place(answer: Any, word: str, form: str, labels: Sequence[str], options: Sequence[str]) -> int | None:
    if form == "label" and labels:
        return labels.index(word) if word in labels else None
    if form in ("letter", "label"):
        return LETTERS.find(word.upper()) if len(word) == 1 else None
    if form == "text":
        return next((place for place, option in enumerate(options) if option == word), None)
    if isinstance(answer, bool) or not word.isdecimal():
        return None
    return int(word) - (form == "number")
