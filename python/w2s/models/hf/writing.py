"""Replies written token by token: the likeliest ones, or drawn.

Knows nothing about examples: prompts are tokens, replies text.

A draw depends on the seed, the names of the request and how far its reply has come, never on the rows
beside it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from w2s.models import draws
from w2s.models.hf.network import Network, Seen, select
from w2s.models.hf.passes import Passes, Room
from w2s.models.hf.prefixes import Reader
from w2s.models.hf.vectors import Vector, half, refuse_nan
from w2s.models.hf.wording import Tokens

_WINDOW = 16
"""Tokens among which the end of a reply in plain text is looked for."""


@dataclass(frozen=True, slots=True)
class Request:
    """A reply that is asked for.

    Attributes:
        name: the example, for messages.
        prompt: tokens.
        most: the most tokens of the reply, at least 1.
        names: with the seed they decide every draw.
        stops: text that ends a reply, where it stands behind any other.
    """

    name: str
    prompt: Tokens
    most: int
    names: tuple[str | int | None, ...] = ()
    stops: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """A reply.

    ``tokens`` without the one that ended it. ``log_prob`` and ``entropy`` are means over its tokens and
    that one, of the network as it stands, in nats; None where the writer does not tell. ``state`` is that
    at the last of ``tokens``, of the prompt where there are none; None where it is not wanted.
    """

    tokens: Tokens
    text: str
    log_prob: float | None = None
    entropy: float | None = None
    state: Vector | None = None


class Manner(NamedTuple):
    """How replies are written: ``ends`` are tokens that end one, ``temperature`` 0 is the likeliest token."""

    ends: frozenset[int]
    decode: Callable[[Tokens], str]
    seed: int = 0
    temperature: float = 0.0


class Writes(Protocol):
    """Whoever writes replies."""

    def write(self, requests: Sequence[Request], manner: Manner, states: bool) -> list[Written]:
        """One reply for each request, in their order; with its state where states are wanted."""
        ...


class Writer:
    """Writes replies in passes; implements :class:`Writes`.

    Args:
        network: who writes.
        passes: how its work is cut.
    """

    def __init__(self, network: Network, passes: Passes) -> None:
        self._network = network
        self._passes = passes

    def write(self, requests: Sequence[Request], manner: Manner, states: bool) -> list[Written]:
        """One reply for each request, in their order."""
        reader = Reader(self._network, [request.prompt for request in requests])

        def work(some: Sequence[Request], budget: int) -> list[Written]:
            del budget
            return _Sheet(self._network, some, manner, states).filled(reader)

        return self._passes.run(requests, _room, lambda request: request.name, work)


def _room(request: Request) -> Room:
    return Room(1, len(request.prompt) + request.most)


@dataclass(slots=True)
class _Line:
    """A reply in the making; ``over`` once nothing is added, ``closed`` once its state is known too.

    ``end`` are the tokens from the one that began a stop: where the text is cut only they and ``tokens``
    together tell. ``last_states`` are those at the last of ``tokens``.
    """

    request: Request
    tokens: Tokens = field(default_factory=list)
    end: Tokens = field(default_factory=list)
    log_probs: list[float] = field(default_factory=list)
    entropies: list[float] = field(default_factory=list)
    over: bool = False
    closed: bool = False
    state: Vector | None = None
    last_states: deque[Tensor] = field(default_factory=lambda: deque(maxlen=_WINDOW + 1))


class _Sheet:
    """The replies of one pass, side by side; lines that are done leave the pass when they are many."""

    def __init__(self, network: Network, requests: Sequence[Request], manner: Manner, states: bool) -> None:
        self._network = network
        self._manner = manner
        self._states = states
        self._lines = [_Line(request) for request in requests]

    def filled(self, reader: Reader) -> list[Written]:
        """All replies, written to their ends."""
        seen, live = self._begun(reader), list(self._lines)
        while True:
            self._close(live, seen)
            if all(line.closed for line in live):
                return [self._written(line) for line in self._lines]
            if self._network.repeats and 4 * sum(line.closed for line in live) >= len(live):
                places = [i for i, line in enumerate(live) if not line.closed]
                seen, live = select(seen, places), [live[i] for i in places]
            chosen = self._add(live, seen)
            if all(line.closed for line in live):
                continue
            seen = self._read_on(seen, chosen)

    def _begun(self, reader: Reader) -> Seen:
        """All prompts read; one that is asked for several replies only once, where that can be."""
        prompts = [line.request.prompt for line in self._lines]
        distinct = {tuple(prompt): prompt for prompt in prompts}
        if len(distinct) == len(prompts) or not self._network.repeats:
            return reader.read(prompts)
        places = {key: place for place, key in enumerate(distinct)}
        return select(reader.read([*distinct.values()]), [places[tuple(prompt)] for prompt in prompts])

    def _close(self, live: Sequence[_Line], seen: Seen) -> None:
        """Lines that had reached their length: the state at their last token is there now."""
        for i, line in enumerate(live):
            if line.over and not line.closed:
                line.closed, line.state = True, half(seen.states[i, -1])

    def _add(self, live: Sequence[_Line], seen: Seen) -> Tokens:
        """One more token for each line; of lines that are done it counts for nothing."""
        logits = seen.logits[:, -1].float()
        log_probs = logits.log_softmax(-1)
        chosen = self._chosen(live, logits)
        at = log_probs.gather(1, chosen[:, None].to(log_probs.device))[:, 0].tolist()
        entropies = torch.special.entr(log_probs.exp()).sum(-1).tolist()
        tokens: Tokens = chosen.tolist()
        for i, line in enumerate(live):
            if not line.over:
                line.log_probs.append(min(at[i], 0.0))
                line.entropies.append(entropies[i])
                self._put(line, tokens[i], seen.states[i, -1])
        return tokens

    def _put(self, line: _Line, token: int, state: Tensor) -> None:
        stops = self._stops(line, token)
        if self._states:
            line.last_states.append(state.clone())  # a view would keep the states of the whole pass
        if token in self._manner.ends or stops:
            line.over = line.closed = True
            behind = self._cut(line, token) if stops else 0
            if self._states:
                line.state = half(line.last_states[max(-1 - behind, -len(line.last_states))])
            return
        line.tokens.append(token)
        line.over = len(line.tokens) >= line.request.most
        line.closed = line.over and not self._states

    def _cut(self, line: _Line, token: int) -> int:
        """Take the tokens of a stop that this one completes off the reply; how many stood there already."""
        whole, line.end = self._text(line, [*line.tokens, token]), [token]
        while line.tokens and self._manner.decode(line.tokens[:-1]).lstrip().startswith(whole):
            line.end.insert(0, line.tokens.pop())
        behind = len(line.end) - 1
        del line.log_probs[len(line.tokens) + 1 :], line.entropies[len(line.tokens) + 1 :]
        return behind

    def _text(self, line: _Line, tokens: Tokens) -> str:
        """What tokens say before any stop."""
        text = self._manner.decode(tokens)
        begun = len(text) - len(text.lstrip())
        stops = [text.find(stop, begun) for stop in line.request.stops]
        end = min((place for place in stops if place >= 0), default=len(text))
        return text[:end].strip()

    def _stops(self, line: _Line, token: int) -> bool:
        if not line.request.stops:
            return False
        text = self._manner.decode([*line.tokens[-_WINDOW:], token]).lstrip()
        return any(stop in text for stop in line.request.stops)

    def _chosen(self, live: Sequence[_Line], logits: Tensor) -> Tensor:
        """The next token of each line, (n,)."""
        if not self._manner.temperature:
            return logits.argmax(-1)
        shares = (logits.double() / self._manner.temperature).softmax(-1).cumsum(-1)
        drawn = [
            draws.uniform(self._manner.seed, "write", *line.request.names, len(line.tokens)) for line in live
        ]
        wanted = torch.tensor(drawn, dtype=shares.dtype, device=shares.device)[:, None] * shares[:, -1:]
        return torch.searchsorted(shares, wanted, right=True)[:, 0].clamp(max=shares.shape[1] - 1)

    def _read_on(self, seen: Seen, chosen: Tokens) -> Seen:
        if seen.cache is None:
            rows = [[*row, token] for row, token in zip(seen.rows, chosen, strict=True)]
            return self._network.read(rows)
        return self._network.read_on(seen, [[token] for token in chosen], caching=True)

    def _written(self, line: _Line) -> Written:
        refuse_nan(line.request.name, line.log_probs)
        return Written(
            line.tokens,
            self._text(line, line.tokens + line.end),
            float(np.mean(line.log_probs)),
            float(np.mean(line.entropies)),
            line.state,
        )
