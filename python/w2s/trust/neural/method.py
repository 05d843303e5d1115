"""Several networks, averaged, as one calibrated trust function.

Knows nothing about torch: :mod:`w2s.trust.neural.training` is imported where a fit begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from w2s.errors import DataError, MissingExtraError
from w2s.trust.calibrators import Doubles, Line, platt
from w2s.trust.features import Matrix
from w2s.trust.function import Scores
from w2s.trust.neural.forward import logits
from w2s.trust.neural.options import NeuralOptions
from w2s.trust.probe import Probe, Sample


class Networks:
    """The method: each network learns from its part of gold, Platt's line from the rows held back."""

    def fit(self, sample: Sample, options: NeuralOptions) -> dict[str, npt.NDArray[Any]]:
        """Weights of each network by ``fit.K.…``, and Platt's line."""
        train = _trainer()
        held = _held_back(sample, options)
        found = [
            train(sample.x, sample.y, rows, options, _seed(sample.seed, number))
            for number, rows in enumerate(held)
        ]
        apart = np.concatenate([scores for _, scores in found])
        line = platt(apart, np.concatenate([sample.y[rows] for rows in held]))
        weights = {
            f"fit.{number}.{name}": value
            for number, (named, _) in enumerate(found)
            for name, value in named.items()
        }
        return {**weights, "platt": np.array(line, np.float64)}

    def score(self, x: Matrix, learned: Mapping[str, npt.NDArray[Any]], options: NeuralOptions) -> Scores:
        """Platt's line over the mean of the logits."""
        slope, offset = learned["platt"].tolist()
        return Line(slope, offset)(_mean_logits(x, learned, options))


def _mean_logits(x: Matrix, learned: Mapping[str, npt.NDArray[Any]], options: NeuralOptions) -> Doubles:
    total = np.zeros(len(x))
    for number in range(options.fits):
        prefix = f"fit.{number}."
        weights = {
            name.removeprefix(prefix): value for name, value in learned.items() if name.startswith(prefix)
        }
        total += logits(x, weights, options.blocks)
    return total / options.fits


def _held_back(sample: Sample, options: NeuralOptions) -> list[npt.NDArray[np.bool_]]:
    """Which rows each network holds back; with few rows of one kind, larger parts."""
    fewest = int(min(sample.y.sum(), (~sample.y).sum()))
    if fewest < 2:
        raise DataError(
            "trust-gold-too-small",
            "neural holds out gold to choose the best epoch: give at least two right and two wrong rows",
        )
    parts = min(max(2, round(1 / options.held_back)), fewest)
    held = []
    for number in range(options.fits):
        again, part = divmod(number, parts)
        places = Sample(sample.x, sample.y, sample.labels, _seed(sample.seed, -1 - again)).folds(parts)
        held.append(_of_both_kinds(places == part, sample))
    return held


def _of_both_kinds(rows: npt.NDArray[np.bool_], sample: Sample) -> npt.NDArray[np.bool_]:
    right = sample.y[rows]
    if right.all() or not right.any():
        raise DataError(
            "trust-gold-too-small",
            "the groups of gold that neural holds out to choose the best epoch are all right or all wrong: "
            "give more gold",
        )
    return rows


def _seed(seed: int, number: int) -> int:
    """Another seed for each part of a fit; 63 bits."""
    return int(np.random.SeedSequence([seed, number % 2**32]).generate_state(1, np.uint64)[0] >> np.uint64(1))


def _trainer() -> Any:
    try:
        from w2s.trust.neural.training import train
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "torch":
            raise
        raise MissingExtraError("fitting the neural trust function", "models") from None
    return train


NEURAL = Probe("neural", "residual SwiGLU network on the evidence", NeuralOptions, Networks())
