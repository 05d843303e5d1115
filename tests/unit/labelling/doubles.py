"""Models for tests of labelling, and examples that they answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import w2s
from w2s.models import Answer, Want
from w2s.tasks import ChoiceExample, Example, MoveExample

MATES = "6k1/5ppp/8/8/8/8/8/RR2K3 w - - 0 1"
CHOICES = [ChoiceExample(f"c{i}", f"Is it {i}?", ("x", "y", "z")[: 2 + i % 2], ("A",)) for i in range(6)]


class Net:
    """A double that answers the first legal move and sees every label as a vector of its own numbers."""

    tasks = ("move",)
    slots = None
    deterministic = True

    def __init__(self, reference: str = "net", dies_after: int | None = None) -> None:
        self.reference = reference
        self.asked = 0
        self._left = dies_after

    def answer(self, examples: Sequence[MoveExample], want: Want) -> list[Answer]:
        if self._left is not None:
            if self._left < len(examples):
                raise KeyboardInterrupt
            self._left -= len(examples)
        self.asked += len(examples)
        return [self._answer(example, want) for example in examples]

    def _answer(self, example: MoveExample, want: Want) -> Answer:
        answer = Answer(example.state.legal_moves()[0], log_prob=-0.5, margin=0.25, entropy=1.0, n_options=20)
        if want.hidden:
            answer.hidden = np.array([example.state.ply, 2.0], np.float16)
        if want.afterstate:
            answer.afterstate = np.array([3.0], np.float16)
        return answer

    def judge(self, examples: Sequence[MoveExample], labels: Sequence[str]) -> list[Answer]:
        seen = []
        for example, label in zip(examples, labels, strict=True):
            answer = Answer(label)
            if example.state.read(label)[0] is not None:
                answer = Answer(label, log_prob=-2.0, margin=-0.5, entropy=1.5, rank=3)
                answer.hidden = np.array([7.0], np.float16)
            seen.append(answer)
        return seen

    def close(self) -> None:
        pass


class Broken(Net):
    def _answer(self, example: MoveExample, want: Want) -> Answer:
        return Answer("", failure="crash", raw="segmentation fault")


class Fickle:
    """A double that fails at some examples, says nonsense at others, and knows every letter as a number."""

    tasks = ("choice",)
    slots = None
    deterministic = True
    reference = "fickle"

    def __init__(self, fails: Sequence[str] = (), nonsense: Sequence[str] = ()) -> None:
        self._fails, self._nonsense = set(fails), set(nonsense)

    def answer(self, examples: Sequence[Example], want: Want) -> list[Answer]:
        return [self._answer(example) for example in examples]

    def _answer(self, example: Example) -> Answer:
        if example.id in self._fails:
            return Answer("", failure="reply", raw="429")
        if example.id in self._nonsense:
            return Answer("I would rather not say", raw="I would rather not say", log_prob=-3.0)
        return Answer("B", log_prob=-0.5, hidden=np.array([1.0, 2.0], np.float16))

    def judge(self, examples: Sequence[Example], labels: Sequence[str]) -> list[Answer]:
        assert all(label in "AB" for label in labels), "only labels are judged"
        return [
            Answer(label, log_prob=-1.0, hidden=np.array([float(ord(label))], np.float16)) for label in labels
        ]

    def close(self) -> None:
        pass


def mates(count: int = 5) -> list[MoveExample]:
    """The same position several times; the first has no gold."""
    state = w2s.game("chess").state(MATES)
    return [MoveExample(f"e{i}", state, gold=("a1a8",) if i else (), group=f"g{i}") for i in range(count)]
