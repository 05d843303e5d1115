"""Reward models: sequence classifiers with one output that read a question and a reply."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from w2s.errors import DataError, ModelError, UsageError
from w2s.models.hf.loading import need_extras, place_of
from w2s.models.hf.multiple_choice import context_of
from w2s.models.hf.passes import Passes, Room, budget_of
from w2s.models.hf.settings import read_settings
from w2s.models.hf.weights import SEQUENCE, open_weights
from w2s.models.hf.wording import Tokens, Wording
from w2s.models.reference import parse_reference, shown


class Exchange(NamedTuple):
    """A question and a reply to it; ``name`` is the example, for messages."""

    name: str
    question: str
    reply: str


class _Row(NamedTuple):
    """An exchange as tokens; ``types`` tell question and reply apart where the tokenizer does, else none."""

    name: str
    tokens: Tokens
    types: Tokens


class RewardModel:
    """Gives replies their reward.

    Args:
        reference: ``hf:DIR`` or ``hf:OWNER/NAME``, with the options of loading.

    Raises:
        UsageError: it is no such reference.
        ModelError: it cannot be loaded, or has more than one output.
    """

    def __init__(self, reference: str) -> None:
        parsed = parse_reference(reference)
        if parsed.kind != "hf":
            raise UsageError(
                "hf-reward-invalid-reference", f"{shown(reference)} is not a reward model; write hf:DIR"
            )
        settings = read_settings(parsed)
        need_extras(settings)
        opened = open_weights(place_of(parsed), settings, SEQUENCE)
        if opened.network.config.num_labels != 1:
            outputs = opened.network.config.num_labels
            raise ModelError(
                "hf-reward-outputs", f"{shown(reference)} has {outputs} outputs; a reward model has one"
            )
        self._reference = reference
        self._network = opened.network
        self._tokenizer = opened.tokenizer
        self._wording = Wording(opened.tokenizer)
        self._passes = Passes(reference, settings.batch_tokens or budget_of(opened.network.device))
        config = opened.network.config
        known = (config.pad_token_id, self._tokenizer.pad_token_id, self._tokenizer.eos_token_id, 0)
        self._pad = config.pad_token_id = next(token for token in known if token is not None)

    def rewards(self, exchanges: Sequence[Exchange]) -> npt.NDArray[np.float64]:
        """The reward of each exchange, (n,); higher is better."""
        rows = [self._row(exchange) for exchange in exchanges]
        found = self._passes.run(rows, lambda row: Room(1, len(row.tokens)), lambda row: row.name, self._pass)
        return np.array(found, np.float64)

    def _row(self, exchange: Exchange) -> _Row:
        types: Tokens = []
        if self._wording.is_chat or self._tokenizer.sep_token is None:
            tokens = self._wording.told(exchange.question, exchange.reply)
        else:
            both = self._tokenizer(exchange.question, exchange.reply)
            tokens, types = list(both["input_ids"]), list(both.get("token_type_ids") or [])
        most = context_of(self._network)
        if most is not None and len(tokens) > most:
            raise DataError(
                "hf-context-exceeded",
                f"example {exchange.name!r}: question and reply have {len(tokens)} tokens, but the context "
                f"of {shown(self._reference)} is {most}; shorten it or choose another reward model",
            )
        return _Row(exchange.name, tokens, types)

    def _pass(self, rows: Sequence[_Row], budget: int) -> list[float]:
        del budget
        width = max(len(row.tokens) for row in rows)
        given: dict[str, Any] = {
            "input_ids": [row.tokens + [self._pad] * (width - len(row.tokens)) for row in rows],
            "attention_mask": [[1] * len(row.tokens) + [0] * (width - len(row.tokens)) for row in rows],
        }
        if rows[0].types:
            given["token_type_ids"] = [row.types + [0] * (width - len(row.types)) for row in rows]
        device = self._network.device
        with torch.inference_mode():
            out = self._network(**{name: torch.tensor(value, device=device) for name, value in given.items()})
        found: list[float] = out.logits[:, 0].double().tolist()
        return found
