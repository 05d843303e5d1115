"""Which column of a source holds what: typed configuration that can stand in TOML, and ready ones by name.

Knows nothing about files or rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from w2s.config import Config, parse_config
from w2s.errors import UsageError


class ChoiceColumns(Config):
    """Columns of multiple choice.

    Attributes:
        question: the question. A point leads into a table: ``question.stem``.
        context: stands before the question, a passage say.
        options: one column with a list of texts, with a list of ``{label, text}``, or with one
            ``{label, text}`` of lists; or several columns with a text each.
        answer: the right option or a list of them; empty values are not known.
        answer_is: ``letter`` (A is the first), ``label`` (that of the option), ``index`` (0 is the first),
            ``number`` (1 is the first) or ``text``. Left out, it is told from the value.
        difficulty: a number, higher is harder.
        group: what must not be split.
        id: unique; left out where the source has none.
        shuffle: give the options an order drawn by id, where the source has the right one always in one
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
    r"""Columns of questions with a final answer.

    Attributes:
        question: the question. A point leads into a table.
        answer: the final answer or a list of accepted ones, or the text that holds it.
        answer_is: ``text``, the answer itself; ``hashes``, behind ``####``; ``boxed``, in ``\boxed{}``. Left
            out, it is told from the value.
        solution: the worked answer; where ``answer`` holds it, it need not be named.
        difficulty: a number or ``Level 5``, higher is harder.
        group: what must not be split.
        id: unique; left out where the source has none.
    """

    question: str = "question"
    answer: str = "answer"
    answer_is: Literal["text", "hashes", "boxed"] | None = None
    solution: str | None = None
    difficulty: str | None = None
    group: str | None = None
    id: str = "id"


Columns = ChoiceColumns | AnswerColumns
Named = Columns | Mapping[str, Any] | str | None
"""What says which columns a source has: a configuration, its table in TOML, the name of a ready one, or
nothing, and then the names of the columns tell."""


class Published(Config):
    """A ready mapping, and the columns by which a source is known that is shaped like it."""

    columns: ChoiceColumns | AnswerColumns
    known_by: tuple[str, ...] = Field(min_length=1)


CHOICES: dict[str, Published] = {
    "w2s": Published(
        columns=ChoiceColumns(answer="solutions", answer_is="letter", difficulty="difficulty", group="group"),
        known_by=("question", "options", "solutions"),
    ),
    "sciq": Published(
        columns=ChoiceColumns(
            options=("distractor1", "distractor2", "distractor3", "correct_answer"),
            answer="correct_answer",
            answer_is="text",
            shuffle=True,
        ),
        known_by=("question", "distractor1", "distractor2", "distractor3", "correct_answer"),
    ),
    "siqa": Published(
        columns=ChoiceColumns(
            context="context",
            options=("answerA", "answerB", "answerC"),
            answer="label",
            answer_is="number",
            group="context",
        ),
        known_by=("context", "question", "answerA", "answerB", "answerC", "label"),
    ),
    "openbookqa": Published(
        columns=ChoiceColumns(
            question="question_stem", options="choices", answer="answerKey", answer_is="label"
        ),
        known_by=("question_stem", "choices", "answerKey"),
    ),
    "arc-challenge": Published(
        columns=ChoiceColumns(options="choices", answer="answerKey", answer_is="label"),
        known_by=("question", "choices", "answerKey"),
    ),
    "arc-easy": Published(
        columns=ChoiceColumns(options="choices", answer="answerKey", answer_is="label"),
        known_by=("question", "choices", "answerKey"),
    ),
    "arc-original": Published(
        columns=ChoiceColumns(
            question="question.stem", options="question.choices", answer="answerKey", answer_is="label"
        ),
        known_by=("question.stem", "question.choices", "answerKey"),
    ),
    "mmlu": Published(
        columns=ChoiceColumns(options="choices", answer="answer", answer_is="index"),
        known_by=("question", "choices", "answer"),
    ),
}
"""Multiple choice by name; the first whose columns a source has tells how it is read."""

ANSWERS: dict[str, Published] = {
    "w2s": Published(
        columns=AnswerColumns(
            answer="solutions", answer_is="text", solution="worked", difficulty="difficulty", group="group"
        ),
        known_by=("question", "solutions", "worked"),
    ),
    "math-500": Published(
        columns=AnswerColumns(
            question="problem",
            answer_is="text",
            solution="solution",
            difficulty="level",
            id="unique_id",
        ),
        known_by=("problem", "solution", "answer", "level"),
    ),
    "omni-math": Published(
        columns=AnswerColumns(
            question="problem", answer_is="text", solution="solution", difficulty="difficulty"
        ),
        known_by=("problem", "solution", "answer", "difficulty"),
    ),
    "aime": Published(
        columns=AnswerColumns(question="problem", answer_is="text", solution="solution"),
        known_by=("problem", "solution", "answer"),
    ),
    "aime-1983-2024": Published(
        columns=AnswerColumns(question="Question", answer="Answer", answer_is="text", id="ID"),
        known_by=("ID", "Year", "Question", "Answer"),
    ),
    "math": Published(
        columns=AnswerColumns(
            question="problem", answer="solution", answer_is="boxed", solution="solution", difficulty="level"
        ),
        known_by=("problem", "solution", "level"),
    ),
    "gsm8k": Published(
        columns=AnswerColumns(answer_is="hashes"),
        known_by=("question", "answer"),
    ),
}
"""Questions with a final answer by name. ``gsm8k`` is never told from its columns, which are everyone's."""


def chosen(named: Named, kind: type[Columns]) -> Columns | None:
    """The columns that were named; None where nothing was.

    Raises:
        UsageError: there are no such columns, or they are of another task.
    """
    ready = CHOICES if kind is ChoiceColumns else ANSWERS
    if named is None or isinstance(named, kind):
        return named
    if isinstance(named, str):
        if named.lower() not in ready:
            raise UsageError(f"no columns are called {named[:40]!r}; ready are: {', '.join(ready)}")
        return ready[named.lower()].columns
    if isinstance(named, Mapping):
        return parse_config(kind, dict(named), "columns")
    raise UsageError(f"columns of {type(named).__name__} are not for this task: give {kind.__name__}")
