"""Hyperparameters of the neural trust function, as its options."""

from __future__ import annotations

from pydantic import Field

from w2s.trust.feature_spec import FeatureOptions


class NeuralOptions(FeatureOptions):
    """Options of ``neural``.

    Attributes:
        reads: names of evidence.
        width: width of the hidden state.
        blocks: number of residual blocks.
        expansion: width inside a block, as a multiple of ``width``.
        dropout: dropout inside the blocks.
        input_dropout: dropout of the features.
        drop_path: stochastic depth: the probability with which the last block is skipped.
        learning_rate: learning rate of AdamW.
        weight_decay: weight decay of AdamW.
        batch: rows per step.
        epochs: number of epochs; the best one is kept.
        least_steps: minimum number of steps; small gold gets more epochs.
        patience: epochs without a better one after which training stops.
        held_back: share of gold that each network holds out to choose its epoch.
        fits: number of networks that are averaged, each with another part of gold held out.
        threads: threads of torch. Another number rounds sums differently: scores differ by less than 0.02.
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
