"""Prompts: templates that turn an example into a question and a label into a reply.

A template is a Jinja file. The text before a line ``---`` is the question, the text after it the reply. Each
task offers its own variables, which are computed when a template uses them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from w2s.errors import DataError, UsageError
from w2s.games import State, game
from w2s.tasks.answer import AnswerExample, judge_answer
from w2s.tasks.choice import ChoiceExample
from w2s.tasks.move import MoveExample
from w2s.tasks.prompts.template import compile_template
from w2s.tasks.registry import task_for
from w2s.tasks.task import Example

_TEMPLATES = Path(__file__).with_name("templates")
_REPLY_LINE = "\n---\n"


class Message(TypedDict):
    """One turn of a chat; ``role`` is ``user`` or ``assistant``."""

    role: str
    content: str


@dataclass(frozen=True)
class Prompt:
    """The templates of question and reply.

    Attributes:
        name: the name in model references.
        question: source of the question template.
        reply: source of the reply template.
    """

    name: str
    question: str
    reply: str

    def ask(self, example: Example) -> str:
        """The question of an example.

        Raises:
            UsageError: the template uses a variable that such an example does not have.
        """
        return self._render(self.question, example, {})

    def answer(self, example: Example, label: str) -> str:
        """The reply that gives a label, for few-shot examples and for training.

        Raises:
            UsageError: the template uses a variable that such an example does not have.
            DataError: the label is not one of the options.
        """
        return self._render(self.reply, example, _reply_variables(example, label))

    def messages(self, example: Example, label: str | None = None) -> list[Message]:
        """The question as a user turn, followed by the reply that gives the label, if there is one."""
        question: Message = {"role": "user", "content": self.ask(example)}
        if label is None:
            return [question]
        return [question, {"role": "assistant", "content": self.answer(example, label)}]

    def _render(self, source: str, example: Example, more: dict[str, Any]) -> str:
        template = compile_template(source)
        known = _EXAMPLE_VARIABLES[type(example)]
        if unknown := sorted(template.names - known.keys() - more.keys()):
            kind, there = task_for(example).name, _listed([*known, *more])
            raise UsageError(
                "prompt-unknown-variable",
                f"prompt {self.name!r} names {_listed(unknown)}; an example of {kind} has {there}",
            )
        values = {name: known[name](example) for name in template.names & known.keys()}
        return template.render(values | more)


def prompt_names() -> list[str]:
    """Names of the bundled prompts."""
    return sorted(file.stem for file in _TEMPLATES.glob("*.jinja"))


def read_prompt(name: str) -> Prompt:
    """A prompt by its bundled name, or from a file.

    Raises:
        UsageError: there is no such prompt, or the file has no reply or an invalid template.
    """
    path = _TEMPLATES / f"{name}.jinja" if name in prompt_names() else Path(name).expanduser()
    if not _is_file(path):
        raise UsageError(
            "prompt-unknown",
            f"no prompt is called {name[:60]!r}; choose {_listed(prompt_names())}, or name a file",
        )
    try:
        question, line, reply = path.read_text(encoding="utf-8").replace("\r\n", "\n").partition(_REPLY_LINE)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("prompt-unreadable", f"cannot read {path}: {error}") from None
    if not line:
        raise UsageError("prompt-no-separator", f"{path} has no line --- between question and reply")
    for source in (question, reply):
        try:
            compile_template(source)
        except UsageError as error:
            raise UsageError(error.code, f"{path}: {error}") from None
    return Prompt(name, question, reply)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # an impossible file name
        return False


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


# Variables of templates -----------------------------------------------------------------------------------


_Variable = Callable[[Any], Any]
_NOTATIONS = {
    "chess": "UCI notation, like e2e4",
    "connect_four": "the number of a column, counted from 1",
    "othello": "a square, like d3",
}

_CHOICE: dict[str, _Variable] = {
    "question": lambda example: example.question,
    "options": lambda example: list(zip(example.letters, example.options, strict=True)),
    "option": lambda example: dict(zip(example.letters, example.options, strict=True)),
}
_ANSWER: dict[str, _Variable] = {
    "question": lambda example: example.question,
}
_MOVE: dict[str, _Variable] = {
    "game": lambda example: example.state.game.replace("_", " "),
    "position": lambda example: example.state.position,
    "start": lambda example: example.state.start_position,
    "usual_start": lambda example: game(example.state.game).state().position == example.state.start_position,
    "moves": lambda example: example.state.moves(),
    "line": lambda example: _line(example.state, "canonical"),
    "line_san": lambda example: _line(example.state, "san"),
    "legal": lambda example: sorted(example.state.legal_moves()),
    "legal_san": lambda example: sorted(example.state.legal_moves("san")),
    "notation": lambda example: _NOTATIONS.get(example.state.game, "the game's notation"),
    "notation_san": lambda example: (
        "standard algebraic notation, like Nf3"
        if example.state.game == "chess"
        else _MOVE["notation"](example)
    ),
    "rejected": lambda example: list(example.rejected),
}
_EXAMPLE_VARIABLES: Mapping[type, Mapping[str, _Variable]] = {
    ChoiceExample: _CHOICE,
    AnswerExample: _ANSWER,
    MoveExample: _MOVE,
}
"""The variables of each class of examples."""


def _reply_variables(example: Example, label: str) -> dict[str, Any]:
    """The variables that only a reply template may use.

    These are the ``label``; for moves also ``san``; for final answers also ``solution``, the worked solution
    of the gold answer, which is None for a wrong label.

    Raises:
        DataError: the example is multiple choice, and the label is not one of its options.
    """
    if isinstance(example, AnswerExample):
        return {"label": label, "solution": example.solution if judge_answer(example, label) else None}
    known = task_for(example).canonical(example, label)
    if isinstance(example, ChoiceExample):
        if known is None:
            raise DataError(
                "task-label-not-option",
                f"example {example.id!r} has no option {label[:40]!r}; it has {example.letters}",
            )
        return {"label": known}
    return {
        "label": label if known is None else known,
        "san": label if known is None else example.state.print(known),
    }


def _line(state: State, notation: str) -> str:
    """The moves so far, in chess with move numbers: ``1. e4 e5 2. Nf3``."""
    moves = state.moves(notation)
    if state.game != "chess":
        return " ".join(moves)
    fields = state.start_position.split()
    half = 2 * (int(fields[5]) - 1) + (fields[1] == "b")
    return " ".join(_numbered(half + ply, ply, move) for ply, move in enumerate(moves))


def _numbered(half: int, ply: int, move: str) -> str:
    if half % 2 == 0:
        return f"{half // 2 + 1}. {move}"
    return f"{half // 2 + 1}... {move}" if ply == 0 else move
