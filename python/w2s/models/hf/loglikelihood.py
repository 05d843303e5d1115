"""Log-likelihood of replies to a prompt, and the hidden state at the end of one; all of them are tokens.

The prompt is read once, and its replies after it from the cache. If rows of the cache of a network cannot be
repeated, each reply is read with its own copy of the prompt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from w2s.models.hf.batching import BatchCost, BatchRunner
from w2s.models.hf.forward import CausalNetwork, ForwardOutput, take_rows
from w2s.models.hf.numerics import OptionScores, Vector, log_probs_at, refuse_nan, to_float16
from w2s.models.hf.prefix_cache import PrefixCache
from w2s.models.hf.tokenization import TokenizedPrompt, Tokens


@dataclass(frozen=True, slots=True)
class ScoringRequest:
    """A prompt whose replies are scored.

    Attributes:
        name: id of the example, for messages.
        tokens: the prompt with its replies.
        choose: gives, from the scores of the replies, the index of the one whose hidden state is needed.
    """

    name: str
    tokens: TokenizedPrompt
    choose: Callable[[OptionScores], int]


@dataclass(slots=True)
class ReplyScores:
    """The scores of the replies to one prompt.

    Attributes:
        log_probs: mean log-probability of the tokens of each reply, (k,), in nats.
        state: float16 hidden state (d,) at the last token of the chosen reply, None if not requested.
    """

    log_probs: OptionScores
    state: Vector | None = None


class _Row(NamedTuple):
    """One reply of one request of a batch."""

    request: int
    reply: int


class ReplyScorer:
    """Scores replies in batches.

    Args:
        network: the network.
        batches: cuts the work into batches.
    """

    def __init__(self, network: CausalNetwork, batches: BatchRunner) -> None:
        self._network = network
        self._batches = batches

    def scores(self, requests: Sequence[ScoringRequest], states: bool) -> list[ReplyScores]:
        """The scores of each request, in their order, with hidden states if ``states``."""
        prefix = PrefixCache(self._network, [request.tokens.prompt for request in requests])

        def work(batch: Sequence[ScoringRequest], budget: int) -> list[ReplyScores]:
            if self._network.can_repeat_rows:
                caching = states or not _all_of_one_token(batch)
                out = prefix.read([request.tokens.prompt for request in batch], caching)
                return _score_after_prompts(self._network, out, batch, budget, states)
            return _score_whole_rows(self._network, batch, budget)

        return self._batches.run(requests, _cost, lambda request: request.name, work)


def _cost(request: ScoringRequest) -> BatchCost:
    replies = request.tokens.replies
    return BatchCost(len(replies), len(request.tokens.prompt) + max(map(len, replies)))


def _score_after_prompts(
    network: CausalNetwork,
    out: ForwardOutput,
    requests: Sequence[ScoringRequest],
    budget: int,
    states: bool,
) -> list[ReplyScores]:
    """Score a batch whose prompts have been read: the replies are read after them, as far as needed."""
    totals = _score_first_tokens(out, requests)
    rows = _rows_to_read(requests, totals, states)
    found: dict[_Row, Vector] = {}
    width = out.mask.shape[1] + max((len(_reply(requests, row)) for row in rows), default=0)
    for part in _parts(rows, budget // width):
        replies = [_reply(requests, row) for row in part]
        tails = replies if states else [reply[:-1] for reply in replies]
        read = network.extend(take_rows(out, [row.request for row in part]), tails)
        for row, total in zip(part, _score_later_tokens(read, replies), strict=True):
            totals[row.request][row.reply] += total
        if states:
            ends = to_float16(read.states[range(len(part)), [len(tail) - 1 for tail in tails]])
            found.update(zip(part, ends, strict=True))
    return _results(requests, totals, found)


def _score_whole_rows(
    network: CausalNetwork, requests: Sequence[ScoringRequest], budget: int
) -> list[ReplyScores]:
    """Score a batch without a cache: every reply is read with its own copy of the prompt."""
    totals = [np.zeros(len(request.tokens.replies)) for request in requests]
    rows = [_Row(i, j) for i, request in enumerate(requests) for j in range(len(request.tokens.replies))]
    found: dict[_Row, Vector] = {}
    for part in _parts(rows, budget // max(_cost(request).tokens for request in requests)):
        replies = [_reply(requests, row) for row in part]
        whole = [requests[row.request].tokens.prompt + _reply(requests, row) for row in part]
        width = max(map(len, replies))
        read = network.read(whole, keep=width + 1)
        padded = torch.tensor([[0] * (width - len(reply)) + reply for reply in replies])
        at = log_probs_at(read.logits[:, :-1], padded)
        for row, reply, one, end in zip(part, replies, at, to_float16(read.states[:, -1]), strict=True):
            totals[row.request][row.reply] = one[width - len(reply) :].sum()
            found[row] = end
    return _results(requests, totals, found)


def _rows_to_read(
    requests: Sequence[ScoringRequest], totals: Sequence[OptionScores], states: bool
) -> list[_Row]:
    """The replies still to be read: if each is one token, all are scored and only states may be missing."""
    if _all_of_one_token(requests):
        chosen = [request.choose(total) for request, total in zip(requests, totals, strict=True)]
        return [_Row(i, j) for i, j in enumerate(chosen)] if states else []
    return [
        _Row(i, j)
        for i, request in enumerate(requests)
        for j, reply in enumerate(request.tokens.replies)
        if states or len(reply) > 1
    ]


def _all_of_one_token(requests: Sequence[ScoringRequest]) -> bool:
    return all(len(reply) == 1 for request in requests for reply in request.tokens.replies)


def _score_first_tokens(out: ForwardOutput, requests: Sequence[ScoringRequest]) -> list[OptionScores]:
    firsts = [[reply[0] for reply in request.tokens.replies] for request in requests]
    width = max(map(len, firsts))
    padded = torch.tensor([tokens + [0] * (width - len(tokens)) for tokens in firsts])
    at = log_probs_at(out.logits[:, -1:], padded)
    return [row[: len(tokens)].copy() for row, tokens in zip(at, firsts, strict=True)]


def _score_later_tokens(out: ForwardOutput, replies: Sequence[Tokens]) -> list[float]:
    """The sum over the tokens of each reply after the first, which the output of the prompt scores."""
    if all(len(reply) == 1 for reply in replies):
        return [0.0] * len(replies)
    width = out.logits.shape[1]
    padded = torch.tensor([reply[1:] + [0] * (width + 1 - len(reply)) for reply in replies])
    at = log_probs_at(out.logits, padded)
    return [float(row[: len(reply) - 1].sum()) for row, reply in zip(at, replies, strict=True)]


def _results(
    requests: Sequence[ScoringRequest], totals: Sequence[OptionScores], found: dict[_Row, Vector]
) -> list[ReplyScores]:
    results = []
    for i, (request, total) in enumerate(zip(requests, totals, strict=True)):
        refuse_nan(request.name, total)
        log_probs = total / [len(reply) for reply in request.tokens.replies]
        results.append(ReplyScores(log_probs, found.get(_Row(i, request.choose(log_probs)))))
    return results


def _reply(requests: Sequence[ScoringRequest], row: _Row) -> Tokens:
    return requests[row.request].tokens.replies[row.reply]


def _parts(rows: list[_Row], size: int) -> list[list[_Row]]:
    size = max(1, size)
    return [rows[start : start + size] for start in range(0, len(rows), size)]
