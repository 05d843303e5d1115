"""Options of the neural trust function.

Knows nothing about torch.
"""

from __future__ import annotations

from pydantic import Field

from w2s.trust.probe import Reading


class NeuralOptions(Reading):
    """What is read, the network, its training.

    ``fits`` networks are averaged, each with another part of gold held back: ``held_back`` of its rows, by
    which the best of ``epochs`` epochs is chosen. Where gold is small there are more of them, so that at
    least ``least_steps`` batches are seen; ``patience`` epochs without a better one end it.
    A block is ``expansion`` times as wide inside as ``width``. With another number of ``threads`` sums are
    rounded otherwise: scores differ by less than 0.02.
    """

    width: int = Field(128, ge=1)
    blocks: int = Field(2, ge=1, le=64)
    expansion: int = Field(1, ge=1)
    dropout: float = Field(0.3, ge=0, lt=1)
    input_dropout: float = Field(0.0, ge=0, lt=1)
    drop_path: float = Field(0.1, ge=0, lt=1)
    learning_rate: float = Field(5e-4, gt=0)
    weight_decay: float = Field(0.1, ge=0)
    batch: int = Field(128, ge=1)
    epochs: int = Field(10, ge=1)
    least_steps: int = Field(300, ge=0)
    patience: int = Field(10, ge=1)
    held_back: float = Field(0.15, gt=0, le=0.5)
    fits: int = Field(3, ge=1)
    threads: int = Field(1, ge=1)
