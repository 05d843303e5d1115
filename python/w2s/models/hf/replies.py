"""Replies of a model as text → labels.

Knows nothing about models. A reply that holds no label is one as it stands, which is then wrong or illegal.
"""

from __future__ import annotations

import re

from w2s.tasks import Example
from w2s.tasks.answer import AnswerExample
from w2s.tasks.choice import ChoiceExample

_THOUGHT = re.compile(r"^.*</think>", re.DOTALL)
_SAID = re.compile(r"(?:answer|option)\W{0,4}(?:is)?\W{0,4}\b([A-Z])\b", re.IGNORECASE)
_LETTER = re.compile(r"\b([A-Z])\b")
_MARKED = re.compile(r"####\s*(.+)")
_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?(?:/\d+)?")
_BOXED = "\\boxed{"
_WORDS = 200
_PUNCTUATION = " \t\r\n.,;:!?\"'`*()[]"


def read_reply(example: Example, text: str) -> str:
    """The label that a reply gives."""
    said = _THOUGHT.sub("", text).strip()
    if isinstance(example, ChoiceExample):
        return _letter(example, said) or said
    if isinstance(example, AnswerExample):
        return _final(said) or said
    words = [said, *said.split()[:_WORDS]]
    moves = (example.state.read(word.strip(_PUNCTUATION))[0] for word in words)
    return next((move for move in moves if move is not None), said)


def sameness(example: Example, label: str) -> str:
    """What two labels share that say the same."""
    if isinstance(example, AnswerExample):
        return "".join(label.split()).strip("$.").replace(",", "").casefold()
    if isinstance(example, ChoiceExample):
        return label.strip()
    return example.state.read(label)[0] or label.strip()


def _letter(example: ChoiceExample, said: str) -> str | None:
    for pattern in (_SAID, _LETTER):
        for letter in pattern.findall(said):
            if letter.upper() in example.letters:
                return str(letter.upper())
    whole = said.strip(_PUNCTUATION).casefold()
    texts = [option.strip(_PUNCTUATION).casefold() for option in example.options]
    return example.letters[texts.index(whole)] if whole in texts else None


def _final(said: str) -> str | None:
    """The last boxed value, else what stands behind ``####``, else the last number."""
    boxed = _boxed(said)
    if boxed is not None:
        return boxed
    marked = _MARKED.findall(said)
    if marked:
        return str(marked[-1]).strip()
    numbers = _NUMBER.findall(said)
    return str(numbers[-1]).replace(",", "") if numbers else None


def _boxed(said: str) -> str | None:
    start = said.rfind(_BOXED)
    if start < 0:
        return None
    depth, begin = 1, start + len(_BOXED)
    for place in range(begin, len(said)):
        depth += {"{": 1, "}": -1}.get(said[place], 0)
        if not depth:
            return said[begin:place].strip() or None
    return None
