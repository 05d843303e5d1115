"""Which column of a source holds what: typed configuration, known datasets, and detection by column names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import Field

from w2s.config import Config, parse_config
from w2s.errors import DataError, UsageError
from w2s.tasks.rows import Row, as_text

AnyColumns = TypeVar("AnyColumns", "ChoiceColumns", "AnswerColumns")
_UNDETECTED = "gsm8k"
_SINGLE = ("answer", "context", "solution", "difficulty", "group", "id")
"""Keys that name one optional column each."""


class ChoiceColumns(Config):
    """TaskColumns of multiple choice.

    Attributes:
        question: the question. A point leads into a nested table: ``question.stem``.
        context: text before the question, for example a passage.
        options: one column with a list of texts, a list of ``{label, text}``, or one ``{label, text}`` of
            lists; or several columns with one text each.
        answer: the right option or a list of right options; an empty value is unknown.
        answer_is: ``letter`` (A is the first), ``label`` (that of the option), ``index`` (0 is the first),
            ``number`` (1 is the first) or ``text``. By default it is detected from the value.
        difficulty: a number, higher is harder.
        group: examples of one group get the same split.
        id: unique ids; the row number is used where the source has none.
        shuffle: order the options by a hash of the id, for sources whose right option always has the same
            place.
    """

    question: str = "question"
    context: str | None = None
    options: str | tuple[str, ...] = "options"
    answer: str = "answer"
    answer_is: Literal["letter", "label", "index", "number", "text"] | None = None
    difficulty: str | None = None
    group: str | None = None
    id: str = "id"
    shuffle: bool = False


class AnswerColumns(Config):
    r"""TaskColumns of questions with a final answer.

    Attributes:
        question: the question. A point leads into a nested table.
        answer: the final answer, a list of accepted answers, or a text that contains it.
        answer_is: ``text``, the answer itself; ``hashes``, after ``####``; ``boxed``, in ``\boxed{}``. By
            default it is detected from the value.
        solution: the worked solution; not needed where ``answer`` contains it.
        difficulty: a number or ``Level 5``, higher is harder.
        group: examples of one group get the same split.
        id: unique ids; the row number is used where the source has none.
    """

    question: str = "question"
    answer: str = "answer"
    answer_is: Literal["text", "hashes", "boxed"] | None = None
    solution: str | None = None
    difficulty: str | None = None
    group: str | None = None
    id: str = "id"


TaskColumns = ChoiceColumns | AnswerColumns
ColumnsSpec = TaskColumns | Mapping[str, Any] | str | None
"""How a user names columns: a configuration, its TOML table, the name of a known one, or None to detect."""


class KnownColumns(Config):
    """The columns of a published dataset, and the columns by which its rows are recognized."""

    columns: ChoiceColumns | AnswerColumns
    known_by: tuple[str, ...] = Field(min_length=1)


CHOICE_COLUMNS: dict[str, KnownColumns] = {
    "w2s": KnownColumns(
        columns=ChoiceColumns(answer="solutions", answer_is="letter", difficulty="difficulty", group="group"),
        known_by=("question", "options", "solutions"),
    ),
    "sciq": KnownColumns(
        columns=ChoiceColumns(
            options=("distractor1", "distractor2", "distractor3", "correct_answer"),
            answer="correct_answer",
            answer_is="text",
            shuffle=True,
        ),
        known_by=("question", "distractor1", "distractor2", "distractor3", "correct_answer"),
    ),
    "siqa": KnownColumns(
        columns=ChoiceColumns(
            context="context",
            options=("answerA", "answerB", "answerC"),
            answer="label",
            answer_is="number",
            group="context",
        ),
        known_by=("context", "question", "answerA", "answerB", "answerC", "label"),
    ),
    "openbookqa": KnownColumns(
        columns=ChoiceColumns(
            question="question_stem", options="choices", answer="answerKey", answer_is="label"
        ),
        known_by=("question_stem", "choices", "answerKey"),
    ),
    "arc-challenge": KnownColumns(
        columns=ChoiceColumns(options="choices", answer="answerKey", answer_is="label"),
        known_by=("question", "choices", "answerKey"),
    ),
    "arc-easy": KnownColumns(
        columns=ChoiceColumns(options="choices", answer="answerKey", answer_is="label"),
        known_by=("question", "choices", "answerKey"),
    ),
    "arc-original": KnownColumns(
        columns=ChoiceColumns(
            question="question.stem", options="question.choices", answer="answerKey", answer_is="label"
        ),
        known_by=("question.stem", "question.choices", "answerKey"),
    ),
    "mmlu": KnownColumns(
        columns=ChoiceColumns(options="choices", answer="answer", answer_is="index"),
        known_by=("question", "choices", "answer"),
    ),
}
"""Multiple choice datasets by name; the first whose columns a source has is used."""

ANSWER_COLUMNS: dict[str, KnownColumns] = {
    "w2s": KnownColumns(
        columns=AnswerColumns(
            answer="solutions", answer_is="text", solution="worked", difficulty="difficulty", group="group"
        ),
        known_by=("question", "solutions", "worked"),
    ),
    "math-500": KnownColumns(
        columns=AnswerColumns(
            question="problem",
            answer_is="text",
            solution="solution",
            difficulty="level",
            id="unique_id",
        ),
        known_by=("problem", "solution", "answer", "level"),
    ),
    "omni-math": KnownColumns(
        columns=AnswerColumns(
            question="problem", answer_is="text", solution="solution", difficulty="difficulty"
        ),
        known_by=("problem", "solution", "answer", "difficulty"),
    ),
    "aime": KnownColumns(
        columns=AnswerColumns(question="problem", answer_is="text", solution="solution"),
        known_by=("problem", "solution", "answer"),
    ),
    "aime-1983-2024": KnownColumns(
        columns=AnswerColumns(question="Question", answer="Answer", answer_is="text", id="ID"),
        known_by=("ID", "Year", "Question", "Answer"),
    ),
    "math": KnownColumns(
        columns=AnswerColumns(
            question="problem", answer="solution", answer_is="boxed", solution="solution", difficulty="level"
        ),
        known_by=("problem", "solution", "level"),
    ),
    "gsm8k": KnownColumns(
        columns=AnswerColumns(answer_is="hashes"),
        known_by=("question", "answer"),
    ),
}
"""Datasets with final answers by name; ``gsm8k`` is not detected, because its columns are too common."""


def resolve_columns(
    spec: ColumnsSpec, kind: type[AnyColumns], known: Mapping[str, KnownColumns]
) -> AnyColumns | None:
    """The columns that a user named; None if none were named.

    Args:
        spec: what the user named.
        kind: the configuration class of the task.
        known: the known datasets of the task.

    Raises:
        UsageError: the name or a key is unknown, or the columns are those of another task.
    """
    if spec is None or isinstance(spec, kind):
        return spec
    if isinstance(spec, str):
        if spec.lower() not in known:
            raise UsageError(
                "task-unknown-columns",
                f"no columns are called {spec[:40]!r}; known are: {', '.join(known)}; or write KEY=COLUMN,…",
            )
        spec = known[spec.lower()].columns
    if isinstance(spec, Mapping):
        return parse_config(kind, dict(spec), "columns")
    if not isinstance(spec, kind):
        raise UsageError(
            "task-columns-other-task",
            f"{type(spec).__name__} cannot describe this task; pass {kind.__name__}",
        )
    return spec


def detect_columns(first: Row, known: Mapping[str, KnownColumns], default: AnyColumns) -> AnyColumns:
    """The columns of the first known dataset that has all the names of a row, else the default."""
    for name, dataset in known.items():
        columns = dataset.columns
        if (
            name != _UNDETECTED
            and isinstance(columns, type(default))
            and all(map(first.has, dataset.known_by))
        ):
            return columns
    return default


def check_columns(source: str | Path, first: Row, columns: TaskColumns, needed: Iterable[str]) -> None:
    """Check that a source has the needed columns and those that a user named.

    Raises:
        DataError: a column is missing; the message lists those that exist.
    """
    named = [getattr(columns, key) for key in _SINGLE if key in columns.model_fields_set]
    missing = [name for name in dict.fromkeys([*needed, *named]) if name and not first.has(name)]
    if missing:
        raise DataError(
            "task-missing-column",
            f"{source} has no column {', '.join(missing)}; it has: {', '.join(map(str, first.values))}; "
            "write --column-mapping question=COLUMN,… (in Python columns=)",
        )


# LLM-Adapters ---------------------------------------------------------------------------------------------


_INSTRUCTION = "instruction"
_ANSWER_FORMAT = re.compile(r"\s*Answer format:\s*(\S+)\s*$")
_PREAMBLE = re.compile(r"^Please (?:choose|answer)\b[^:]*:\s*")
_OPTION_MARK = re.compile(r"(?:(?<=\s)|^)(Answer|Solution|Option|Ending)(\d+):\s*")


def is_llm_adapters(row: Row) -> bool:
    """Whether a row has the shape of LLM-Adapters, which holds question and options in one text."""
    return _INSTRUCTION in row.values and "question" not in row.values


def split_instruction(row: Row) -> Row:
    """The row with the columns ``id``, ``question``, ``options``, and ``answer`` as an index from 0.

    An instruction reads ``Please choose the correct answer to the question: Why?``, ``Answer1: because
    Answer2: therefore``, ``Answer format: answer1/answer2``; the column ``answer`` names the right one,
    ``answer2``.

    Raises:
        DataError: there is no question or no options, or the answer is not among the options.
    """
    instruction = row.text(_INSTRUCTION)
    shape = _ANSWER_FORMAT.search(instruction)
    names = shape[1].lower().split("/") if shape else []
    body = instruction[: shape.start()] if shape else instruction
    marks = _option_marks(body)
    options = _option_texts(body, marks) if marks else [name.capitalize() for name in names]
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
        "answer": _answer_index(row, known),
    }
    return Row(row.place, row.name, values)


def _option_marks(body: str) -> list[re.Match[str]]:
    """``Answer1:``, ``Answer2:`` …, in order; a mark that is out of order belongs to an option."""
    marks: list[re.Match[str]] = []
    for found in _OPTION_MARK.finditer(body):
        if int(found[2]) == len(marks) + 1 and (not marks or found[1] == marks[0][1]):
            marks.append(found)
    return marks


def _option_texts(body: str, marks: list[re.Match[str]]) -> list[str]:
    ends = [mark.start() for mark in marks[1:]] + [len(body)]
    return [
        as_text(body[mark.end() : end], f"option {number}")
        for number, (mark, end) in enumerate(zip(marks, ends, strict=True), 1)
    ]


def _answer_index(row: Row, names: list[str]) -> int | None:
    answer = row.optional_text("answer")
    if answer is None:
        return None
    if answer.lower() not in names:
        raise DataError(
            "task-answer-not-option",
            f"the answer {answer.lower()[:40]!r} is not among the options ({', '.join(names)})",
        )
    return names.index(answer.lower())
