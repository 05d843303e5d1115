"""The body of a reply → what a model uses of it.

Knows nothing about connections. Whatever a server may send is either read or refused in one line.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from w2s.models.endpoint.trouble import NoReplyError

Scrub = Callable[[str], str]
_MOST_TOKENS = 64


@dataclass(frozen=True, slots=True)
class Completion:
    """A reply.

    ``log_prob`` is the mean over its tokens, in nats, and ``top`` the log-probabilities of the likeliest
    first tokens, the one that came first; both None where the server does not give them.
    """

    text: str
    log_prob: float | None = None
    top: tuple[tuple[str, float], ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"text": self.text, "log_prob": self.log_prob, "top": self.top}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Completion:
        """The inverse of :meth:`to_json`; KeyError or TypeError where they are something else."""
        text, log_prob, top = values["text"], values["log_prob"], values["top"]
        if not isinstance(text, str) or not isinstance(log_prob, float | None):
            raise TypeError("no completion")
        return cls(text, log_prob, None if top is None else tuple((str(t), float(p)) for t, p in top))


def read_completion(body: bytes, scrub: Scrub) -> Completion:
    """The completion in a body.

    Args:
        body: of a reply with status 200.
        scrub: takes secrets out of a text.

    Raises:
        NoReplyError: it holds none; says why.
    """
    if not body.strip():
        raise NoReplyError("reply", "the answer is empty")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise NoReplyError("reply", "the answer is not JSON") from None
    choice = _first_choice(found)
    message = choice.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, str):
        end = choice.get("finish_reason")
        why = f" (it ended by {scrub(end)[:40]!a})" if isinstance(end, str) else ""
        raise NoReplyError("reply", f"the answer has no text{why}")
    log_prob, top = _log_probs(choice.get("logprobs"), scrub)
    return Completion(_clean(content, scrub), log_prob, top)


def _first_choice(found: Any) -> dict[str, Any]:
    choices = found.get("choices") if isinstance(found, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        raise NoReplyError("reply", "the answer is no chat completion: it has no choices")
    return choice


def _clean(text: str, scrub: Scrub) -> str:
    """Without secrets and halves of characters, which no file of text can hold."""
    return scrub(text.encode("utf-8", "replace").decode())


def _log_probs(found: Any, scrub: Scrub) -> tuple[float | None, tuple[tuple[str, float], ...] | None]:
    """The mean over the tokens, and the likeliest first tokens; nothing where anything is odd."""
    tokens = found.get("content") if isinstance(found, dict) else None
    if not isinstance(tokens, list) or not tokens:
        return None, None
    read = [_token(entry, scrub) for entry in tokens]
    known = [pair for pair in read if pair is not None]
    if len(known) < len(read):
        return None, None
    place = next((i for i, (token, _) in enumerate(known) if token.strip()), 0)
    others = tokens[place].get("top_logprobs")
    listed = [_token(entry, scrub) for entry in others[:_MOST_TOKENS]] if isinstance(others, list) else []
    top = dict(pair for pair in [known[place], *listed] if pair is not None)
    mean = math.fsum(log_prob for _, log_prob in known) / len(known)
    return mean, tuple(top.items())


def _token(entry: Any, scrub: Scrub) -> tuple[str, float] | None:
    if not isinstance(entry, dict):
        return None
    token, log_prob = entry.get("token"), entry.get("logprob")
    if not isinstance(token, str) or isinstance(log_prob, bool) or not isinstance(log_prob, int | float):
        return None
    try:
        value = float(log_prob)
    except OverflowError:
        return None
    return (_clean(token, scrub), min(0.0, value)) if math.isfinite(value) else None
