"""How likely a network holds each of several replies to a prompt, and its state at the end of one.

Knows nothing about examples: prompts and replies are tokens.

The prompt is read once and its replies behind it, from the cache. Where the cache of a network cannot be
repeated, prompt and reply are read together, one row for each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from w2s.models.hf.network import Network, Seen, select
from w2s.models.hf.passes import Passes, Room
from w2s.models.hf.prefixes import Reader
from w2s.models.hf.vectors import Vector, half, log_probs_at, refuse_nan
from w2s.models.hf.wording import Tokens, Worded

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt with replies; ``choose`` says by their scores the place of the one whose state is wanted."""

    name: str
    worded: Worded
    choose: Callable[[Numbers], int]


@dataclass(slots=True)
class Scores:
    """What a network holds of the replies to one question.

    ``log_probs``: (k,), of each reply's tokens, the mean, in nats; ``state`` at the last token of the
    reply that the question chose, None where states are not wanted.
    """

    log_probs: Numbers
    state: Vector | None = None


class _Row(NamedTuple):
    """One reply of one question of a pass."""

    question: int
    reply: int


class Scorer:
    """Scores replies in passes.

    Args:
        network: who scores.
        passes: how its work is cut.
    """

    def __init__(self, network: Network, passes: Passes) -> None:
        self._network = network
        self._passes = passes

    def scores(self, questions: Sequence[Question], states: bool) -> list[Scores]:
        """The scores of each question, in their order; states are read where they are wanted."""
        reader = Reader(self._network, [question.worded.prompt for question in questions])

        def work(some: Sequence[Question], budget: int) -> list[Scores]:
            if self._network.repeats:
                caching = states or not _all_of_one_token(some)
                seen = reader.read([question.worded.prompt for question in some], caching)
                return _cached(self._network, seen, some, budget, states)
            return _plain(self._network, some, budget)

        return self._passes.run(questions, _room, lambda question: question.name, work)


def _room(question: Question) -> Room:
    replies = question.worded.replies
    return Room(len(replies), len(question.worded.prompt) + max(map(len, replies)))


def _cached(
    network: Network, seen: Seen, questions: Sequence[Question], budget: int, states: bool
) -> list[Scores]:
    """One pass whose prompts are read: their replies behind them, as far as they are needed."""
    totals = _of_first_tokens(seen, questions)
    rows = _rows_to_read(questions, totals, states)
    found: dict[_Row, Vector] = {}
    room = seen.mask.shape[1] + max((len(_tokens(questions, row)) for row in rows), default=0)
    for some in _parts(rows, budget // room):
        replies = [_tokens(questions, row) for row in some]
        tails = replies if states else [reply[:-1] for reply in replies]
        out = network.read_on(select(seen, [row.question for row in some]), tails)
        for row, total in zip(some, _of_later_tokens(out, replies), strict=True):
            totals[row.question][row.reply] += total
        if states:
            ends = half(out.states[range(len(some)), [len(tail) - 1 for tail in tails]])
            found.update(zip(some, ends, strict=True))
    return _results(questions, totals, found)


def _plain(network: Network, questions: Sequence[Question], budget: int) -> list[Scores]:
    """One pass without a cache: every reply behind its own copy of the prompt."""
    totals = [np.zeros(len(question.worded.replies)) for question in questions]
    rows = [_Row(i, j) for i, question in enumerate(questions) for j in range(len(question.worded.replies))]
    found: dict[_Row, Vector] = {}
    for some in _parts(rows, budget // max(_room(question).tokens for question in questions)):
        replies = [_tokens(questions, row) for row in some]
        wholes = [questions[row.question].worded.prompt + _tokens(questions, row) for row in some]
        width = max(map(len, replies))
        out = network.read(wholes, keep=width + 1)
        padded = torch.tensor([[0] * (width - len(reply)) + reply for reply in replies])
        at = log_probs_at(out.logits[:, :-1], padded)
        for row, reply, one, end in zip(some, replies, at, half(out.states[:, -1]), strict=True):
            totals[row.question][row.reply] = one[width - len(reply) :].sum()
            found[row] = end
    return _results(questions, totals, found)


def _rows_to_read(questions: Sequence[Question], totals: Sequence[Numbers], states: bool) -> list[_Row]:
    """Where every reply is one token all are scored already, and only a state may be wanted."""
    if _all_of_one_token(questions):
        chosen = [question.choose(total) for question, total in zip(questions, totals, strict=True)]
        return [_Row(i, j) for i, j in enumerate(chosen)] if states else []
    return [
        _Row(i, j)
        for i, question in enumerate(questions)
        for j, reply in enumerate(question.worded.replies)
        if states or len(reply) > 1
    ]


def _all_of_one_token(questions: Sequence[Question]) -> bool:
    return all(len(reply) == 1 for question in questions for reply in question.worded.replies)


def _of_first_tokens(seen: Seen, questions: Sequence[Question]) -> list[Numbers]:
    firsts = [[reply[0] for reply in question.worded.replies] for question in questions]
    width = max(map(len, firsts))
    padded = torch.tensor([tokens + [0] * (width - len(tokens)) for tokens in firsts])
    at = log_probs_at(seen.logits[:, -1:], padded)
    return [row[: len(tokens)].copy() for row, tokens in zip(at, firsts, strict=True)]


def _of_later_tokens(out: Seen, replies: Sequence[Tokens]) -> list[float]:
    """The sum over all tokens of each reply but the first, of which the prompt said how likely it is."""
    if all(len(reply) == 1 for reply in replies):
        return [0.0] * len(replies)
    width = out.logits.shape[1]
    padded = torch.tensor([reply[1:] + [0] * (width + 1 - len(reply)) for reply in replies])
    at = log_probs_at(out.logits, padded)
    return [float(row[: len(reply) - 1].sum()) for row, reply in zip(at, replies, strict=True)]


def _results(
    questions: Sequence[Question], totals: Sequence[Numbers], found: dict[_Row, Vector]
) -> list[Scores]:
    results = []
    for i, (question, total) in enumerate(zip(questions, totals, strict=True)):
        refuse_nan(question.name, total)
        log_probs = total / [len(reply) for reply in question.worded.replies]
        results.append(Scores(log_probs, found.get(_Row(i, question.choose(log_probs)))))
    return results


def _tokens(questions: Sequence[Question], row: _Row) -> Tokens:
    return questions[row.question].worded.replies[row.reply]


def _parts(rows: list[_Row], size: int) -> list[list[_Row]]:
    size = max(1, size)
    return [rows[start : start + size] for start in range(0, len(rows), size)]
