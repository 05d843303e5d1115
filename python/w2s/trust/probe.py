"""Recipes that learn from a matrix of features: what they read is an option, how they learn is a method.

Knows nothing about any method.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from pydantic import field_validator

from w2s.config import Config
from w2s.evidence import Labels
from w2s.trust.features import Matrix, fit_scaling, layout_of, matrix
from w2s.trust.folds import assign
from w2s.trust.function import Flags, Scores, State
from w2s.trust.reads import parse_reads


class Reading(Config):
    """Options of whatever reads features.

    ``reads``: names of evidence, ``hidden,afterstate``; log_prob, margin, entropy and n_options are always
    read where they are.
    """

    reads: tuple[str, ...] = ("hidden",)

    @field_validator("reads", mode="before")
    @classmethod
    def _parse(cls, value: object) -> tuple[str, ...]:
        return parse_reads(value)


@dataclass(frozen=True, eq=False)
class Sample:
    """Gold as a method sees it: n × d features, n flags, and how to split it in folds that keep groups."""

    x: Matrix
    y: Flags
    labels: Labels
    seed: int

    def folds(self, count: int) -> npt.NDArray[np.int64]:
        """The fold of each row, from 0; no group is in two."""
        return assign(self.labels, self.y, count, self.seed)


class Method(Protocol):
    """How to learn: arrays from a sample, and scores from them. It may draw only by the sample's seed."""

    def fit(self, sample: Sample, options: Any) -> dict[str, npt.NDArray[Any]]:
        """What is learned."""
        ...

    def score(self, x: Matrix, learned: Mapping[str, npt.NDArray[Any]], options: Any) -> Scores:
        """n scores in [0, 1] from n × d features."""
        ...


@dataclass(frozen=True)
class Probe:
    """A recipe: features, then a method."""

    name: str
    about: str
    options: type[Reading]
    method: Method

    def needs(self, options: Reading) -> frozenset[str]:
        """What it reads, and always the log-probability."""
        return frozenset({"log_prob", *options.reads})

    def fit(self, labels: Labels, correct: Flags, seed: int, options: Reading) -> State:
        """The layout of the features, their scaling, and what the method learned."""
        layout = layout_of(labels, options.reads)
        scaling = fit_scaling(labels, layout)
        sample = Sample(matrix(labels, layout, scaling), correct, labels, seed)
        learned = self.method.fit(sample, options)
        return State({"layout": layout}, {**scaling, **learned})

    def score(self, labels: Labels, state: State, options: Reading) -> Scores:
        """n scores."""
        x = matrix(labels, state.facts["layout"], state.arrays)
        return self.method.score(x, state.arrays, options)
