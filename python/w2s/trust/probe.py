"""Probes: trust methods that turn evidence into features and train a classifier on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy.typing as npt

from w2s.errors import DataError
from w2s.evidence import Labels
from w2s.kernels.arrays import Flags
from w2s.kernels.columns import Doubles, Positions
from w2s.trust.features import (
    COMMON_COLUMNS,
    FeatureLayout,
    FeatureMatrix,
    FeatureOptions,
    feature_layout,
    feature_matrix,
    fit_scaling,
)
from w2s.trust.folds import assign_folds
from w2s.trust.function import Arrays, FittedState


@dataclass(frozen=True, eq=False)
class GoldSample:
    """Gold as a classifier sees it.

    Attributes:
        x: n × d features.
        y: n flags: whether each label is right.
        labels: the n labels, for their groups.
        seed: random seed of everything that the classifier draws.
    """

    x: FeatureMatrix
    y: Flags
    labels: Labels
    seed: int

    def folds(self, count: int) -> Positions:
        """Assign each row to a fold, from 0; no group is in two folds."""
        return assign_folds(self.labels, self.y, count, self.seed)


class Classifier(Protocol):
    """Learns from features whether a label is right. It may draw only by the seed of the sample."""

    def fit(self, sample: GoldSample, options: Any) -> dict[str, npt.NDArray[Any]]:
        """Learn from a sample; returns arrays."""
        ...

    def score(self, x: FeatureMatrix, learned: Arrays, options: Any) -> Doubles:
        """Return n scores in [0, 1] for n × d features."""
        ...


@dataclass(frozen=True)
class Probe:
    """The trust method of a classifier over features.

    Attributes:
        name: the name in the registry.
        about: one line for people.
        options: the class of the options; it says which features are read.
        classifier: what learns from the features.
    """

    name: str
    about: str
    options: type[FeatureOptions]
    classifier: Classifier

    def needs(self, options: FeatureOptions) -> frozenset[str]:
        """Return what ``features`` names."""
        return frozenset(options.features)

    def fit(self, labels: Labels, correct: Flags, seed: int, options: FeatureOptions) -> FittedState:
        """Fit the layout of the features, their scaling and the classifier."""
        layout = feature_layout(labels, options.features)
        if not layout:
            raise DataError(
                "trust-no-features",
                f"{self.name} has nothing to read: these labels have none of {', '.join(COMMON_COLUMNS)}; "
                "name columns of numbers with `features`",
            )
        scaling = fit_scaling(labels, layout)
        sample = GoldSample(feature_matrix(labels, layout, scaling), correct, labels, seed)
        learned = self.classifier.fit(sample, options)
        return FittedState({"layout": layout.to_json()}, {**scaling, **learned})

    def score(self, labels: Labels, state: FittedState, options: FeatureOptions) -> Doubles:
        """Return n scores."""
        layout = FeatureLayout.from_json(state.facts["layout"])
        x = feature_matrix(labels, layout, state.arrays)
        return self.classifier.score(x, state.arrays, options)
