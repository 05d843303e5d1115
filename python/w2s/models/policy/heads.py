"""Policy heads: features of the board → one logit for every entry of the policy.

Knows nothing about the tower below. Which move an entry means: ``rust/w2s-games/src/chess/planes.rs``.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

_FILES, _PIECES = 8, 3


class FromTo(nn.Module):
    """Chess: a move is the attention that its from-square pays to its to-square.

    An under-promotion has the logit of its squares on top of one for the piece at the to-square.
    """

    squares: Tensor

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.shared = nn.Conv2d(channels, channels, 1)
        self.query = nn.Conv2d(channels, width, 1)
        self.key = nn.Conv2d(channels, width, 1)
        self.piece = nn.Conv2d(width, _PIECES, 1)
        self.scale = 1.0 / math.sqrt(width)
        self.register_buffer("squares", torch.tensor(_under_promotions()), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """(n, 64 * 64 + 72) from (n, channels, 8, 8)."""
        x = torch.relu(self.shared(features))
        query, key = self.query(x).flatten(2), self.key(x)  # (n, width, 64), (n, width, 8, 8)
        pairs = torch.bmm(query.transpose(1, 2), key.flatten(2)) * self.scale  # (n, from, to)
        pieces = self.piece(key).flatten(2)  # (n, piece, to)
        source, target = self.squares  # (24,) each: by file, then direction
        under = pairs[:, source, target].unsqueeze(1) + pieces[:, :, target]  # (n, piece, 24)
        return torch.cat([pairs.flatten(1), under.flatten(1)], 1)


def _under_promotions() -> list[list[int]]:
    """From- and to-squares of moves to the last rank, by file and direction; off the board: any square."""
    moves = [(file, file + step) for file in range(_FILES) for step in (-1, 0, 1)]
    return [[48 + source for source, _ in moves], [56 + min(max(target, 0), 7) for _, target in moves]]


class Plain(nn.Module):
    """A narrow convolution over places, then one linear layer to all entries.

    Outside of training that layer is computed in float64: the last bits of a product in float32 depend on a
    row's place in the batch, and an answer must not.
    """

    def __init__(self, channels: int, width: int, places: int, policy: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(channels, width, 1)
        self.linear = nn.Linear(width * places, policy)

    def forward(self, features: Tensor) -> Tensor:
        """(n, policy) from (n, channels, rows, columns)."""
        x = torch.relu(self.narrow(features)).flatten(1)
        if self.training:
            out: Tensor = self.linear(x)
            return out
        return functional.linear(x.double(), self.linear.weight.double(), self.linear.bias.double()).float()
