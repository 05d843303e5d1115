"""Training rows as a question beside each of its options, for an encoder that compares them.

Knows nothing about networks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from w2s.errors import DataError
from w2s.models.hf.multiple_choice import tokenize_pairs
from w2s.models.hf.tokenization import Tokens
from w2s.tasks.choice import ChoiceExample
from w2s.train.language.settings import LanguageSettings
from w2s.train.language.targets import letter_probs, weights_of
from w2s.train.rows import Rows


@dataclass(frozen=True, slots=True)
class Compared:
    """A question with its options.

    Attributes:
        row: which training row it is.
        tokens: of the question with each option.
        types: for each token, whether it is of the question, 0, or of the option, 1.
        weight: above 0.
        probs: what each option shall have.
    """

    row: int
    tokens: tuple[Tokens, ...]
    types: tuple[Tokens, ...]
    weight: float
    probs: tuple[float, ...]


def compared_of(
    rows: Rows, tokenizer: Any, reference: str, context: int | None, settings: LanguageSettings
) -> list[Compared]:
    """All rows that weigh anything, in their order.

    Args:
        rows: choices.
        tokenizer: of the encoder.
        reference: its name, for messages.
        context: the most tokens that it reads, None where there is no bound.
        settings: ``length``.

    Raises:
        DataError: no rows, lengths that differ, a target that is no distribution, or a row that is longer
            than ``length`` or the encoder reads.
        UsageError: a row is no choice.
    """
    found = []
    for row, weight in enumerate(weights_of(rows)):
        if weight > 0:
            example = rows.examples[row]
            pairs = tokenize_pairs(reference, tokenizer, example, context)
            longest = max(map(len, pairs.tokens))
            if longest > settings.length:
                raise DataError(
                    "train-row-too-long",
                    f"example {example.id!r} has {longest} tokens with an option, more than "
                    f"length={settings.length}; raise length, or remove the row",
                )
            assert isinstance(example, ChoiceExample)  # pairs_of refuses others
            probs = letter_probs(example, rows.targets[row])
            found.append(Compared(row, tuple(pairs.tokens), tuple(pairs.types), weight, probs))
    return found
