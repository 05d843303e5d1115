"""One request for a chat completion: its body, and the digest that it is cached by.

Knows nothing about connections, keys or what a reply means.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from w2s.models import draws
from w2s.models.endpoint.settings import Settings
from w2s.tasks import Example, MoveExample
from w2s.tasks.prompts import Message

TOP_LOGPROBS = 20
_SEEDS = 2**31


@dataclass(frozen=True)
class Request:
    """``sample`` 0 is the label, the others are further samples; ``seed`` is None at temperature 0."""

    model: str
    messages: tuple[Message, ...]
    temperature: float
    top_p: float | None
    max_tokens: int
    logprobs: bool
    seed: int | None
    sample: int

    def body(self) -> bytes:
        """What is sent."""
        return json.dumps(self._fields(), sort_keys=True).encode()

    def digest(self) -> bytes:
        """16 bytes that change with whatever decides the reply."""
        about = json.dumps([self._fields(), self.sample], sort_keys=True)
        return hashlib.blake2b(about.encode(), digest_size=16).digest()

    def without_logprobs(self) -> Request:
        """The same, for a server that does not give them."""
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
            fields |= {"logprobs": True, "top_logprobs": TOP_LOGPROBS}
        return fields


def requests_for(
    example: Example, messages: Sequence[Message], settings: Settings, *, seed: int, samples: int
) -> list[Request]:
    """The request for the label, then those for further samples.

    Where replies are drawn, the server is told a seed that follows from ours, the question and the sample,
    in a match also from its name, the ply and the attempt: two matches from one opening do not replay one
    game, and the same question has the same seed in any batch.
    """
    asked = hashlib.blake2b(json.dumps(list(messages)).encode(), digest_size=16).hexdigest()
    place = _place(example)

    def request(sample: int) -> Request:
        drawn = draws.uniform(seed, "endpoint", *place, asked, sample) if settings.temperature else None
        return Request(
            settings.model,
            tuple(messages),
            settings.temperature,
            settings.top_p,
            settings.max_tokens,
            settings.logprobs,
            None if drawn is None else int(drawn * _SEEDS),
            sample,
        )

    return [request(sample) for sample in range(samples + 1)]


def _place(example: Example) -> tuple[str | int | None, ...]:
    """What tells a question in a match from the same question elsewhere."""
    if isinstance(example, MoveExample) and example.match is not None:
        return example.match, example.state.ply, example.attempt
    return ()
