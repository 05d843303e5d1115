"""The ``choice`` task: the right one of several options.

An example, its rows in files, and whether a label is right. Models, prompts and file formats are elsewhere.
"""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from w2s.errors import DataError
from w2s.tasks.row_sources import read_rows
from w2s.tasks.rows import OnBadRow, Row, as_text, located

if TYPE_CHECKING:
    import pyarrow as pa

    from w2s.tasks.column_mapping import ChoiceColumns, ColumnsSpec

LETTERS = string.ascii_uppercase
_LETTER = re.compile(r"[\s(\[*\"']*([A-Za-z])[\s)\].:,*\"']*")
_EXPECTED = {"letter": "A, B, …", "index": "0, 1, …", "number": "1, 2, …"}


@dataclass(frozen=True, slots=True)
class ChoiceExample:
    """One question with 1 to 26 options. A label is the letter of an option; ``A`` is the first.

    Attributes:
        id: unique id.
        question: the question.
        options: the texts of the options.
        gold: the letters of the right options; empty if unknown.
        difficulty: the difficulty given by the source; higher is harder.
        group: examples of one group, such as one passage, get the same split.
    """

    id: str
    question: str
    options: tuple[str, ...]
    gold: tuple[str, ...] = ()
    difficulty: float | None = None
    group: str | None = None

    @property
    def letters(self) -> str:
        """The valid labels, in the order of the options."""
        return LETTERS[: len(self.options)]


# Labels -----------------------------------------------------------------------------------------------------


def canonical_choice(example: ChoiceExample, label: str) -> str | None:
    """The letter that a label means: ``B``, the text of an option, ``b`` or ``(B)``; None for anything else.

    Example:
        >>> example = ChoiceExample("a", "Which?", ("red", "blue"))
        >>> [canonical_choice(example, label) for label in ("(b)", "B.", "Blue", "C", "")]
        ['B', 'B', 'B', None, None]
    """
    if len(label) == 1 and label in example.letters:
        return label
    texts = [_fold(option) for option in example.options]
    if _fold(label) in texts:
        return LETTERS[texts.index(_fold(label))]
    found = _LETTER.fullmatch(label)
    return found[1].upper() if found and found[1].upper() in example.letters else None


def judge_choice(example: ChoiceExample, label: str | None) -> bool | None:
    """Whether a label is a right option; None if the example has no gold."""
    if not example.gold:
        return None
    return label is not None and canonical_choice(example, label) in example.gold


def same_choice(example: ChoiceExample, left: str, right: str) -> bool:
    """Whether two labels mean the same option."""
    letter = canonical_choice(example, left)
    return letter is not None and letter == canonical_choice(example, right)


def choice_key(example: ChoiceExample) -> str:
    """A hash of the question and its options; their order, case and spacing do not matter."""
    words = "\0".join([_fold(example.question), *sorted(map(_fold, example.options))])
    return hashlib.blake2b(words.encode(), digest_size=16).hexdigest()


def _fold(text: str) -> str:
    return " ".join(text.casefold().split())


# Rows -------------------------------------------------------------------------------------------------------


def choice_schema() -> pa.Schema:
    """The columns of examples in Parquet; ``solutions`` are letters."""
    import pyarrow as pa

    texts = pa.list_(pa.string())
    return pa.schema(
        [
            ("id", pa.string()),
            ("question", pa.string()),
            ("options", texts),
            ("solutions", texts),
            ("difficulty", pa.float32()),
            ("group", pa.string()),
        ]
    )


def choice_row(example: ChoiceExample) -> dict[str, Any]:
    """An example in the columns of :func:`choice_schema`."""
    return {
        "id": example.id,
        "question": example.question,
        "options": list(example.options),
        "solutions": list(example.gold),
        "difficulty": example.difficulty,
        "group": example.group,
    }


def read_choices(source: str | Path, spec: ColumnsSpec, on_bad_row: OnBadRow) -> Iterator[ChoiceExample]:
    """The examples of a file or a published dataset.

    Args:
        source: a file, or ``hf:…``.
        spec: which column holds what; None to detect it.
        on_bad_row: called for each row that cannot be used.

    Raises:
        DataError: the source cannot be read, or a column is missing.
        UsageError: the columns are unknown.
    """
    from w2s.tasks.column_mapping import CHOICE_COLUMNS, ChoiceColumns, resolve_columns

    columns = resolve_columns(spec, ChoiceColumns, CHOICE_COLUMNS)
    parse: Callable[[Row], ChoiceExample] | None = None
    for row in read_rows(source, on_bad_row):
        if parse is None:
            parse = _row_parser(source, row, columns)
        try:
            example = parse(row)
        except DataError as error:
            on_bad_row(located(row.place, error))
            continue
        yield example


def _row_parser(
    source: str | Path, first: Row, columns: ChoiceColumns | None
) -> Callable[[Row], ChoiceExample]:
    """The parser for all rows of a source, by the columns of the first."""
    from w2s.tasks.column_mapping import (
        CHOICE_COLUMNS,
        ChoiceColumns,
        check_columns,
        detect_columns,
        is_llm_adapters,
        split_instruction,
    )

    if columns is None and is_llm_adapters(first):
        split = ChoiceColumns(answer_is="index")
        return lambda row: parse_choice(split_instruction(row), split)
    columns = columns or detect_columns(first, CHOICE_COLUMNS, ChoiceColumns())
    needed = [columns.options] if isinstance(columns.options, str) else columns.options
    check_columns(source, first, columns, [columns.question, *needed])
    return lambda row: parse_choice(row, columns)


def parse_choice(row: Row, columns: ChoiceColumns) -> ChoiceExample:
    """One row as an example.

    Raises:
        DataError: a value is missing or invalid, or the answer is not among the options.
    """
    labels, options = _options(row, columns)
    question = row.text(columns.question)
    if context := row.optional_text(columns.context):
        question = f"{context} {question}"
    example = ChoiceExample(
        row.id(columns.id),
        question,
        options,
        _gold(row.get(columns.answer), columns.answer_is, labels, options),
        row.optional_number(columns.difficulty),
        row.optional_text(columns.group),
    )
    return shuffle_options(example) if columns.shuffle else example


def shuffle_options(example: ChoiceExample) -> ChoiceExample:
    """The same example with its options ordered by a hash of the id."""
    order = sorted(
        range(len(example.options)),
        key=lambda place: hashlib.blake2b(f"{example.id} {place}".encode()).digest(),
    )
    return replace(
        example,
        options=tuple(example.options[place] for place in order),
        gold=tuple(sorted(LETTERS[order.index(LETTERS.index(letter))] for letter in example.gold)),
    )


def check_choices(options: Sequence[str]) -> None:
    """Check that there are 1 to 26 different options.

    Raises:
        DataError: there are none, more than 26, or two are equal.
    """
    if not options:
        raise DataError("task-no-options", "there are no options")
    if len(options) > len(LETTERS):
        raise DataError(
            "task-too-many-options",
            f"{len(options)} options; at most {len(LETTERS)} are allowed, one per letter",
        )
    seen: dict[str, str] = {}
    for letter, option in zip(LETTERS, options, strict=False):
        known = seen.setdefault(" ".join(option.split()), letter)
        if known != letter:
            raise DataError("task-equal-options", f"options {known} and {letter} are equal: {option[:40]!r}")


def _options(row: Row, columns: ChoiceColumns) -> tuple[list[str], tuple[str, ...]]:
    """The labels that the source gives to the options, if any, and the texts of the options."""
    value: Any
    if isinstance(columns.options, tuple):
        value = [row.get(column) for column in columns.options]
    else:
        value = row.get(columns.options)
    labels: list[str] = []
    if isinstance(value, Mapping):
        labels, value = [str(label) for label in value.get("label") or ()], value.get("text")
    elif isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
        labels, value = [str(one.get("label")) for one in value], [one.get("text") for one in value]
    if value is None or isinstance(value, str) or not isinstance(value, Sequence):
        raise DataError("task-options-not-list", f"the options are {ascii(value)[:40]}, not a list")
    options = tuple(as_text(option, f"option {number}") for number, option in enumerate(value, 1))
    check_choices(options)
    return labels if len(labels) == len(options) else [], options


def _gold(value: Any, form: str | None, labels: Sequence[str], options: Sequence[str]) -> tuple[str, ...]:
    answers = value if isinstance(value, list) else [value]
    known = [answer for answer in answers if answer is not None and answer != ""]
    return tuple(dict.fromkeys(_letter(answer, form, labels, options) for answer in known))


def _letter(answer: Any, form: str | None, labels: Sequence[str], options: Sequence[str]) -> str:
    """The letter of the option that an answer names."""
    word = str(answer).strip()
    place = _place(answer, word, form or _detect_form(answer, word, labels, options), labels, options)
    if place is None or not 0 <= place < len(options):
        known = ", ".join(labels) if form == "label" and labels else _EXPECTED.get(form or "", "")
        among = known or ", ".join(repr(option[:20]) for option in options[:5])
        raise DataError(
            "task-answer-not-option",
            f"the answer {word[:40]!r} is not among the {len(options)} options ({among})",
        )
    return LETTERS[place]


def _detect_form(answer: Any, word: str, labels: Sequence[str], options: Sequence[str]) -> str:
    """The ``answer_is`` of an answer, if only one is possible."""
    if word in labels:
        return "label"
    is_index = isinstance(answer, int) and not isinstance(answer, bool)
    places = {options.index(word)} if word in options else set()
    if is_index:
        places.add(int(word))
    elif len(word) == 1 and word.upper() in LETTERS[: len(options)]:
        places.add(LETTERS.index(word.upper()))
    if len(places) > 1:
        raise DataError(
            "task-answer-ambiguous",
            f"the answer {word!r} is one option's text and another's letter or index; set answer_is",
        )
    if is_index:
        return "index"
    if word in options:
        return "text"
    if word.isdecimal():
        raise DataError(
            "task-answer-ambiguous",
            f"the answer {word!r} can be an index from 0 or a number from 1; set answer_is",
        )
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
