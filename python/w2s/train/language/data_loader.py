"""The batches of a language model's training: the order of rows, and tokenised rows as padded tensors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import Sampler

from w2s.train.language.tokenization import ChoiceTokens, TokenSequence

IGNORED = -100
"""The label of a token that is not learned."""


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


# Order of rows --------------------------------------------------------------------------------------------


class PaddedSampler(Sampler[int]):
    """Every row once, in an order by seed and epoch, then the row ``count``, until all passes are complete.

    Launchers would fill the last pass with rows from the start of the epoch, which would then count twice.

    Args:
        count: number of rows; the row behind them has weight 0.
        pass_size: rows of one pass of all processes.
        seed: random seed of the order.
    """

    def __init__(self, count: int, pass_size: int, seed: int) -> None:
        self._count, self._pass_size, self._seed, self._epoch = count, pass_size, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Called before every epoch, also after a kill."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[int]:
        """Row numbers."""
        order = np.random.default_rng([self._seed, 1, self._epoch]).permutation(self._count)
        yield from order.tolist()
        yield from [self._count] * (len(self) - self._count)

    def __len__(self) -> int:
        """Number of rows of an epoch, with padding."""
        return -(-self._count // self._pass_size) * self._pass_size
