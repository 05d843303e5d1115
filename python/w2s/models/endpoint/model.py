"""An endpoint as a model: an example becomes messages, and the reply becomes a label."""

from __future__ import annotations

import math
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Self

from w2s.errors import UsageError
from w2s.models.candidates import no_move_answer
from w2s.models.endpoint.cache import ReplyCache
from w2s.models.endpoint.cached_client import CachedClient, RequestOutcome
from w2s.models.endpoint.chat_completions import ChatRequest, Completion, build_requests
from w2s.models.endpoint.client import BACKOFF_S, ChatClient
from w2s.models.endpoint.http_connection import NoReplyError
from w2s.models.endpoint.key import ApiKey
from w2s.models.endpoint.settings import EndpointSettings
from w2s.models.few_shot import FewShotSampler, Shots
from w2s.models.model import Answer, Want
from w2s.tasks import Example, MoveExample
from w2s.tasks.choice import ChoiceExample
from w2s.tasks.prompts import Message, Prompt, parse_reply, read_prompt

_SAMPLE_TEMPERATURE = 1.0
"""The temperature of samples where the reference has temperature 0."""

LABEL_CHARACTERS = 200
"""A reply without a label becomes the label, cut to this length."""

RAW_CHARACTERS = 8000
"""The length to which raw text is cut."""


class EndpointModel:
    """A model behind an OpenAI-compatible endpoint; implements ``Model``,
    ``SupportsSampling`` and ``SupportsFewShot``.

    It answers moves, choices and questions. With a cache, replies are stored in a file, so that a run that
    was killed does not pay for them again; a line in the log says how many were used again. A failure of the
    endpoint is the failure of one answer, not an exception, unless the endpoint was unavailable many times in
    a row. Not for use by several threads at once; it uses several itself.

    The model is deterministic if the temperature is 0 and there is a cache: then an answer, once given, is
    repeated. Without a cache a server may answer differently at any time, because its results depend on the
    other requests of a batch; and samples are drawn by the server, which may ignore the seed.

    Args:
        reference: the reference that loads the same model again.
        settings: address and options.
        key: the key that is sent.
        seed: random seed for the few-shot examples, the seeds that are sent, and the jitter of the back-off.
        backoff_s: the longest pause before the first retry.

    Raises:
        UsageError: the prompt does not exist, or the cache cannot be used.
    """

    tasks: tuple[str, ...] = ("move", "choice", "answer")
    slots: int | None = None

    def __init__(
        self,
        reference: str,
        settings: EndpointSettings,
        key: ApiKey,
        seed: int,
        *,
        backoff_s: float = BACKOFF_S,
    ) -> None:
        self.reference = reference
        self.deterministic = settings.temperature == 0 and settings.cache is not None
        self._settings = settings
        self._seed = seed
        self._solved = FewShotSampler([], seed)
        self._prompts: dict[str, Prompt] = {}
        if settings.prompt is not None:
            self._prompt(settings.prompt)
        base = settings.address.base
        cache = None if settings.cache is None else ReplyCache(settings.cache, base, settings.model)
        client = ChatClient(settings, key, seed, backoff_s)
        self._client = CachedClient(client, cache, settings.concurrency, f"{base}#{settings.model}")
        self._finalizer = weakref.finalize(self, _release, client, self._client, cache)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"load_model({self.reference!r})"

    def answer(self, examples: Sequence[Example], want: Want) -> list[Answer]:
        """One answer per example, in their order.

        With ``mask``, a reply without an allowed label is a failure; otherwise its text is the label, for the
        referee to judge. There are no values. Samples are further labels; a reply without a label is kept as
        it is, a request that failed is left out.

        Raises:
            UsageError: hidden states are wanted, which no endpoint returns.
            ModelError: the endpoint was unavailable too often in a row.
        """
        if want.hidden or want.afterstate:
            raise UsageError(
                "model-no-hidden-states",
                f"{self.reference} has no hidden states or afterstates, because an endpoint returns only "
                "text; do not request them, or use an hf: model",
            )
        batches = [self._requests(example, want) for example in examples]
        outcomes = self._outcomes(batches)
        return [
            self._answer(example, requests, outcomes, want)
            for example, requests in zip(examples, batches, strict=True)
        ]

    def sample(self, examples: Sequence[Example], count: int) -> list[tuple[str, ...]]:
        """``count`` labels per example besides its answer, at temperature 1 where the reference has 0.

        Each is a separate request, and equal to a further sample of :meth:`answer` at that temperature. A
        reply without a label is kept unchanged, a request that failed is left out. Raises:
            ModelError: the endpoint was unavailable too often in a row.
        """
        settings = replace(self._settings, temperature=self._settings.temperature or _SAMPLE_TEMPERATURE)
        batches = [self._all_requests(example, settings, count)[1:] for example in examples]
        outcomes = self._outcomes(batches)
        return [
            _samples(example, [outcomes[request.digest()] for request in requests])
            for example, requests in zip(examples, batches, strict=True)
        ]

    def show(self, solved: Shots) -> None:
        """Give solved examples with their labels; few-shot examples are drawn from them."""
        self._solved = FewShotSampler(solved, self._seed)

    def close(self) -> None:
        """End all connections and sync the cache to disk; a second call does nothing."""
        self._finalizer()

    def _outcomes(self, batches: Sequence[Sequence[ChatRequest]]) -> dict[bytes, RequestOutcome]:
        """The outcomes of all requests, by digest."""
        try:
            return self._client.complete_all(request for requests in batches for request in requests)
        except KeyboardInterrupt:
            self.close()
            raise

    def _requests(self, example: Example, want: Want) -> list[ChatRequest]:
        return self._all_requests(example, self._settings, self._settings.samples if want.evidence else 0)

    def _all_requests(self, example: Example, settings: EndpointSettings, samples: int) -> list[ChatRequest]:
        """The requests for the label and for further samples; empty where the game is over."""
        if isinstance(example, MoveExample) and not example.state.legal_moves():
            return []
        messages = self._messages(example)
        return build_requests(example, messages, settings, seed=self._seed, samples=samples)

    def _messages(self, example: Example) -> list[Message]:
        shots = self._solved.shots_for(example, self._settings.shots, self.reference)
        turns = [turn for shot, label in shots for turn in self._prompt_of(shot).messages(shot, label)]
        messages = [*turns, *self._prompt_of(example).messages(example)]
        if isinstance(example, MoveExample) and example.only:
            messages[-1]["content"] += f"\n\nAnswer with one of these moves: {', '.join(example.only)}"
        return messages

    def _prompt_of(self, example: Example) -> Prompt:
        return self._prompt(self._settings.prompt or _default_prompt(example))

    def _prompt(self, name: str) -> Prompt:
        if name not in self._prompts:
            self._prompts[name] = read_prompt(name)
        return self._prompts[name]

    def _answer(
        self,
        example: Example,
        requests: list[ChatRequest],
        outcomes: Mapping[bytes, RequestOutcome],
        want: Want,
    ) -> Answer:
        if not requests:
            return no_move_answer()
        first, *others = [outcomes[request.digest()] for request in requests]
        if isinstance(first.reply, NoReplyError):
            return Answer("", raw=first.reply.reason, failure=first.reply.failure, seconds=first.seconds)
        answer = _parse_answer(example, first.reply.text, want)
        answer.seconds = first.seconds
        if want.evidence and answer.failure is None:
            add_evidence(answer, example, first.reply)
            answer.samples = _samples(example, others)
        return answer


def _parse_answer(example: Example, text: str, want: Want) -> Answer:
    """The answer in a reply, without evidence."""
    raw = text[:RAW_CHARACTERS]
    label = _label(example, text)
    if label is not None:
        return Answer(label, raw=raw)
    if want.mask:
        return Answer("", raw=raw, failure="reply")
    return Answer(_text_as_label(text), raw=raw)


def _samples(example: Example, outcomes: Sequence[RequestOutcome]) -> tuple[str, ...]:
    """The labels of the requests that have a reply."""
    texts = [outcome.reply.text for outcome in outcomes if isinstance(outcome.reply, Completion)]
    return tuple(_label(example, text) or _text_as_label(text) for text in texts)


def _text_as_label(text: str) -> str:
    return text.strip()[:LABEL_CHARACTERS]


def _label(example: Example, text: str) -> str | None:
    """The label in a reply; None where there is none, or it is not allowed."""
    label = parse_reply(example, text)
    if isinstance(example, MoveExample) and example.only and label not in example.only:
        return None
    return None if label is None else label[:LABEL_CHARACTERS]


def _default_prompt(example: Example) -> str:
    if isinstance(example, MoveExample):
        return "move"
    return "choice" if isinstance(example, ChoiceExample) else "answer"


def _release(client: ChatClient, cached_client: CachedClient, cache: ReplyCache | None) -> None:
    cached_client.close()
    client.close()
    if cache is not None:
        cache.close()


_PUNCTUATION = " \t\r\n.:)(*\"'"


def add_evidence(answer: Answer, example: Example, completion: Completion) -> None:
    """Set the number of options and, where the server returns them, log-probability, margin and entropy.

    The log-probability is the mean over the tokens of the reply. Margin and entropy are those of its first
    token that is not blank, among the likeliest tokens that the server lists. For a choice they are those of
    the options whose letters are listed; they are unknown where the reply does not begin with its letter.
    """
    answer.n_options = _n_options(example)
    answer.log_prob = completion.log_prob
    if completion.top is None:
        return
    label = completion.top[0][0]
    probs = {token: math.exp(log_prob) for token, log_prob in completion.top}
    if isinstance(example, ChoiceExample):
        label = label.strip(_PUNCTUATION)
        probs = option_probs(completion.top, example.letters) if label == answer.label else {}
    if probs.get(label, 0.0) > 0:
        answer.margin, answer.entropy = _margin_and_entropy(probs, label)


def option_probs(top: tuple[tuple[str, float], ...], letters: str) -> dict[str, float]:
    """The probability of each option whose letter is among the tokens; they sum to one."""
    found: dict[str, float] = {}
    for token, log_prob in top:
        letter = token.strip(_PUNCTUATION)
        if len(letter) == 1 and letter in letters:
            found[letter] = found.get(letter, 0.0) + math.exp(log_prob)
    total = math.fsum(found.values())
    return {letter: prob / total for letter, prob in found.items()} if total > 0 else {}


def _margin_and_entropy(probs: Mapping[str, float], label: str) -> tuple[float, float]:
    """Probability of the label minus that of the likeliest other, and the entropy of the normalised probs."""
    other = max((prob for name, prob in probs.items() if name != label), default=0.0)
    total = math.fsum(probs.values())
    shares = [prob / total for prob in probs.values() if prob > 0]
    return probs[label] - other, max(0.0, -math.fsum(share * math.log(share) for share in shares))


def _n_options(example: Example) -> int | None:
    if isinstance(example, MoveExample):
        return len(example.state.legal_moves())
    return len(example.options) if isinstance(example, ChoiceExample) else None
