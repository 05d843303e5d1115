"""The objective of a student, by the head of its model: tokenised rows, their collator and their losses."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from w2s.errors import UsageError
from w2s.models.hf.multiple_choice import encoder_context, refuse_causal_options
from w2s.models.reference import quote
from w2s.train.dataset import TrainingSet
from w2s.train.language.student import LanguageStudent
from w2s.train.language.tokenization import (
    ChoiceTokens,
    TokenSequence,
    tokenize_choices,
    tokenize_sequences,
)
from w2s.train.losses import LOSSES, MASKED_LOGIT
from w2s.train.settings import LanguageTrainSettings

IGNORED = -100
"""The label of a token that is not learned."""

TokenizedRow = TokenSequence | ChoiceTokens
Collate = Callable[[Sequence[Any]], dict[str, Any]]
Losses = Callable[[Tensor, Mapping[str, Tensor], float], Tensor]
"""Logits, labels of the batch and the share of finished steps → losses of shape (n,)."""


@dataclass(frozen=True, slots=True)
class Objective:
    """What a student minimises.

    Attributes:
        items: tokenised rows; several may belong to one training row.
        collate: turns items into the tensors of a batch.
        losses: the loss of each item of a batch.
    """

    items: Sequence[TokenizedRow]
    collate: Collate
    losses: Losses

    @property
    def digest(self) -> str:
        """Identity of everything that the training reads from its rows."""
        found = hashlib.blake2b(digest_size=16)
        for item in self.items:
            found.update(repr(item).encode())
        return found.hexdigest()


def build_objective(
    student: LanguageStudent, rows: TrainingSet, settings: LanguageTrainSettings
) -> Objective:
    """The objective of a causal model or an encoder.

    Raises:
        DataError: the rows are invalid.
        UsageError: the student cannot learn from such rows or with such settings.
    """
    build = _choice_objective if student.is_encoder else _sequence_objective
    return build(student, rows, settings)


def _sequence_objective(
    student: LanguageStudent, rows: TrainingSet, settings: LanguageTrainSettings
) -> Objective:
    name = settings.loss
    items = tokenize_sequences(rows, student.prompt_tokenizer, student.prompting, settings)
    collate = SequenceCollator(student.padding)
    if name == "cross_entropy":
        return Objective(items, collate, lambda logits, labels, _: reply_losses(logits, labels["tokens"]))
    return Objective(items, collate, lambda logits, labels, done: letter_losses(logits, labels, name, done))


def _choice_objective(
    student: LanguageStudent, rows: TrainingSet, settings: LanguageTrainSettings
) -> Objective:
    name, reference = settings.loss, str(student.reference)
    refuse_causal_options(reference, student.prompting)
    if settings.objective == "grpo":
        raise UsageError(
            "train-encoder-grpo",
            f"{quote(reference)} is an encoder and cannot write replies; leave objective=grpo out",
        )
    items = tokenize_choices(rows, student.tokenizer, reference, encoder_context(student.network), settings)
    has_types = "token_type_ids" in student.tokenizer.model_input_names
    return Objective(
        items,
        ChoiceCollator(student.padding, has_types),
        lambda logits, labels, done: option_losses(logits, labels, name, done),
    )


# Collators ------------------------------------------------------------------------------------------------


class SequenceCollator:
    """Pads sequences on the right.

    Args:
        padding: the padding token, which is masked.
    """

    def __init__(self, padding: int) -> None:
        self._padding = padding

    def __call__(self, sequences: Sequence[TokenSequence]) -> dict[str, Any]:
        """``input_ids`` and ``attention_mask`` for the network, ``labels`` for the loss."""
        width = max(len(one.ids) for one in sequences)
        ids = [_padded(one.ids, width, self._padding) for one in sequences]
        mask = [_padded([1] * len(one.ids), width, 0) for one in sequences]
        tokens = [
            _padded([IGNORED] * one.n_prompt + one.ids[one.n_prompt :], width, IGNORED) for one in sequences
        ]
        most = max(len(one.options) for one in sequences)
        labels = {
            "tokens": torch.tensor(tokens),
            "weights": torch.tensor([one.weight for one in sequences]),
            "last": torch.tensor([one.n_prompt - 1 for one in sequences]),
            "options": torch.tensor([_padded(one.options, most, 0) for one in sequences], dtype=torch.long),
            "mask": torch.tensor(
                [_padded([True] * len(one.options), most, False) for one in sequences], dtype=torch.bool
            ),
            "probs": torch.tensor([_padded(one.probs, most, 0.0) for one in sequences]),
        }
        return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask), "labels": labels}


class ChoiceCollator:
    """Pads the tokens of options on the right, and questions with few options by masked options.

    A masked option is one token that is attended to, because attention over no token at all would be NaN.

    Args:
        padding: the padding token.
        has_types: whether the network reads which tokens belong to the option.
    """

    def __init__(self, padding: int, has_types: bool) -> None:
        self._padding, self._has_types = padding, has_types

    def __call__(self, questions: Sequence[ChoiceTokens]) -> dict[str, Any]:
        """``input_ids`` and ``attention_mask``, of shape (n, k, width), and ``labels`` for the loss."""
        most = max(len(one.tokens) for one in questions)
        width = max(len(row) for one in questions for row in one.tokens)
        inputs = {
            "input_ids": [_block(one.tokens, most, width, self._padding) for one in questions],
            "attention_mask": [
                _block([[1] * len(row) for row in one.tokens], most, width, 0, first=1) for one in questions
            ],
        }
        if self._has_types:
            inputs["token_type_ids"] = [_block(one.types, most, width, 0) for one in questions]
        labels = {
            "weights": torch.tensor([one.weight for one in questions]),
            "mask": torch.tensor([_padded([True] * len(one.tokens), most, False) for one in questions]),
            "probs": torch.tensor([_padded(one.probs, most, 0.0) for one in questions]),
        }
        return {**{name: torch.tensor(value) for name, value in inputs.items()}, "labels": labels}


def _padded(values: Sequence[Any], width: int, padding: Any) -> list[Any]:
    return [*values, *[padding] * (width - len(values))]


def _block(
    rows: Sequence[Sequence[int]], count: int, width: int, padding: int, first: int | None = None
) -> list[list[int]]:
    """Rows padded to ``width``, and rows of padding up to ``count``, whose first value is ``first``."""
    blank = [padding if first is None else first, *[padding] * (width - 1)]
    return [_padded(row, width, padding) for row in rows] + [blank] * (count - len(rows))


# Losses -----------------------------------------------------------------------------------------------------


def reply_losses(logits: Tensor, tokens: Tensor) -> Tensor:
    """Mean cross-entropy of the learned tokens of each sequence, in nats, (n,).

    Args:
        logits: shape (n, length, vocabulary); those at a position predict the next token.
        tokens: shape (n, length), :data:`IGNORED` where nothing is learned.
    """
    learned = tokens[:, 1:]
    mask = learned != IGNORED
    rows, places = mask.nonzero(as_tuple=True)
    each = torch.nn.functional.cross_entropy(
        logits[rows, places].float(), learned[rows, places], reduction="none"
    )
    sums = torch.zeros(len(tokens), device=each.device).index_add(0, rows, each)
    return sums / mask.sum(1).clamp_min(1)


def letter_losses(logits: Tensor, labels: Mapping[str, Tensor], loss: str, done: float) -> Tensor:
    """A loss of :mod:`w2s.train.losses` over the letters after each question, (n,).

    Args:
        logits: shape (n, length, vocabulary).
        labels: ``last``, shape (n,): position of the question's last token; ``options``, shape (n, k): token
            of each letter; ``mask`` and ``probs``, shape (n, k), see :func:`option_losses`.
        loss: name of the loss.
        done: share of finished steps.
    """
    after = logits[torch.arange(len(logits), device=logits.device), labels["last"]].float()
    return option_losses(after.gather(1, labels["options"]), labels, loss, done)


def option_losses(logits: Tensor, labels: Mapping[str, Tensor], loss: str, done: float) -> Tensor:
    """A loss of :mod:`w2s.train.losses` over the options of each question, (n,).

    Args:
        logits: shape (n, k).
        labels: ``mask``, shape (n, k): whether the question has such an option; ``probs``, shape (n, k).
        loss: name of the loss.
        done: share of finished steps.
    """
    masked = logits.float().masked_fill(~labels["mask"], MASKED_LOGIT)
    return LOSSES[loss](masked, labels["probs"], done)


def weighted_sum(losses: Tensor, weights: Tensor, total: Tensor | float) -> Tensor:
    """The sum of the losses by weight, divided by the weight of the whole step."""
    return (losses * weights).sum() / total
