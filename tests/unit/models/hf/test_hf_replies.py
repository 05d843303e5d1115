"""Free text → labels."""

from __future__ import annotations

import pytest

from w2s.games import game
from w2s.models.hf.replies import read_reply, sameness
from w2s.tasks import MoveExample
from w2s.tasks.answer import AnswerExample
from w2s.tasks.choice import ChoiceExample

CHOICE = ChoiceExample("c", "?", ("blue", "green", "dark red"))
ANSWER = AnswerExample("a", "?")
MOVE = MoveExample("m", game("chess").state())


@pytest.mark.parametrize(
    ("example", "text", "label"),
    [
        (CHOICE, "B", "B"),
        (CHOICE, " (C).", "C"),
        (CHOICE, "The answer is B, not A.", "B"),
        (CHOICE, "A sky? The answer: **C**", "C"),
        (CHOICE, "dark red.", "C"),
        (CHOICE, "Z", "Z"),
        (CHOICE, "", ""),
        (CHOICE, "<think>A or B</think> C", "C"),
        (ANSWER, "so 3 + 4 = 7", "7"),
        (ANSWER, "1,234.5 apples", "1234.5"),
        (ANSWER, "thus \\boxed{\\frac{1}{2}} holds, 9 times", "\\frac{1}{2}"),
        (ANSWER, "\\boxed{1} then \\boxed{2", "2"),
        (ANSWER, "work\n#### 42", "42"),
        (ANSWER, "no idea", "no idea"),
        (MOVE, "e4", "e2e4"),
        (MOVE, "I would play Nf3!", "g1f3"),
        (MOVE, "e2e5", "e2e5"),
        (MOVE, "[e2e2]", "[e2e2]"),
    ],
)
def test_a_reply_gives_its_label(example: object, text: str, label: str) -> None:
    assert read_reply(example, text) == label  # type: ignore[arg-type]


def test_labels_that_say_the_same_are_the_same() -> None:
    assert sameness(MOVE, "e4") == sameness(MOVE, "e2e4")
    assert sameness(ANSWER, "$1,000$.") == sameness(ANSWER, "1000")
    assert sameness(ANSWER, "10") != sameness(ANSWER, "100")
    assert sameness(CHOICE, "A ") == sameness(CHOICE, "A")
