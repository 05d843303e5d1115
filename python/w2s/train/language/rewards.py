"""What a reply is worth: whether its label agrees with the one that is trusted, and whether it holds any.

Knows nothing about models; an example's own task says what agrees.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from w2s.tasks import Example, task_for
from w2s.tasks.prompts import parse_reply
from w2s.train.rows import Rows

Reward = Callable[..., list[float]]


def agreement(rows: Rows) -> Reward:
    """The probability that the target gives to what a reply says, in [0, 1]."""

    def agrees(completions: Sequence[Any], row: Sequence[int], **_: Any) -> list[float]:
        return [
            _worth(rows.examples[one], rows.targets[one], said(reply))
            for one, reply in zip(row, completions, strict=True)
        ]

    return agrees


def form(rows: Rows) -> Reward:
    """1 where a reply holds a label, 0 where it holds none."""

    def holds_a_label(completions: Sequence[Any], row: Sequence[int], **_: Any) -> list[float]:
        return [
            float(parse_reply(rows.examples[one], said(reply)) is not None)
            for one, reply in zip(row, completions, strict=True)
        ]

    return holds_a_label


def said(completion: Any) -> str:
    """The text of a reply, which is text or a turn of a conversation."""
    return completion if isinstance(completion, str) else str(completion[-1]["content"])


def _worth(example: Example, target: Mapping[str, float], reply: str) -> float:
    label = parse_reply(example, reply)
    if label is None:
        return 0.0
    task = task_for(example)
    total = sum(target.values())
    return sum(prob for wanted, prob in target.items() if task.same(example, label, wanted)) / total
