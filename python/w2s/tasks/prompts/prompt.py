"""Prompts: templates that turn an example into a question and a label into a reply.

A template is a Jinja file. The text before a line ``---`` is the question, the text after it the reply.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from w2s.errors import UsageError
from w2s.tasks.example import Example
from w2s.tasks.prompts.template import compile_template
from w2s.tasks.prompts.template_context import EXAMPLE_VARIABLES, reply_variables
from w2s.tasks.registry import task_for

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
        return self._render(self.reply, example, reply_variables(example, label))

    def messages(self, example: Example, label: str | None = None) -> list[Message]:
        """The question as a user turn, followed by the reply that gives the label, if there is one."""
        question: Message = {"role": "user", "content": self.ask(example)}
        if label is None:
            return [question]
        return [question, {"role": "assistant", "content": self.answer(example, label)}]

    def _render(self, source: str, example: Example, more: dict[str, Any]) -> str:
        template = compile_template(source)
        known = EXAMPLE_VARIABLES[type(example)]
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
