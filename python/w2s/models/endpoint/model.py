"""Endpoints as models: an example becomes messages, the reply a label.

Knows nothing about the rules of a match; an illegal move is an answer like any other.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Self

from w2s.errors import UsageError
from w2s.models.choosing import no_move
from w2s.models.endpoint.asking import BACKOFF_S, Asking
from w2s.models.endpoint.cache import Cache
from w2s.models.endpoint.completion import Completion
from w2s.models.endpoint.evidence import add_evidence
from w2s.models.endpoint.key import Key
from w2s.models.endpoint.paid import Outcome, Paid
from w2s.models.endpoint.request import Request, requests_for
from w2s.models.endpoint.settings import Settings
from w2s.models.endpoint.trouble import NoReplyError
from w2s.models.model import Answer, Want
from w2s.models.solved import Shots, Solved
from w2s.tasks import Example, MoveExample
from w2s.tasks.choice import ChoiceExample
from w2s.tasks.prompts import Message, Prompt, parse_reply, read_prompt

_WARM = 1.0
"""The temperature of samples where the model itself is greedy."""

LABEL_CHARACTERS = 200
"""A reply without a label stands as the label as far as this."""

RAW_CHARACTERS = 8000
"""How much of a reply is kept as raw text."""


class EndpointModel:
    """A model behind an OpenAI-compatible endpoint; implements ``Model``, ``Samples`` and
    ``SeesSolved``.

    Answers moves, choices and answers. Replies are kept in a file, so that what was paid for once is not
    asked again, by this run or another. No failure of the endpoint is an exception, until it was out of
    reach many times in a row. Not for use by several threads at once; it uses several itself.

    It is deterministic where the temperature is 0 and there is a cache: then an answer, once given, stays.
    Without a cache a server may answer otherwise at any time, because its sums depend on what else it is
    asked; and what is drawn is drawn by the server, whatever seed it is told.

    Args:
        reference: the name that loads the same model again.
        settings: where it is and how it is asked.
        key: what the server is shown.
        seed: decides the seeds that the server is told, and the jitter of the back-off.
        backoff_s: the longest pause before the first retry.

    Raises:
        UsageError: there is no such prompt, or the cache cannot be kept.
    """

    tasks: tuple[str, ...] = ("move", "choice", "answer")
    slots: int | None = None

    def __init__(
        self, reference: str, settings: Settings, key: Key, seed: int, *, backoff_s: float = BACKOFF_S
    ) -> None:
        self.reference = reference
        self.deterministic = settings.temperature == 0 and settings.cache is not None
        self._settings = settings
        self._seed = seed
        self._solved = Solved([], seed)
        self._prompts: dict[str, Prompt] = {}
        if settings.prompt is not None:
            self._prompt(settings.prompt)
        base = settings.address.base
        cache = None if settings.cache is None else Cache(settings.cache, base, settings.model)
        asking = Asking(settings, key, seed, backoff_s)
        self._paid = Paid(asking, cache, settings.concurrency, f"{base}#{settings.model}")
        self._finalizer = weakref.finalize(self, _release, asking, self._paid, cache)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def answer(self, examples: Sequence[Example], want: Want) -> list[Answer]:
        """One answer per example, in their order, whichever reply came first.

        With ``mask``, a reply without a label that can be given is a failure; else it is the label as it
        stands, for the referee to judge. There are no values. Samples are further labels; a reply without
        one stands as it is, one that failed is left out.

        Raises:
            UsageError: hidden states are wanted, which no endpoint gives.
            ModelError: the endpoint was out of reach so often that there is no point in going on.
        """
        if want.hidden or want.afterstate:
            raise UsageError(
                "model-no-hidden-states",
                f"{self.reference} has no hidden states or afterstates, because an endpoint returns only "
                "text; do not request them, or use an hf: model",
            )
        asked = [self._requests(example, want) for example in examples]
        outcomes = self._outcomes(asked)
        return [
            self._answer(example, requests, outcomes, want)
            for example, requests in zip(examples, asked, strict=True)
        ]

    def sample(self, examples: Sequence[Example], count: int) -> list[tuple[str, ...]]:
        """So many labels of each example beside its answer; at a temperature of 1 where it is greedy.

        Each is a request of its own, and the same as a further sample of :meth:`answer` at that temperature.
        A reply without a label stands as it is, one that failed is left out.

        Raises:
            ModelError: the endpoint was out of reach so often that there is no point in going on.
        """
        settings = replace(self._settings, temperature=self._settings.temperature or _WARM)
        asked = [self._all_requests(example, settings, count)[1:] for example in examples]
        outcomes = self._outcomes(asked)
        return [
            _samples(example, [outcomes[request.digest()] for request in requests])
            for example, requests in zip(examples, asked, strict=True)
        ]

    def show(self, solved: Shots) -> None:
        """Give solved examples with their labels, from which ``shots`` are taken by the seed."""
        self._solved = Solved(solved, self._seed)

    def close(self) -> None:
        """End all connections and put the cache on the disk; a second call does nothing."""
        self._finalizer()

    def _outcomes(self, asked: Sequence[Sequence[Request]]) -> dict[bytes, Outcome]:
        """What came of all requests, by digest."""
        try:
            return self._paid.ask_all(request for requests in asked for request in requests)
        except KeyboardInterrupt:
            self.close()
            raise

    def _requests(self, example: Example, want: Want) -> list[Request]:
        return self._all_requests(example, self._settings, self._settings.samples if want.evidence else 0)

    def _all_requests(self, example: Example, settings: Settings, samples: int) -> list[Request]:
        """The label, then further samples: nothing where the game is over."""
        if isinstance(example, MoveExample) and not example.state.legal_moves():
            return []
        messages = self._messages(example)
        return requests_for(example, messages, settings, seed=self._seed, samples=samples)

    def _messages(self, example: Example) -> list[Message]:
        shots = self._solved.before(example, self._settings.shots, self.reference)
        turns = [turn for shot, label in shots for turn in self._prompt_of(shot).messages(shot, label)]
        messages = [*turns, *self._prompt_of(example).messages(example)]
        if isinstance(example, MoveExample) and example.only:
            messages[-1]["content"] += f"\n\nAnswer with one of these moves: {', '.join(example.only)}"
        return messages

    def _prompt_of(self, example: Example) -> Prompt:
        return self._prompt(self._settings.prompt or _prompt_for(example))

    def _prompt(self, name: str) -> Prompt:
        if name not in self._prompts:
            self._prompts[name] = read_prompt(name)
        return self._prompts[name]

    def _answer(
        self, example: Example, requests: list[Request], outcomes: Mapping[bytes, Outcome], want: Want
    ) -> Answer:
        if not requests:
            return no_move()
        first, *others = [outcomes[request.digest()] for request in requests]
        if isinstance(first.reply, NoReplyError):
            return Answer("", raw=first.reply.why, failure=first.reply.failure, seconds=first.seconds)
        answer = _labelled(example, first.reply.text, want)
        answer.seconds = first.seconds
        if want.evidence and answer.failure is None:
            add_evidence(answer, example, first.reply)
            answer.samples = _samples(example, others)
        return answer


def _labelled(example: Example, text: str, want: Want) -> Answer:
    """The answer that a reply is, without evidence."""
    raw = text[:RAW_CHARACTERS]
    label = _label(example, text)
    if label is not None:
        return Answer(label, raw=raw)
    if want.mask:
        return Answer("", raw=raw, failure="reply")
    return Answer(_as_it_stands(text), raw=raw)


def _samples(example: Example, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """The labels of those that have a reply."""
    texts = [outcome.reply.text for outcome in outcomes if isinstance(outcome.reply, Completion)]
    return tuple(_label(example, text) or _as_it_stands(text) for text in texts)


def _as_it_stands(text: str) -> str:
    return text.strip()[:LABEL_CHARACTERS]


def _label(example: Example, text: str) -> str | None:
    """The label in a reply, as long as it is among those that may be given."""
    label = parse_reply(example, text)
    if isinstance(example, MoveExample) and example.only and label not in example.only:
        return None
    return None if label is None else label[:LABEL_CHARACTERS]


def _prompt_for(example: Example) -> str:
    if isinstance(example, MoveExample):
        return "move"
    return "choice" if isinstance(example, ChoiceExample) else "answer"


def _release(asking: Asking, paid: Paid, cache: Cache | None) -> None:
    paid.close()
    asking.close()
    if cache is not None:
        cache.close()
