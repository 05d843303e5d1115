"""The network in torch and its training: AdamW on a class-balanced loss, best epoch by AUC on held-out rows.

:mod:`w2s.trust.neural.forward` computes the same network in numpy.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from w2s.kernels.arrays import Flags
from w2s.kernels.columns import Doubles
from w2s.metrics import auc
from w2s.trust.features import FeatureMatrix
from w2s.trust.neural.forward import EPSILON, NeuralOptions


class TrustNetwork(nn.Module):
    """n × d features → n logits: entry, residual blocks, RMSNorm, exit.

    Source: Uzunoglu, Zhang and Khashabi, arXiv 2606.01000; RMSNorm: Zhang and Sennrich, 2019; SwiGLU:
    Shazeer, 2020; stochastic depth: Huang et al., 2016.
    """

    def __init__(
        self,
        features: int,
        *,
        width: int,
        inner: int,
        blocks: int,
        dropout: float,
        input_dropout: float,
        drop_path: float,
    ) -> None:
        """Create the layers.

        Args:
            features: d.
            width: width of the hidden state.
            inner: width inside a block.
            blocks: number of blocks.
            dropout: dropout inside the blocks.
            input_dropout: dropout of the features.
            drop_path: probability with which the last block is skipped; earlier blocks proportionally less.
        """
        super().__init__()
        self.thin = nn.Dropout(input_dropout)
        self.entry = nn.Linear(features, width)
        rates = [drop_path * (block + 1) / blocks for block in range(blocks)]
        self.blocks = nn.ModuleList(SwigluBlock(width, inner, dropout, rate) for rate in rates)
        self.norm = RmsNorm(width)
        self.exit = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return n logits."""
        h = self.entry(self.thin(x))
        for block in self.blocks:
            h = block(h)
        logits: Tensor = self.exit(self.norm(h))[:, 0]
        return logits


class SwigluBlock(nn.Module):
    """h + SwiGLU(RMSNorm(h)); in training a row skips it with the probability ``drop_path``."""

    def __init__(self, width: int, inner: int, dropout: float, drop_path: float) -> None:
        super().__init__()
        self.norm = RmsNorm(width)
        self.gate = nn.Linear(width, inner)
        self.up = nn.Linear(width, inner)
        self.down = nn.Linear(inner, width)
        self.dropout = nn.Dropout(dropout)
        self.drop_path = drop_path

    def forward(self, h: Tensor) -> Tensor:
        """Return n × width, like the input."""
        x = self.norm(h)
        change = self.down(self.dropout(nn.functional.silu(self.gate(x)) * self.up(x)))
        if self.training and self.drop_path:
            kept = torch.rand(len(h), 1) >= self.drop_path
            change = change * kept / (1 - self.drop_path)
        total: Tensor = h + change
        return total


class RmsNorm(nn.Module):
    """x · gain / root mean square of x, for each row."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """Return n × width, like the input."""
        normed: Tensor = x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + EPSILON) * self.gain
        return normed


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """The best epoch of a network.

    Attributes:
        weights: arrays by the names that torch gives them.
        held_out_logits: the logits of the held-out rows, float64.
    """

    weights: dict[str, np.ndarray]
    held_out_logits: Doubles


@contextmanager
def reproducible(seed: int, threads: int) -> Iterator[None]:
    """Seed torch on the CPU and set its number of threads; restore both at the end."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(before)


def train_network(
    x: FeatureMatrix, y: Flags, held_out: Flags, options: NeuralOptions, seed: int
) -> TrainedNetwork:
    """Train a network and keep its best epoch.

    Args:
        x: n × d features.
        y: n flags: the label is right. Both classes are among the held-out rows and among the others.
        held_out: n flags: the row is held out to choose the epoch.
        options: options of the network and of its training.
        seed: random seed of weights, batches and dropout.
    """
    with reproducible(seed, options.threads):
        network = TrustNetwork(
            x.shape[1],
            width=options.width,
            inner=options.expansion * options.width,
            blocks=options.blocks,
            dropout=options.dropout,
            input_dropout=options.input_dropout,
            drop_path=options.drop_path,
        )
        return _best_epoch(network, x, y, held_out, options)


def _best_epoch(
    network: TrustNetwork, x: FeatureMatrix, y: Flags, held_out: Flags, options: NeuralOptions
) -> TrainedNetwork:
    features, target = torch.from_numpy(x[~held_out]), torch.from_numpy(y[~held_out].astype(np.float32))
    held_out_features, held_out_target = torch.from_numpy(x[held_out]), y[held_out]
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay, fused=True
    )
    loss = nn.BCEWithLogitsLoss(pos_weight=(1 - target).sum() / target.sum())
    best_auc, best, since = -1.0, None, 0
    for _ in range(_epochs(len(target), options)):
        _run_epoch(network, features, target, optimizer, loss, options.batch)
        scores = _evaluate(network, held_out_features)
        found = auc(scores, held_out_target)
        since += 1
        if found > best_auc:
            best_auc, best, since = found, TrainedNetwork(_weights(network), scores), 0
        if since >= options.patience:
            break
    assert best is not None
    return best


def _epochs(rows: int, options: NeuralOptions) -> int:
    """The requested number of epochs, or more to reach the minimum number of steps."""
    steps = -(-rows // options.batch)
    return max(options.epochs, -(-options.least_steps // steps))


def _run_epoch(
    network: TrustNetwork,
    features: Tensor,
    target: Tensor,
    optimizer: torch.optim.Optimizer,
    loss: nn.Module,
    batch: int,
) -> None:
    network.train()
    for rows in torch.split(torch.randperm(len(features)), batch):
        optimizer.zero_grad(set_to_none=True)
        loss(network(features[rows]), target[rows]).backward()
        optimizer.step()


def _evaluate(network: TrustNetwork, features: Tensor) -> Doubles:
    network.eval()
    with torch.inference_mode():
        scores: Doubles = network(features).double().numpy()
        return scores


def _weights(network: TrustNetwork) -> dict[str, np.ndarray]:
    return {name: value.detach().numpy().copy() for name, value in network.state_dict().items()}
