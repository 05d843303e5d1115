"""Fitting the network: AdamW on a class-reweighted loss, the best epoch by AUC on rows held back.

Knows nothing about evidence or calibration.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

from w2s.metrics import auc
from w2s.trust.calibrators import Doubles
from w2s.trust.features import Matrix
from w2s.trust.function import Flags
from w2s.trust.neural.network import Network
from w2s.trust.neural.options import NeuralOptions

Trained = tuple[dict[str, np.ndarray], Doubles]


@contextmanager
def reproducible(seed: int, threads: int) -> Iterator[None]:
    """Torch on the CPU, seeded, on so many threads; what it was before comes back afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(before)


def train(x: Matrix, y: Flags, held: Flags, options: NeuralOptions, seed: int) -> Trained:
    """Weights of the best epoch, and the logits that they give the rows held back.

    Args:
        x: n × d features.
        y: n flags: the label is right. Both kinds are among the rows held back, and among the others.
        held: n flags: held back.
        options: of the network and of its training.
        seed: of the weights, the batches and what is dropped.
    """
    with reproducible(seed, options.threads):
        network = Network(
            x.shape[1],
            width=options.width,
            inner=options.expansion * options.width,
            blocks=options.blocks,
            dropout=options.dropout,
            input_dropout=options.input_dropout,
            drop_path=options.drop_path,
        )
        return _best_epoch(network, x, y, held, options)


def _best_epoch(network: Network, x: Matrix, y: Flags, held: Flags, options: NeuralOptions) -> Trained:
    features, target = torch.from_numpy(x[~held]), torch.from_numpy(y[~held].astype(np.float32))
    apart, answers = torch.from_numpy(x[held]), y[held]
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay, fused=True
    )
    loss = nn.BCEWithLogitsLoss(pos_weight=(1 - target).sum() / target.sum())
    best, found, since = -1.0, None, 0
    for _ in range(_epochs(len(target), options)):
        _epoch(network, features, target, optimizer, loss, options.batch)
        scores = _evaluate(network, apart)
        reached = auc(scores, answers)
        since += 1
        if reached > best:
            best, found, since = reached, (_weights(network), scores), 0
        if since >= options.patience:
            break
    assert found is not None
    return found


def _epochs(rows: int, options: NeuralOptions) -> int:
    """As many as are asked for, or as give the least number of steps."""
    steps = -(-rows // options.batch)
    return max(options.epochs, -(-options.least_steps // steps))


def _epoch(
    network: Network,
    features: torch.Tensor,
    target: torch.Tensor,
    optimizer: torch.optim.Optimizer,
    loss: nn.Module,
    batch: int,
) -> None:
    network.train()
    for rows in torch.split(torch.randperm(len(features)), batch):
        optimizer.zero_grad(set_to_none=True)
        loss(network(features[rows]), target[rows]).backward()
        optimizer.step()


def _evaluate(network: Network, features: torch.Tensor) -> Doubles:
    network.eval()
    with torch.inference_mode():
        scores: Doubles = network(features).double().numpy()
        return scores


def _weights(network: Network) -> dict[str, np.ndarray]:
    return {name: value.detach().numpy().copy() for name, value in network.state_dict().items()}
