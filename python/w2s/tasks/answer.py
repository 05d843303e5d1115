"""The ``answer`` task: a question whose final answer is a value that can be compared, as in mathematics.

An example, its rows in files, and whether a label is right. Models, prompts and file formats are elsewhere.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from w2s.errors import DataError
from w2s.tasks.answer_check import answers_equal
from w2s.tasks.answer_check.text import after_hashes, last_boxed, normalize
from w2s.tasks.row_sources import read_rows
from w2s.tasks.rows import OnBadRow, Row, as_text, located

if TYPE_CHECKING:
    import pyarrow as pa

    from w2s.tasks.column_mapping import AnswerColumns, ColumnsSpec

_CALCULATOR = re.compile(r"<<[^<>]*>>")
_HASHES = re.compile(r"^[ \t]*####.*\Z", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class AnswerExample:
    r"""One question with a final answer. A label is an answer as a model wrote it: ``72``, ``\frac{1}{2}``.

    Attributes:
        id: unique id.
        question: the question.
        gold: the accepted answers; empty if unknown.
        solution: the worked solution of the source.
        difficulty: the difficulty given by the source; higher is harder.
        group: examples of one group get the same split.
    """

    id: str
    question: str
    gold: tuple[str, ...] = ()
    solution: str | None = None
    difficulty: float | None = None
    group: str | None = None


# Labels -----------------------------------------------------------------------------------------------------


def canonical_answer(example: AnswerExample, label: str) -> str | None:
    """The label without typography; None if nothing is left."""
    return normalize(label) or None


def judge_answer(example: AnswerExample, label: str | None) -> bool | None:
    """Whether a label equals one of the accepted answers; None if the example has no gold."""
    if not example.gold:
        return None
    return bool(label) and any(answers_equal(str(label), right) for right in example.gold)


def same_answer(example: AnswerExample, left: str, right: str) -> bool:
    """Whether two labels mean the same answer."""
    return answers_equal(left, right)


def answer_key(example: AnswerExample) -> str:
    """A hash of the question; case and spacing do not matter."""
    words = " ".join(example.question.casefold().split())
    return hashlib.blake2b(words.encode(), digest_size=16).hexdigest()


# Rows -------------------------------------------------------------------------------------------------------


def answer_schema() -> pa.Schema:
    """The columns of examples in Parquet: ``solutions`` are accepted answers, ``worked`` is one solution."""
    import pyarrow as pa

    return pa.schema(
        [
            ("id", pa.string()),
            ("question", pa.string()),
            ("solutions", pa.list_(pa.string())),
            ("worked", pa.string()),
            ("difficulty", pa.float32()),
            ("group", pa.string()),
        ]
    )


def answer_row(example: AnswerExample) -> dict[str, Any]:
    """An example in the columns of :func:`answer_schema`."""
    return {
        "id": example.id,
        "question": example.question,
        "solutions": list(example.gold),
        "worked": example.solution,
        "difficulty": example.difficulty,
        "group": example.group,
    }


def read_answers(source: str | Path, spec: ColumnsSpec, on_bad_row: OnBadRow) -> Iterator[AnswerExample]:
    """The examples of a file or a published dataset.

    Args:
        source: a file, or ``hf:…``.
        spec: which column holds what; None to detect it.
        on_bad_row: called for each row that cannot be used.

    Raises:
        DataError: the source cannot be read, or a column is missing.
        UsageError: the columns are unknown.
    """
    from w2s.tasks.column_mapping import ANSWER_COLUMNS, AnswerColumns, resolve_columns

    named = resolve_columns(spec, AnswerColumns, ANSWER_COLUMNS)
    columns: AnswerColumns | None = None
    for row in read_rows(source, on_bad_row):
        if columns is None:
            columns = _columns(source, row, named)
        try:
            example = _parse_answer(row, columns)
        except DataError as error:
            on_bad_row(located(row.place, error))
            continue
        yield example


def _columns(source: str | Path, first: Row, named: AnswerColumns | None) -> AnswerColumns:
    from w2s.tasks.column_mapping import ANSWER_COLUMNS, AnswerColumns, check_columns, detect_columns

    columns = named or detect_columns(first, ANSWER_COLUMNS, AnswerColumns())
    check_columns(source, first, columns, [columns.question])
    return columns


def _parse_answer(row: Row, columns: AnswerColumns) -> AnswerExample:
    gold, worked = _gold(row.get(columns.answer), columns)
    return AnswerExample(
        row.id(columns.id),
        row.text(columns.question),
        gold,
        row.optional_text(columns.solution) if columns.solution else worked,
        row.optional_number(columns.difficulty),
        row.optional_text(columns.group),
    )


def _gold(value: Any, columns: AnswerColumns) -> tuple[tuple[str, ...], str | None]:
    """The accepted answers, and the worked solution if the same text contains it."""
    values = value if isinstance(value, list) else [value]
    texts = [as_text(one, columns.answer) for one in values if one is not None and one != ""]
    pairs = [_split_solution(text, columns.answer_is) for text in texts]
    solutions = [solution for _, solution in pairs if solution]
    return tuple(dict.fromkeys(answer for answer, _ in pairs)), solutions[0] if solutions else None


def _split_solution(text: str, form: str | None) -> tuple[str, str | None]:
    """The final answer in a text, and the worked solution around it."""
    hashed, boxed = after_hashes(text), last_boxed(text)
    if form == "hashes" or (form is None and hashed):
        if not hashed:
            raise DataError(
                "task-no-final-answer", f"no line '#### …' with the final answer in {text[-40:]!r}"
            )
        return hashed, _HASHES.sub("", _CALCULATOR.sub("", text)).strip() or None
    if form == "boxed" or (form is None and boxed):
        if not boxed:
            raise DataError(
                "task-no-final-answer", f"no \\boxed{{…}} with the final answer in {text[-40:]!r}"
            )
        return boxed, text
    return text, None
