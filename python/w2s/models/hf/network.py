"""A causal language model asked in passes: left-padded rows of tokens in, logits and last states out.

Knows nothing about examples, options or replies.

The state of a token is what the output layer reads: the last layer's, normed. It is caught there, so that
it costs no memory for the layers below.
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

from w2s.models.hf.wording import Tokens

_FULL, _SLIDING = "DynamicLayer", "DynamicSlidingWindowLayer"


@dataclass(frozen=True, slots=True)
class Seen:
    """Rows of tokens as the network has read them.

    Attributes:
        rows: the tokens.
        mask: (n, slots): 1 where a slot holds a token.
        logits: (n, k, vocabulary), behind the last k slots.
        states: (n, k, width): of these slots.
        cache: keys and values of all slots, None where the network keeps none.
    """

    rows: Sequence[Tokens]
    mask: Tensor
    logits: Tensor
    states: Tensor
    cache: Any


class Network:
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
        """Where tokens go in."""
        found: torch.device = self._model.get_input_embeddings().weight.device
        return found

    @property
    def context(self) -> int | None:
        """The most tokens that fit; None where the network has no such bound."""
        config = self._model.config.get_text_config(decoder=True)
        return getattr(config, "max_position_embeddings", None)

    @cached_property
    def layers(self) -> list[str]:
        """The kinds of cache that its layers keep, as one token leaves them; none where there is no cache."""
        cache = self.read([[0]], caching=True).cache
        return [type(layer).__name__ for layer in getattr(cache, "layers", ())]

    @property
    def repeats(self) -> bool:
        """Whether rows can be taken out of the cache and repeated."""
        return bool(self.layers) and {*self.layers} <= {_FULL, _SLIDING}

    @property
    def sees_all(self) -> bool:
        """Whether rows can be repeated and every layer sees every slot, near or far."""
        return bool(self.layers) and {*self.layers} == {_FULL}

    def read(self, rows: Sequence[Tokens], keep: int = 1, caching: bool = False) -> Seen:
        """Read rows from the start, left-padded; what is behind the last ``keep`` slots comes out."""
        slots = max(map(len, rows))
        ids = torch.tensor([[0] * (slots - len(row)) + row for row in rows], device=self.device)
        lengths = torch.tensor([len(row) for row in rows], device=self.device)
        mask = (torch.arange(slots, device=self.device) >= slots - lengths[:, None]).long()
        return self._pass(rows, ids, mask, keep, None, caching)

    def read_on(self, seen: Seen, tails: Sequence[Tokens], caching: bool = False) -> Seen:
        """Read more tokens of each row, right-padded, behind what it has in the cache.

        With ``caching`` the rows can be read on again, which takes tails of one length.
        """
        width = max(map(len, tails))
        ids = torch.tensor([tail + [0] * (width - len(tail)) for tail in tails], device=self.device)
        lengths = torch.tensor([len(tail) for tail in tails], device=self.device)
        new = (torch.arange(width, device=self.device) < lengths[:, None]).long()
        mask = torch.cat([seen.mask, new], 1)
        rows = [row + tail for row, tail in zip(seen.rows, tails, strict=True)]
        return self._pass(rows, ids, mask, width, seen.cache, caching)

    def read_behind(self, prefix: Seen, rows: Sequence[Tokens], caching: bool = False) -> Seen:
        """Read rows that all begin with the one row of ``prefix``, which is not read again.

        Only where every layer sees all slots: the padding comes to lie behind the prefix.
        """
        shared = len(prefix.rows[0])
        slots = max(map(len, rows)) - shared
        padded = [[0] * (slots - len(row) + shared) + row[shared:] for row in rows]
        lengths = torch.tensor([len(row) - shared for row in rows], device=self.device)
        tail = (torch.arange(slots, device=self.device) >= slots - lengths[:, None]).long()
        mask = torch.cat([prefix.mask.expand(len(rows), -1), tail], 1)
        repeated = select(prefix, [0] * len(rows))
        return self._pass(rows, torch.tensor(padded, device=self.device), mask, 1, repeated.cache, caching)

    def _pass(
        self, rows: Sequence[Tokens], ids: Tensor, mask: Tensor, keep: int, cache: Any, caching: bool
    ) -> Seen:
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
        return Seen(rows, mask, out.logits[:, -keep:], states[:, -keep:], kept)

    def _catch(self, layer: Any, inputs: tuple[Tensor, ...]) -> None:
        del layer
        self._states = inputs[0]


def select(seen: Seen, places: Sequence[int]) -> Seen:
    """Some rows, in that order, repeated or not; what was seen stays as it is."""
    cache = copy.copy(seen.cache)
    cache.layers = [copy.copy(layer) for layer in seen.cache.layers]
    if [*places] == [*range(len(seen.rows))]:
        return replace(seen, cache=cache)
    chosen = torch.tensor(places, device=seen.mask.device)
    for layer in cache.layers:
        if layer.keys is not None:
            layer.batch_select_indices(chosen.to(layer.keys.device))
    rows = [seen.rows[place] for place in places]
    return Seen(
        rows,
        seen.mask[chosen],
        seen.logits[chosen.to(seen.logits.device)],
        seen.states[chosen.to(seen.states.device)],
        cache,
    )
