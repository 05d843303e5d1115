"""Prompts that begin alike, as with the same solved examples in front: what they share is read once.

Knows nothing about what follows the prompts.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from w2s.models.hf.network import Network, Seen
from w2s.models.hf.wording import Tokens, alike

LEAST_SHARED = 64
"""Shorter beginnings are read with each prompt: repeating their cache takes as long."""


class Reader:
    """Reads prompts of one call.

    Args:
        network: who reads.
        prompts: all of the call.
    """

    def __init__(self, network: Network, prompts: Sequence[Tokens]) -> None:
        self._network = network
        shared = alike(min(prompts), max(prompts)) if len(prompts) > 1 else 0
        length = min([shared, *(len(prompt) - 1 for prompt in prompts)])
        self._start = prompts[0][:length] if length >= LEAST_SHARED and network.sees_all else []

    def read(self, prompts: Sequence[Tokens], caching: bool = True) -> Seen:
        """Some of the prompts, with what is behind their last token; cached where they are read on."""
        if not self._start:
            return self._network.read(prompts, caching=caching)
        return self._network.read_behind(self._shared, prompts, caching=caching)

    @cached_property
    def _shared(self) -> Seen:
        return self._network.read([self._start], caching=True)
