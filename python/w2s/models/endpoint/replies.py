"""The text of a reply → the label in it.

Knows nothing about who wrote it: whatever else a text says, only a label is taken from it.
"""

from __future__ import annotations

import re

from w2s.games import State
from w2s.tasks.answer import AnswerExample
from w2s.tasks.choice import ChoiceExample
from w2s.tasks.prompts.prompt import Example

_MOST_WORDS = 2000
_AROUND = " \t\r\n.,;:!?*_`\"'()[]{}<>$"
_NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?(?:/\d+)?")
_MOVE_NUMBER = re.compile(r"\d+\.+(?=\D)")


def read_label(example: Example, text: str) -> str | None:
    """The label that a reply gives, in canonical form; None where it gives none."""
    if isinstance(example, ChoiceExample):
        return _letter(text, example.letters)
    if isinstance(example, AnswerExample):
        return _final(text)
    return _move(example.state, text)


def _letter(text: str, letters: str) -> str | None:
    """An option's letter: boxed, the whole reply, announced, at the beginning, or alone of its kind."""
    bare = (_boxed(text) or text).strip(_AROUND)
    if len(bare) == 1 and bare.upper() in letters:
        return bare.upper()
    announced = re.findall(
        rf"(?i:answer|option|choice)\W{{0,8}}(?i:is|would be)?\W{{0,8}}([{letters}])\b", text
    )
    if announced:
        return str(announced[-1])
    begun = re.match(rf"\W*([{letters}])[.):]", text)
    if begun:
        return begun[1]
    alone = set(re.findall(rf"\b([{letters}])\b(?!['’])", text)) if letters else set()
    return str(alone.pop()) if len(alone) == 1 else None


def _final(text: str) -> str | None:
    """The final answer: boxed, after ``####``, or the last number."""
    boxed = _boxed(text)
    if boxed is not None:
        return boxed.strip() or None
    _, mark, after = text.rpartition("####")
    if mark and after.strip():
        return after.strip().splitlines()[0].strip()
    numbers = _NUMBER.findall(text)
    return str(numbers[-1]) if numbers else None


def _boxed(text: str) -> str | None:
    r"""What the last ``\boxed{…}`` holds, None where there is none that ends."""
    _, mark, after = text.rpartition(r"\boxed{")
    if not mark:
        return None
    depth = 1
    for place, letter in enumerate(after):
        depth += (letter == "{") - (letter == "}")
        if not depth:
            return after[:place]
    return None


def _move(state: State, text: str) -> str | None:
    """The reply as a move, else the first of its words that is a legal one."""
    for word in [text.strip(), *text.split()[:_MOST_WORDS]]:
        for spelling in (word, word.strip(_AROUND), _MOVE_NUMBER.sub("", word.strip(_AROUND), count=1)):
            move, _ = state.read(spelling)
            if move is not None:
                return move
    return None
