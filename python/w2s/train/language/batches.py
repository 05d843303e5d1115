"""What is learned → the tensors of one pass.

Knows nothing about networks or losses.
"""

from __future__ import annotations

from collections.abc import Sequence as Many
from typing import Any

import torch

from w2s.train.language.losses import IGNORED
from w2s.train.language.pairs import Compared
from w2s.train.language.sequences import Sequence


class Collator:
    """Pads sequences on the right.

    Args:
        padding: the token that stands where none is; it is masked.
    """

    def __init__(self, padding: int) -> None:
        self._padding = padding

    def __call__(self, sequences: Many[Sequence]) -> dict[str, Any]:
        """``input_ids`` and ``attention_mask`` for the network, ``labels`` for the loss."""
        width = max(len(one.ids) for one in sequences)
        ids = [one.ids + [self._padding] * (width - len(one.ids)) for one in sequences]
        mask = [[1] * len(one.ids) + [0] * (width - len(one.ids)) for one in sequences]
        tokens = [
            [IGNORED] * one.asked + one.ids[one.asked :] + [IGNORED] * (width - len(one.ids))
            for one in sequences
        ]
        most = max(len(one.options) for one in sequences)
        blank = [(most - len(one.options)) for one in sequences]
        labels = {
            "tokens": torch.tensor(tokens),
            "weights": torch.tensor([one.weight for one in sequences]),
            "last": torch.tensor([one.asked - 1 for one in sequences]),
            "options": torch.tensor(
                [[*one.options, *[0] * more] for one, more in zip(sequences, blank, strict=True)],
                dtype=torch.long,
            ),
            "there": torch.tensor(
                [
                    [True] * len(one.options) + [False] * more
                    for one, more in zip(sequences, blank, strict=True)
                ],
                dtype=torch.bool,
            ),
            "probs": torch.tensor(
                [[*one.probs, *[0.0] * more] for one, more in zip(sequences, blank, strict=True)]
            ),
        }
        return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask), "labels": labels}


class PairCollator:
    """Pads pairs on the right, and questions with fewer options than others by options that are not there.

    Such an option is one token that is read and whose logit counts for nothing: attention over no token at
    all would be no number.

    Args:
        padding: the token that stands where none is.
        typed: whether the network reads which tokens are of the option.
    """

    def __init__(self, padding: int, typed: bool) -> None:
        self._padding, self._typed = padding, typed

    def __call__(self, questions: Many[Compared]) -> dict[str, Any]:
        """``input_ids``, ``attention_mask``, (n, k, width), for the network, ``labels`` for the loss."""
        most = max(len(one.tokens) for one in questions)
        width = max(len(row) for one in questions for row in one.tokens)
        given = {
            "input_ids": [_block(one.tokens, most, width, self._padding) for one in questions],
            "attention_mask": [
                _block([[1] * len(row) for row in one.tokens], most, width, 0, absent=1) for one in questions
            ],
        }
        if self._typed:
            given["token_type_ids"] = [_block(one.types, most, width, 0) for one in questions]
        labels = {
            "weights": torch.tensor([one.weight for one in questions]),
            "there": torch.tensor([[place < len(one.tokens) for place in range(most)] for one in questions]),
            "probs": torch.tensor([[*one.probs, *[0.0] * (most - len(one.probs))] for one in questions]),
        }
        return {**{name: torch.tensor(value) for name, value in given.items()}, "labels": labels}


def _block(
    rows: Many[list[int]], most: int, width: int, filling: int, absent: int | None = None
) -> list[list[int]]:
    """As many rows as asked for, all of one width; those that are not there begin with ``absent``."""
    first = filling if absent is None else absent
    there = [row + [filling] * (width - len(row)) for row in rows]
    return there + [[first] + [filling] * (width - 1)] * (most - len(rows))
