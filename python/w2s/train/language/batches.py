"""Sequences → the tensors of one pass.

Knows nothing about networks or losses.
"""

from __future__ import annotations

from collections.abc import Sequence as Many
from typing import Any

import torch

from w2s.train.language.losses import IGNORED
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
