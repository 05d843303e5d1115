"""What a student learns from, by its form: its rows as tokens, their batches and their losses.

Knows nothing about trainers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from collections.abc import Sequence as Many
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from w2s.errors import UsageError
from w2s.models.hf.multiple_choice import encoder_context, refuse_causal_options
from w2s.models.reference import quote
from w2s.train.language.batches import Collator, PairCollator
from w2s.train.language.losses import letter_losses, option_losses, reply_losses
from w2s.train.language.pairs import Compared, compared_of
from w2s.train.language.sequences import Sequence, sequences_of
from w2s.train.language.settings import LanguageSettings
from w2s.train.language.student import Student
from w2s.train.rows import Rows

Item = Sequence | Compared
Collate = Callable[[Many[Any]], dict[str, Any]]
Losses = Callable[[Tensor, Mapping[str, Tensor], float], Tensor]
"""Logits, labels as the batch has them, and the share of the steps that are done → (n,)."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """Items to learn, of which several may belong to one row; how they are put together; their losses."""

    items: Many[Item]
    collate: Collate
    losses: Losses

    @property
    def digest(self) -> str:
        """A hash of everything that a training reads of its rows."""
        found = hashlib.blake2b(digest_size=16)
        for one in self.items:
            found.update(repr(one).encode())
        return found.hexdigest()


def lesson_of(student: Student, rows: Rows, settings: LanguageSettings) -> Lesson:
    """The lesson of a student.

    Raises:
        DataError: bad rows.
        UsageError: rows or settings that a student of its form does not learn from.
    """
    return _comparing(student, rows, settings) if student.compares else _replying(student, rows, settings)


def _replying(student: Student, rows: Rows, settings: LanguageSettings) -> Lesson:
    name = settings.loss
    items = sequences_of(rows, student.wording, student.asked, settings)
    collate = Collator(student.padding)
    if name == "cross_entropy":
        return Lesson(items, collate, lambda logits, labels, _: reply_losses(logits, labels["tokens"]))
    return Lesson(items, collate, lambda logits, labels, done: letter_losses(logits, labels, name, done))


def _comparing(student: Student, rows: Rows, settings: LanguageSettings) -> Lesson:
    name, reference = settings.loss, str(student.reference)
    refuse_causal_options(reference, student.asked)
    if settings.objective == "grpo":
        raise UsageError(
            "train-encoder-grpo",
            f"{quote(reference)} is an encoder and cannot write replies; leave objective=grpo out",
        )
    items = compared_of(rows, student.tokenizer, reference, encoder_context(student.network), settings)
    typed = "token_type_ids" in student.tokenizer.model_input_names
    return Lesson(
        items,
        PairCollator(student.padding, typed),
        lambda logits, labels, done: option_losses(logits, labels, name, done),
    )
