"""Recipes of one number for each label that gold turns into a probability.

Knows nothing about how the number comes about. Labels without it have the share of right ones among the gold
that lacked it too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from w2s.config import Config
from w2s.errors import DataError
from w2s.evidence import Labels
from w2s.trust import reading
from w2s.trust.calibrators import Doubles, Steps, isotonic, temperature, tempered
from w2s.trust.function import Flags, Scores, State
from w2s.trust.signals import NoOptions


class Curve(Protocol):
    """How numbers become probabilities."""

    def fit(self, x: Doubles, right: Flags) -> dict[str, npt.NDArray[Any]]:
        """Learned from at least one number."""
        ...

    def __call__(self, x: Doubles, learned: Mapping[str, npt.NDArray[Any]]) -> Scores:
        """n probabilities."""
        ...


class Rising:
    """Any rising curve: :func:`w2s.trust.calibrators.isotonic`."""

    def fit(self, x: Doubles, right: Flags) -> dict[str, npt.NDArray[Any]]:
        """Its corners."""
        return isotonic(x, right)._asdict()

    def __call__(self, x: Doubles, learned: Mapping[str, npt.NDArray[Any]]) -> Scores:
        """Straight between the corners."""
        return Steps(learned["x"], learned["y"])(x)


class Tempered:
    """One temperature for log-probabilities: :func:`w2s.trust.calibrators.temperature`."""

    def fit(self, x: Doubles, right: Flags) -> dict[str, npt.NDArray[Any]]:
        """The temperature."""
        return {"temperature": np.array([temperature(x, right)])}

    def __call__(self, x: Doubles, learned: Mapping[str, npt.NDArray[Any]]) -> Scores:
        """The probability at that temperature."""
        return tempered(x, float(learned["temperature"][0]))


@dataclass(frozen=True)
class Calibrated:
    """A recipe: ``value`` gives n numbers, NaN where unknown, and ``curve`` makes probabilities of them."""

    name: str
    about: str
    evidence: frozenset[str]
    value: Callable[[Labels, Any], Doubles]
    curve: Curve
    options: type[Config] = NoOptions

    def needs(self, options: Config) -> frozenset[str]:
        """Always the same."""
        return self.evidence

    def fit(self, labels: Labels, correct: Flags, seed: int, options: Config) -> State:
        """The curve, and the share of right ones where there is no number."""
        x = self.value(labels, options)
        known = ~np.isnan(x)
        if not known.any():
            raise DataError(
                "trust-gold-without-evidence",
                f"{self.name}: {', '.join(sorted(self.evidence))} is null in every gold row",
            )
        base = float(correct.mean())
        without = (float(correct[~known].sum()) + base) / (float((~known).sum()) + 1)
        return State(arrays={"without": np.array([without]), **self.curve.fit(x[known], correct[known])})

    def score(self, labels: Labels, state: State, options: Config) -> Scores:
        """n probabilities."""
        x = self.value(labels, options)
        known = ~np.isnan(x)
        scores = np.full(len(x), float(state.arrays["without"][0]))
        scores[known] = self.curve(x[known], state.arrays)
        return scores


def _log_prob(labels: Labels, options: Config) -> Doubles:
    return reading.numbers(labels, "log_prob")


TEMPERATURE = Calibrated(
    "temperature", "confidence at one fitted temperature", frozenset({"log_prob"}), _log_prob, Tempered()
)
ISOTONIC = Calibrated(
    "isotonic", "confidence through a fitted rising curve", frozenset({"log_prob"}), _log_prob, Rising()
)
