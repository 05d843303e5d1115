"""The bodies of chat completions: a request with its digest, and a reply with its log-probabilities.

Every body from a server is either parsed or refused with a one-line reason.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from w2s.models import keyed_random
from w2s.models.endpoint.http_connection import NoReplyError
from w2s.models.endpoint.settings import EndpointSettings
from w2s.tasks import Example, MoveExample
from w2s.tasks.prompts import Message

N_TOP_LOGPROBS = 20
_N_SEEDS = 2**31
_MAX_TOP_TOKENS = 64

Redact = Callable[[str], str]
"""Removes secrets from a text."""


@dataclass(frozen=True)
class ChatRequest:
    """A request for one chat completion.

    Attributes:
        model: the name of the model at the endpoint.
        messages: the prompt.
        temperature: 0 asks for the likeliest reply.
        top_p: nucleus sampling, None for the server's default.
        max_tokens: the longest reply.
        logprobs: whether log-probabilities are requested.
        seed: seed for the server, None at temperature 0.
        sample: 0 for the label, from 1 for further samples.
    """

    model: str
    messages: tuple[Message, ...]
    temperature: float
    top_p: float | None
    max_tokens: int
    logprobs: bool
    seed: int | None
    sample: int

    def body(self) -> bytes:
        """The body that is sent."""
        return json.dumps(self._fields(), sort_keys=True).encode()

    def digest(self) -> bytes:
        """16 bytes that identify everything that decides the reply; the key of the cache."""
        text = json.dumps([self._fields(), self.sample], sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=16).digest()

    def without_logprobs(self) -> ChatRequest:
        """The same request without log-probabilities."""
        return replace(self, logprobs=False)

    def _fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "model": self.model,
            "messages": list(self.messages),
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
        }
        if self.top_p is not None:
            fields["top_p"] = self.top_p
        if self.seed is not None:
            fields["seed"] = self.seed
        if self.logprobs:
            fields |= {"logprobs": True, "top_logprobs": N_TOP_LOGPROBS}
        return fields


def build_requests(
    example: Example, messages: Sequence[Message], settings: EndpointSettings, *, seed: int, samples: int
) -> list[ChatRequest]:
    """The request for the label, then the requests for further samples.

    With a temperature, each request has a seed for the server. It depends on ``seed``, the messages and the
    number of the sample, in a match also on the name of the match, the ply and the attempt: two matches from
    one opening do not repeat one game, and the same question gets the same seed in any batch.
    """
    question = hashlib.blake2b(json.dumps(list(messages)).encode(), digest_size=16).hexdigest()
    place = _match_place(example)

    def request(sample: int) -> ChatRequest:
        drawn = (
            keyed_random.uniform(seed, "endpoint", *place, question, sample) if settings.temperature else None
        )
        return ChatRequest(
            settings.model,
            tuple(messages),
            settings.temperature,
            settings.top_p,
            settings.max_tokens,
            settings.logprobs,
            None if drawn is None else int(drawn * _N_SEEDS),
            sample,
        )

    return [request(sample) for sample in range(samples + 1)]


def _match_place(example: Example) -> tuple[str | int | None, ...]:
    """What distinguishes a question in a match from the same question elsewhere."""
    if isinstance(example, MoveExample) and example.match is not None:
        return example.match, example.state.ply, example.attempt
    return ()


@dataclass(frozen=True, slots=True)
class Completion:
    """A reply.

    Attributes:
        text: the content of the first choice.
        log_prob: mean log-probability of the tokens, in nats; None where the server does not return it.
        top: the likeliest first tokens with their log-probabilities, the token of the reply first; None
            where the server does not return them.
    """

    text: str
    log_prob: float | None = None
    top: tuple[tuple[str, float], ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """The reply as JSON values."""
        return {"text": self.text, "log_prob": self.log_prob, "top": self.top}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Completion:
        """The inverse of :meth:`to_json`.

        Raises:
            KeyError, TypeError: the values are not those of a reply.
        """
        text, log_prob, top = values["text"], values["log_prob"], values["top"]
        if not isinstance(text, str) or not isinstance(log_prob, float | None):
            raise TypeError("not a completion")
        return cls(text, log_prob, None if top is None else tuple((str(t), float(p)) for t, p in top))


def parse_completion(body: bytes, redact: Redact) -> Completion:
    """The completion in the body of a reply.

    Args:
        body: the body of a reply with status 200.
        redact: removes secrets from a text.

    Raises:
        NoReplyError: the body is not a completion; the message says why.
    """
    if not body.strip():
        raise NoReplyError("reply", "the reply is empty")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise NoReplyError("reply", "the reply is not JSON") from None
    choice = _first_choice(found)
    message = choice.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, str):
        end = choice.get("finish_reason")
        suffix = f" (finish_reason: {redact(end)[:40]!a})" if isinstance(end, str) else ""
        raise NoReplyError("reply", f"the reply has no text{suffix}")
    log_prob, top = _log_probs(choice.get("logprobs"), redact)
    return Completion(_clean(content, redact), log_prob, top)


def _first_choice(found: Any) -> dict[str, Any]:
    choices = found.get("choices") if isinstance(found, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        raise NoReplyError("reply", "the reply is not a chat completion: it has no choices")
    return choice


def _clean(text: str, redact: Redact) -> str:
    """The text without secrets and without lone surrogates, which cannot be written to a file."""
    return redact(text.encode("utf-8", "replace").decode())


def _log_probs(found: Any, redact: Redact) -> tuple[float | None, tuple[tuple[str, float], ...] | None]:
    """The mean over the tokens, and the likeliest first tokens; both None where anything is malformed."""
    tokens = found.get("content") if isinstance(found, dict) else None
    if not isinstance(tokens, list) or not tokens:
        return None, None
    read = [_token(entry, redact) for entry in tokens]
    known = [pair for pair in read if pair is not None]
    if len(known) < len(read):
        return None, None
    place = next((i for i, (token, _) in enumerate(known) if token.strip()), 0)
    others = tokens[place].get("top_logprobs")
    listed = [_token(entry, redact) for entry in others[:_MAX_TOP_TOKENS]] if isinstance(others, list) else []
    top = dict(pair for pair in [known[place], *listed] if pair is not None)
    mean = math.fsum(log_prob for _, log_prob in known) / len(known)
    return mean, tuple(top.items())


def _token(entry: Any, redact: Redact) -> tuple[str, float] | None:
    if not isinstance(entry, dict):
        return None
    token, log_prob = entry.get("token"), entry.get("logprob")
    if not isinstance(token, str) or isinstance(log_prob, bool) or not isinstance(log_prob, int | float):
        return None
    try:
        value = float(log_prob)
    except OverflowError:
        return None
    return (_clean(token, redact), min(0.0, value)) if math.isfinite(value) else None
