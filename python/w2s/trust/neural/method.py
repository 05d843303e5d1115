"""The neural trust function: an average of several networks, calibrated.

torch is imported when a fit begins, with :mod:`w2s.trust.neural.network`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from w2s.errors import DataError, MissingExtraError
from w2s.kernels.arrays import Flags
from w2s.kernels.columns import Doubles
from w2s.trust.calibration import Platt
from w2s.trust.features import FeatureMatrix
from w2s.trust.function import Arrays
from w2s.trust.neural.forward import NeuralOptions, network_logits
from w2s.trust.probe import GoldSample, Probe


class NetworkEnsemble:
    """The classifier: networks trained on parts of gold, and Platt scaling on their held-out rows."""

    def fit(self, sample: GoldSample, options: NeuralOptions) -> dict[str, npt.NDArray[Any]]:
        """Fit the weights of each network, as ``fit.K.…``, and the Platt scaling."""
        train_network = _import_training()
        held_out = _held_out_rows(sample, options)
        networks = [
            train_network(sample.x, sample.y, rows, options, _derived_seed(sample.seed, number))
            for number, rows in enumerate(held_out)
        ]
        logits = np.concatenate([network.held_out_logits for network in networks])
        line = Platt.fit(logits, np.concatenate([sample.y[rows] for rows in held_out]))
        weights = {
            f"fit.{number}.{name}": value
            for number, network in enumerate(networks)
            for name, value in network.weights.items()
        }
        return {**weights, "platt": np.array(line, np.float64)}

    def score(self, x: FeatureMatrix, learned: Arrays, options: NeuralOptions) -> Doubles:
        """Return the calibrated mean of the logits."""
        return Platt(*learned["platt"].tolist())(_mean_logits(x, learned, options))


def _mean_logits(x: FeatureMatrix, learned: Arrays, options: NeuralOptions) -> Doubles:
    total = np.zeros(len(x))
    for number in range(options.fits):
        prefix = f"fit.{number}."
        weights = {
            name.removeprefix(prefix): value for name, value in learned.items() if name.startswith(prefix)
        }
        total += network_logits(x, weights, options.blocks)
    return total / options.fits


def _held_out_rows(sample: GoldSample, options: NeuralOptions) -> list[Flags]:
    """Which rows each network holds out; with few rows of one class, larger parts."""
    fewest = int(min(sample.y.sum(), (~sample.y).sum()))
    if fewest < 2:
        raise DataError(
            "trust-gold-too-small",
            "neural holds out gold to choose the best epoch: give at least two right and two wrong rows",
        )
    parts = min(max(2, round(1 / options.held_back)), fewest)
    held_out = []
    for number in range(options.fits):
        repetition, part = divmod(number, parts)
        seed = _derived_seed(sample.seed, -1 - repetition)
        fold_of_row = GoldSample(sample.x, sample.y, sample.labels, seed).folds(parts)
        held_out.append(_require_both_classes(fold_of_row == part, sample))
    return held_out


def _require_both_classes(rows: Flags, sample: GoldSample) -> Flags:
    right = sample.y[rows]
    if right.all() or not right.any():
        raise DataError(
            "trust-gold-too-small",
            "the groups of gold that neural holds out to choose the best epoch are all right or all wrong: "
            "give more gold",
        )
    return rows


def _derived_seed(seed: int, number: int) -> int:
    """Another seed for each part of a fit; 63 bits."""
    return int(np.random.SeedSequence([seed, number % 2**32]).generate_state(1, np.uint64)[0] >> np.uint64(1))


def _import_training() -> Any:
    try:
        from w2s.trust.neural.network import train_network
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "torch":
            raise
        raise MissingExtraError("fitting the neural trust function", "models") from None
    return train_network


NEURAL = Probe("neural", "residual SwiGLU network on the evidence", NeuralOptions, NetworkEnsemble())
