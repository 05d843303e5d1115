"""The common prefix of prompts, such as few-shot examples, is read once and kept in the key-value cache."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from w2s.models.hf.forward import CausalNetwork, ForwardOutput
from w2s.models.hf.tokenization import Tokens, common_prefix_length

MIN_SHARED = 64
"""Shorter prefixes are read with each prompt, because repeating their cache takes as long."""


class PrefixCache:
    """Reads the prompts of one call.

    Args:
        network: the network.
        prompts: all prompts of the call.
    """

    def __init__(self, network: CausalNetwork, prompts: Sequence[Tokens]) -> None:
        self._network = network
        shared = common_prefix_length(min(prompts), max(prompts)) if len(prompts) > 1 else 0
        length = min([shared, *(len(prompt) - 1 for prompt in prompts)])
        self._prefix = prompts[0][:length] if length >= MIN_SHARED and network.attends_to_all else []

    def read(self, prompts: Sequence[Tokens], caching: bool = True) -> ForwardOutput:
        """The output after the last token of some of the prompts; with ``caching`` they can be extended."""
        if not self._prefix:
            return self._network.read(prompts, caching=caching)
        return self._network.extend_prefix(self._shared, prompts, caching=caching)

    @cached_property
    def _shared(self) -> ForwardOutput:
        return self._network.read([self._prefix], caching=True)
