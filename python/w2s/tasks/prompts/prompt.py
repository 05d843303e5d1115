"""A prompt: the question that an example becomes, and the reply that a label becomes.

Knows nothing about tokenizers. A template is a Jinja file whose first block, up to a line ``---``, is the
question; what follows is the reply.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypedDict

from w2s.errors import UsageError
from w2s.tasks.answer import AnswerExample
from w2s.tasks.choice import ChoiceExample
from w2s.tasks.move import MoveExample

Example = MoveExample | ChoiceExample | AnswerExample
TEMPLATES = Path(__file__).with_name("templates")


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
        """The question."""
        return str(self._templates[0].render(**_words(example))).strip()

    def answer(self, example: Example, label: str) -> str:
        """The reply that gives a label, as a few-shot example or as what a student learns."""
        return str(self._templates[1].render(**_words(example), label=label)).strip()

    def messages(self, example: Example, shots: Sequence[tuple[Example, str]] = ()) -> list[Message]:
        """The question after solved examples, each with its label."""
        turns: list[Message] = []
        for shot, label in shots:
            turns.append({"role": "user", "content": self.ask(shot)})
            turns.append({"role": "assistant", "content": self.answer(shot, label)})
        return [*turns, {"role": "user", "content": self.ask(example)}]

    @cached_property
    def _templates(self) -> tuple[Any, Any]:
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        world = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
        return world.from_string(self.question), world.from_string(self.reply)


def read_prompt(name: str) -> Prompt:
    """A prompt by the name of a template that comes with w2s, or by the path of a file.

    Raises:
        UsageError: there is no such template, or it has no reply.
    """
    path = TEMPLATES / f"{name}.jinja"
    if not path.is_file():
        path = Path(name).expanduser()
    if not path.is_file():
        names = sorted(file.stem for file in TEMPLATES.glob("*.jinja"))
        raise UsageError(f"no prompt is called {name[:60]!r}; there are: {', '.join(names)}, or name a file")
    question, line, reply = path.read_text(encoding="utf-8").partition("\n---\n")
    if not line:
        raise UsageError(f"{path} has no line --- between question and reply")
    return Prompt(name, question, reply)


def _words(example: Example) -> dict[str, Any]:
    """What a template may name."""
    if isinstance(example, ChoiceExample):
        return {
            "question": example.question,
            "options": list(zip(example.letters, example.options, strict=True)),
            "option": dict(zip(example.letters, example.options, strict=True)),
        }
    if isinstance(example, AnswerExample):
        return {"question": example.question, "solution": example.solution}
    state = example.state
    return {
        "game": state.game.replace("_", " "),
        "position": state.position,
        "start": state.start_position,
        "moves": state.moves(),
        "legal": sorted(state.legal_moves()),
        "rejected": list(example.rejected),
    }
