"""Reward models: sequence classifiers with one output that read a question and a reply."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from w2s.errors import DataError, ModelError, UsageError
from w2s.models.hf.batching import BatchCost, BatchRunner, default_budget
from w2s.models.hf.multiple_choice import encoder_context
from w2s.models.hf.settings import locate_model, read_settings, require_extras
from w2s.models.hf.tokenization import PromptTokenizer, Tokens
from w2s.models.hf.weights import SEQUENCE, load_checkpoint
from w2s.models.reference import parse_reference, quote


class Exchange(NamedTuple):
    """A question and a reply to it; ``name`` is the id of the example, for messages."""

    name: str
    question: str
    reply: str


class _Row(NamedTuple):
    """An exchange as tokens; ``types`` distinguish question and reply, empty if the tokenizer does not."""

    name: str
    tokens: Tokens
    types: Tokens


class RewardModel:
    """Scores replies.

    Args:
        reference: ``hf:DIR`` or ``hf:OWNER/NAME``, possibly with options.

    Raises:
        UsageError: the reference is another one.
        ModelError: the model cannot be loaded, or has more than one output.
    """

    def __init__(self, reference: str) -> None:
        parsed = parse_reference(reference)
        if parsed.kind != "hf":
            raise UsageError(
                "hf-reward-invalid-reference", f"{quote(reference)} is not a reward model; write hf:DIR"
            )
        settings = read_settings(parsed)
        require_extras(settings)
        checkpoint = load_checkpoint(locate_model(parsed), settings, SEQUENCE)
        if checkpoint.network.config.num_labels != 1:
            outputs = checkpoint.network.config.num_labels
            raise ModelError(
                "hf-reward-outputs", f"{quote(reference)} has {outputs} outputs; a reward model has one"
            )
        self._reference = reference
        self._network = checkpoint.network
        self._tokenizer = checkpoint.tokenizer
        self._prompt_tokenizer = PromptTokenizer(checkpoint.tokenizer)
        self._batches = BatchRunner(
            reference, settings.batch_tokens or default_budget(checkpoint.network.device)
        )
        config = checkpoint.network.config
        known = (config.pad_token_id, self._tokenizer.pad_token_id, self._tokenizer.eos_token_id, 0)
        self._pad = config.pad_token_id = next(token for token in known if token is not None)

    def rewards(self, exchanges: Sequence[Exchange]) -> npt.NDArray[np.float64]:
        """The reward of each exchange, (n,); higher is better."""
        rows = [self._row(exchange) for exchange in exchanges]
        found = self._batches.run(
            rows, lambda row: BatchCost(1, len(row.tokens)), lambda row: row.name, self._score
        )
        return np.array(found, np.float64)

    def _row(self, exchange: Exchange) -> _Row:
        types: Tokens = []
        if self._prompt_tokenizer.is_chat or self._tokenizer.sep_token is None:
            tokens = self._prompt_tokenizer.exchange_tokens(exchange.question, exchange.reply)
        else:
            both = self._tokenizer(exchange.question, exchange.reply)
            tokens, types = list(both["input_ids"]), list(both.get("token_type_ids") or [])
        context = encoder_context(self._network)
        if context is not None and len(tokens) > context:
            raise DataError(
                "hf-context-exceeded",
                f"example {exchange.name!r}: question and reply have {len(tokens)} tokens, but the context "
                f"of {quote(self._reference)} is {context}; shorten it or choose another reward model",
            )
        return _Row(exchange.name, tokens, types)

    def _score(self, rows: Sequence[_Row], budget: int) -> list[float]:
        del budget
        width = max(len(row.tokens) for row in rows)
        inputs: dict[str, Any] = {
            "input_ids": [row.tokens + [self._pad] * (width - len(row.tokens)) for row in rows],
            "attention_mask": [[1] * len(row.tokens) + [0] * (width - len(row.tokens)) for row in rows],
        }
        if rows[0].types:
            inputs["token_type_ids"] = [row.types + [0] * (width - len(row.types)) for row in rows]
        device = self._network.device
        with torch.inference_mode():
            out = self._network(
                **{name: torch.tensor(value, device=device) for name, value in inputs.items()}
            )
        found: list[float] = out.logits[:, 0].double().tolist()
        return found
