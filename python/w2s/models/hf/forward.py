"""Forward passes of a causal language model: left-padded rows of tokens in, logits and hidden states out.

The hidden state of a token is what the output layer reads: that of the last layer, after its norm. It is
caught there, so that the states of the layers below need no memory.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from w2s.models.hf.tokenization import Tokens

_FULL, _SLIDING = "DynamicLayer", "DynamicSlidingWindowLayer"


@dataclass(frozen=True, slots=True)
class ForwardOutput:
    """The output for n rows of tokens.

    Attributes:
        rows: the tokens.
        mask: (n, slots), 1 where a slot holds a token.
        logits: (n, k, vocabulary), after each of the last k slots.
        states: (n, k, d), hidden states at these slots.
        cache: keys and values of all slots, None if the network keeps none.
    """

    rows: Sequence[Tokens]
    mask: Tensor
    logits: Tensor
    states: Tensor
    cache: Any


class CausalNetwork:
    """A network of transformers in evaluation mode.

    Args:
        model: a causal language model.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        plain = model.get_base_model() if hasattr(model, "get_base_model") else model
        takes = inspect.signature(plain.forward).parameters
        self._takes_positions = "position_ids" in takes
        self._keeps_few = "logits_to_keep" in takes
        self._cache_name = next((name for name in ("cache", "past_key_values") if name in takes), None)
        self._states: Tensor | None = None
        model.get_output_embeddings().register_forward_pre_hook(self._catch)

    @property
    def device(self) -> torch.device:
        """The device of the input embeddings."""
        found: torch.device = self._model.get_input_embeddings().weight.device
        return found

    @property
    def context(self) -> int | None:
        """The number of tokens that fit; None if the network has no such limit."""
        config = self._model.config.get_text_config(decoder=True)
        return getattr(config, "max_position_embeddings", None)

    @cached_property
    def cache_layers(self) -> list[str]:
        """The classes of cache that its layers keep for one token; empty if there is no cache."""
        cache = self.read([[0]], caching=True).cache
        return [type(layer).__name__ for layer in getattr(cache, "layers", ())]

    @property
    def can_repeat_rows(self) -> bool:
        """Whether rows can be taken out of the cache and repeated."""
        return bool(self.cache_layers) and {*self.cache_layers} <= {_FULL, _SLIDING}

    @property
    def attends_to_all(self) -> bool:
        """Whether rows can be repeated and every layer attends to every slot, near or far."""
        return bool(self.cache_layers) and {*self.cache_layers} == {_FULL}

    def read(self, rows: Sequence[Tokens], keep: int = 1, caching: bool = False) -> ForwardOutput:
        """Read rows from the start, left-padded; the output is that of the last ``keep`` slots."""
        slots = max(map(len, rows))
        ids = torch.tensor([[0] * (slots - len(row)) + row for row in rows], device=self.device)
        lengths = torch.tensor([len(row) for row in rows], device=self.device)
        mask = (torch.arange(slots, device=self.device) >= slots - lengths[:, None]).long()
        return self._pass(rows, ids, mask, keep, None, caching)

    def extend(self, source: ForwardOutput, tails: Sequence[Tokens], caching: bool = False) -> ForwardOutput:
        """Read more tokens of each row, right-padded, after those in its cache.

        With ``caching`` the rows can be extended again, which needs tails of equal length.
        """
        width = max(map(len, tails))
        ids = torch.tensor([tail + [0] * (width - len(tail)) for tail in tails], device=self.device)
        lengths = torch.tensor([len(tail) for tail in tails], device=self.device)
        new = (torch.arange(width, device=self.device) < lengths[:, None]).long()
        mask = torch.cat([source.mask, new], 1)
        rows = [row + tail for row, tail in zip(source.rows, tails, strict=True)]
        return self._pass(rows, ids, mask, width, source.cache, caching)

    def extend_prefix(
        self, prefix: ForwardOutput, rows: Sequence[Tokens], caching: bool = False
    ) -> ForwardOutput:
        """Read rows that all begin with the one row of ``prefix``, which is not read again.

        Only if every layer attends to all slots, because the padding comes after the prefix.
        """
        shared = len(prefix.rows[0])
        slots = max(map(len, rows)) - shared
        padded = [[0] * (slots - len(row) + shared) + row[shared:] for row in rows]
        lengths = torch.tensor([len(row) - shared for row in rows], device=self.device)
        tail = (torch.arange(slots, device=self.device) >= slots - lengths[:, None]).long()
        mask = torch.cat([prefix.mask.expand(len(rows), -1), tail], 1)
        repeated = take_rows(prefix, [0] * len(rows))
        return self._pass(rows, torch.tensor(padded, device=self.device), mask, 1, repeated.cache, caching)

    def _pass(
        self, rows: Sequence[Tokens], ids: Tensor, mask: Tensor, keep: int, cache: Any, caching: bool
    ) -> ForwardOutput:
        given: dict[str, Any] = {"input_ids": ids, "attention_mask": mask}
        if self._takes_positions:
            given["position_ids"] = (mask.cumsum(1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        if self._keeps_few:
            given["logits_to_keep"] = keep
        if self._cache_name:
            given["use_cache"] = caching or cache is not None
            if cache is not None:
                given[self._cache_name] = cache
        with torch.inference_mode():
            out = self._model(**given)
        states, self._states = self._states, None
        assert states is not None
        kept = getattr(out, self._cache_name, None) if self._cache_name and caching else None
        return ForwardOutput(rows, mask, out.logits[:, -keep:], states[:, -keep:], kept)

    def _catch(self, layer: Any, inputs: tuple[Tensor, ...]) -> None:
        del layer
        self._states = inputs[0]


def take_rows(source: ForwardOutput, indices: Sequence[int]) -> ForwardOutput:
    """Some rows, in that order and possibly repeated; ``source`` does not change."""
    cache = copy.copy(source.cache)
    cache.layers = [copy.copy(layer) for layer in source.cache.layers]
    if [*indices] == [*range(len(source.rows))]:
        return replace(source, cache=cache)
    chosen = torch.tensor(indices, device=source.mask.device)
    for layer in cache.layers:
        if layer.keys is not None:
            layer.batch_select_indices(chosen.to(layer.keys.device))
    rows = [source.rows[index] for index in indices]
    return ForwardOutput(
        rows,
        source.mask[chosen],
        source.logits[chosen.to(source.logits.device)],
        source.states[chosen.to(source.states.device)],
        cache,
    )
