"""Replies generated token by token, greedy or sampled. Prompts are tokens, replies are text.

A draw depends on the seed, the keys of the request and the position in the reply, never on the other rows of
a batch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from w2s.models import keyed_random
from w2s.models.hf.batching import BatchCost, BatchRunner
from w2s.models.hf.forward import CausalNetwork, ForwardOutput, take_rows
from w2s.models.hf.numerics import Vector, refuse_nan, to_float16
from w2s.models.hf.prefix_cache import PrefixCache
from w2s.models.hf.tokenization import Tokens

_WINDOW = 16
"""Number of last tokens in which the stop of a reply in plain text is searched."""


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """A reply to generate.

    Attributes:
        name: id of the example, for messages.
        prompt: tokens.
        max_new_tokens: the maximum length of the reply in tokens, at least 1.
        keys: with the seed they decide every draw.
        stops: texts that end a reply if they follow other text.
    """

    name: str
    prompt: Tokens
    max_new_tokens: int
    keys: tuple[keyed_random.Key, ...] = ()
    stops: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Generation:
    """A generated reply.

    Attributes:
        tokens: its tokens without the one that ended it.
        text: its text.
        log_prob: mean log-probability of these tokens and the end token without temperature, in nats; None if
            the generator does not compute it.
        entropy: mean entropy of the next-token distributions, in nats; None as above.
        state: float16 hidden state of shape (d,) at the last of ``tokens``, or of the prompt if there are
            none; None if states are not requested.
    """

    tokens: Tokens
    text: str
    log_prob: float | None = None
    entropy: float | None = None
    state: Vector | None = None


@dataclass(frozen=True, slots=True)
class GenerationConfig:
    """How replies are generated.

    Attributes:
        end_tokens: tokens that end a reply.
        decode: gives the text of tokens.
        seed: random seed.
        temperature: of the sampling distribution; 0 takes the likeliest token.
    """

    end_tokens: frozenset[int]
    decode: Callable[[Tokens], str]
    seed: int = 0
    temperature: float = 0.0


class SupportsGeneration(Protocol):
    """An engine that generates replies."""

    def generate(
        self, requests: Sequence[GenerationRequest], config: GenerationConfig, states: bool
    ) -> list[Generation]:
        """One reply for each request, in their order, with its hidden state if ``states``."""
        ...


class Generator:
    """Generates replies in batches with the network itself; implements :class:`SupportsGeneration`.

    Args:
        network: the network.
        batches: cuts the work into batches.
    """

    def __init__(self, network: CausalNetwork, batches: BatchRunner) -> None:
        self._network = network
        self._batches = batches

    def generate(
        self, requests: Sequence[GenerationRequest], config: GenerationConfig, states: bool
    ) -> list[Generation]:
        """One reply for each request, in their order."""
        prefix = PrefixCache(self._network, [request.prompt for request in requests])

        def work(batch: Sequence[GenerationRequest], budget: int) -> list[Generation]:
            del budget
            return _Batch(self._network, batch, config, states).generate(prefix)

        return self._batches.run(requests, _cost, lambda request: request.name, work)


def _cost(request: GenerationRequest) -> BatchCost:
    return BatchCost(1, len(request.prompt) + request.max_new_tokens)


@dataclass(slots=True)
class _Row:
    """A reply under construction.

    Attributes:
        tokens: tokens of the reply so far.
        end: tokens from the one that began a stop; the text can be cut only with them and ``tokens``.
        is_over: no token is added any more.
        is_closed: its state is known as well.
        last_states: hidden states at the last of ``tokens``.
    """

    request: GenerationRequest
    tokens: Tokens = field(default_factory=list)
    end: Tokens = field(default_factory=list)
    log_probs: list[float] = field(default_factory=list)
    entropies: list[float] = field(default_factory=list)
    is_over: bool = False
    is_closed: bool = False
    state: Vector | None = None
    last_states: deque[Tensor] = field(default_factory=lambda: deque(maxlen=_WINDOW + 1))


class _Batch:
    """The replies of one batch; finished rows are dropped once they are a quarter of it."""

    def __init__(
        self,
        network: CausalNetwork,
        requests: Sequence[GenerationRequest],
        config: GenerationConfig,
        states: bool,
    ) -> None:
        self._network = network
        self._config = config
        self._states = states
        self._rows = [_Row(request) for request in requests]

    def generate(self, prefix: PrefixCache) -> list[Generation]:
        """All replies, complete."""
        out, live = self._read_prompts(prefix), list(self._rows)
        while True:
            self._close(live, out)
            if all(row.is_closed for row in live):
                return [self._result(row) for row in self._rows]
            if self._network.can_repeat_rows and 4 * sum(row.is_closed for row in live) >= len(live):
                kept = [i for i, row in enumerate(live) if not row.is_closed]
                out, live = take_rows(out, kept), [live[i] for i in kept]
            chosen = self._add_tokens(live, out)
            if all(row.is_closed for row in live):
                continue
            out = self._extend(out, chosen)

    def _read_prompts(self, prefix: PrefixCache) -> ForwardOutput:
        """Read all prompts; equal ones only once, if rows of the cache can be repeated."""
        prompts = [row.request.prompt for row in self._rows]
        distinct = {tuple(prompt): prompt for prompt in prompts}
        if len(distinct) == len(prompts) or not self._network.can_repeat_rows:
            return prefix.read(prompts)
        places = {key: place for place, key in enumerate(distinct)}
        return take_rows(prefix.read([*distinct.values()]), [places[tuple(prompt)] for prompt in prompts])

    def _close(self, live: Sequence[_Row], out: ForwardOutput) -> None:
        """Close rows that had reached their maximum length: the state at their last token is known now."""
        for i, row in enumerate(live):
            if row.is_over and not row.is_closed:
                row.is_closed, row.state = True, to_float16(out.states[i, -1])

    def _add_tokens(self, live: Sequence[_Row], out: ForwardOutput) -> Tokens:
        """Add one token to each row; those of finished rows are ignored."""
        logits = out.logits[:, -1].float()
        log_probs = logits.log_softmax(-1)
        chosen = self._choose(live, logits)
        at = log_probs.gather(1, chosen[:, None].to(log_probs.device))[:, 0].tolist()
        entropies = torch.special.entr(log_probs.exp()).sum(-1).tolist()
        tokens: Tokens = chosen.tolist()
        for i, row in enumerate(live):
            if not row.is_over:
                row.log_probs.append(min(at[i], 0.0))
                row.entropies.append(entropies[i])
                self._add_token(row, tokens[i], out.states[i, -1])
        return tokens

    def _add_token(self, row: _Row, token: int, state: Tensor) -> None:
        stops = self._completes_stop(row, token)
        if self._states:
            row.last_states.append(state.clone())  # a view would keep the states of the whole batch
        if token in self._config.end_tokens or stops:
            row.is_over = row.is_closed = True
            behind = self._cut_stop(row, token) if stops else 0
            if self._states:
                row.state = to_float16(row.last_states[max(-1 - behind, -len(row.last_states))])
            return
        row.tokens.append(token)
        row.is_over = len(row.tokens) >= row.request.max_new_tokens
        row.is_closed = row.is_over and not self._states

    def _cut_stop(self, row: _Row, token: int) -> int:
        """Remove the tokens of a stop, which ``token`` completes, from the reply; gives their number."""
        whole, row.end = self._text(row, [*row.tokens, token]), [token]
        while row.tokens and self._config.decode(row.tokens[:-1]).lstrip().startswith(whole):
            row.end.insert(0, row.tokens.pop())
        behind = len(row.end) - 1
        del row.log_probs[len(row.tokens) + 1 :], row.entropies[len(row.tokens) + 1 :]
        return behind

    def _text(self, row: _Row, tokens: Tokens) -> str:
        """The text of tokens before any stop."""
        text = self._config.decode(tokens)
        begin = len(text) - len(text.lstrip())
        stops = [text.find(stop, begin) for stop in row.request.stops]
        end = min((place for place in stops if place >= 0), default=len(text))
        return text[:end].strip()

    def _completes_stop(self, row: _Row, token: int) -> bool:
        if not row.request.stops:
            return False
        text = self._config.decode([*row.tokens[-_WINDOW:], token]).lstrip()
        return any(stop in text for stop in row.request.stops)

    def _choose(self, live: Sequence[_Row], logits: Tensor) -> Tensor:
        """The next token of each row, (n,)."""
        if not self._config.temperature:
            return logits.argmax(-1)
        shares = (logits.double() / self._config.temperature).softmax(-1).cumsum(-1)
        drawn = [
            keyed_random.uniform(self._config.seed, "write", *row.request.keys, len(row.tokens))
            for row in live
        ]
        wanted = torch.tensor(drawn, dtype=shares.dtype, device=shares.device)[:, None] * shares[:, -1:]
        return torch.searchsorted(shares, wanted, right=True)[:, 0].clamp(max=shares.shape[1] - 1)

    def _extend(self, out: ForwardOutput, chosen: Tokens) -> ForwardOutput:
        if out.cache is None:
            rows = [[*row, token] for row, token in zip(out.rows, chosen, strict=True)]
            return self._network.read(rows)
        return self._network.extend(out, [[token] for token in chosen], caching=True)

    def _result(self, row: _Row) -> Generation:
        refuse_nan(row.request.name, row.log_probs)
        return Generation(
            row.tokens,
            self._text(row, row.tokens + row.end),
            float(np.mean(row.log_probs)),
            float(np.mean(row.entropies)),
            row.state,
        )
