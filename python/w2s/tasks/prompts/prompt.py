"""A prompt: the question that an example becomes, and the reply that a label becomes.

Knows nothing about tokenizers. A template is a Jinja file whose first block, up to a line ``---``, is the
question; what follows is the reply.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from w2s.errors import UsageError
from w2s.tasks.prompts.template import compiled
from w2s.tasks.prompts.words import WORDS, reply_words
from w2s.tasks.registry import Example, task_of

TEMPLATES = Path(__file__).with_name("templates")
_REPLY_LINE = "\n---\n"


class Message(TypedDict):
    """One turn: ``role`` is user or assistant."""

    role: str
    content: str


@dataclass(frozen=True)
class Prompt:
    """Templates of question and reply, and the name that stands in references."""

    name: str
    question: str
    reply: str

    def ask(self, example: Example) -> str:
        """The question.

        Raises:
            UsageError: the template names what such an example does not have.
        """
        return self._filled(self.question, example, {})

    def answer(self, example: Example, label: str) -> str:
        """The reply that gives a label, as a few-shot example or as what a student learns.

        Raises:
            UsageError: the template names what such an example does not have.
            DataError: the label is none of the options.
        """
        return self._filled(self.reply, example, reply_words(example, label))

    def messages(self, example: Example, label: str | None = None) -> list[Message]:
        """The question as a turn, and behind it the reply that gives a label, where there is one."""
        asked: Message = {"role": "user", "content": self.ask(example)}
        if label is None:
            return [asked]
        return [asked, {"role": "assistant", "content": self.answer(example, label)}]

    def _filled(self, source: str, example: Example, more: dict[str, Any]) -> str:
        template = compiled(source)
        known = WORDS[type(example)]
        if unknown := sorted(template.names - known.keys() - more.keys()):
            kind, there = task_of(example).name, _listed([*known, *more])
            raise UsageError(
                f"prompt {self.name!r} names {_listed(unknown)}: an example of {kind} has {there}"
            )
        words = {name: known[name](example) for name in template.names & known.keys()}
        return template.render(words | more)


def prompt_names() -> list[str]:
    """Names of the templates that come with w2s."""
    return sorted(file.stem for file in TEMPLATES.glob("*.jinja"))


def read_prompt(name: str) -> Prompt:
    """A prompt by the name of a template that comes with w2s, or by the path of a file.

    Raises:
        UsageError: there is no such template, it has no reply, or it is no template.
    """
    path = TEMPLATES / f"{name}.jinja" if name in prompt_names() else Path(name).expanduser()
    if not _is_file(path):
        raise UsageError(
            f"no prompt is called {name[:60]!r}; there are: {_listed(prompt_names())}, or name a file"
        )
    try:
        question, line, reply = path.read_text(encoding="utf-8").replace("\r\n", "\n").partition(_REPLY_LINE)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from None
    if not line:
        raise UsageError(f"{path} has no line --- between question and reply")
    for source in (question, reply):
        try:
            compiled(source)
        except UsageError as error:
            raise UsageError(f"{path}: {error}") from None
    return Prompt(name, question, reply)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
