"""What a trust function is: fitted on gold labels, it gives every label a score.

Knows nothing about how any of them works: a :class:`Recipe` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from w2s.config import Config
from w2s.errors import DataError, UsageError, W2sError
from w2s.evidence import Labels
from w2s.trust.requirements import refuse_missing

Scores = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class TrustFunction(Protocol):
    """Label and evidence → trust in [0, 1]; higher is more likely right.

    ``needs`` names the evidence without which it neither fits nor scores.
    """

    @property
    def name(self) -> str:
        """What it is called in the registry."""
        ...

    @property
    def needs(self) -> frozenset[str]:
        """Names of evidence, as :mod:`w2s.trust.requirements` has them."""
        ...

    def fit(self, labels: Labels, correct: Flags | None = None, seed: int = 0) -> TrustFunction:
        """The same function, fitted; this one stays as it was."""
        ...

    def score(self, labels: Labels) -> Scores:
        """n scores in [0, 1], in the order of the labels."""
        ...


@dataclass(frozen=True)
class State:
    """What fitting found: facts that JSON can hold, and arrays."""

    facts: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)


class Recipe(Protocol):
    """How one kind of trust function is fitted and scores. It holds nothing itself.

    ``options`` is the class of its options; ``about`` a line for people.
    """

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def about(self) -> str:
        """One line."""
        ...

    @property
    def options(self) -> type[Config]:
        """Its options and their defaults."""
        ...

    def needs(self, options: Any) -> frozenset[str]:
        """The evidence that it reads under these options."""
        ...

    def fit(self, labels: Labels, correct: Flags, seed: int, options: Any) -> State:
        """What is learned from labels in the order of their ids, right and wrong ones among them."""
        ...

    def score(self, labels: Labels, state: State, options: Any) -> Scores:
        """n scores in [0, 1]."""
        ...


@dataclass(frozen=True, eq=False)
class Function:
    """A recipe with its options and, once fitted, what it learned. It checks what no recipe has to.

    ``source`` is the name by which the registry finds it again.
    """

    recipe: Recipe
    options: Config
    state: State | None = None
    source: str = ""

    @property
    def name(self) -> str:
        """What it is called in the registry."""
        return self.recipe.name

    @property
    def needs(self) -> frozenset[str]:
        """The evidence that it reads."""
        return self.recipe.needs(self.options)

    def fit(self, labels: Labels, correct: Flags | None = None, seed: int = 0) -> Function:
        """The same function, fitted; the order of the rows changes nothing.

        Args:
            labels: gold labels.
            correct: n flags; the column ``correct`` where None.
            seed: of everything that is drawn.

        Raises:
            DataError: evidence that is missing, or gold of one class.
        """
        refuse_missing(self.name, self.needs, labels)
        right = labels.correct if correct is None else np.asarray(correct, bool)
        check_gold(right, len(labels))
        order = np.array(sorted(range(len(labels)), key=labels.ids.__getitem__), np.int64)
        return replace(self, state=self.recipe.fit(labels.take(order), right[order], seed, self.options))

    def score(self, labels: Labels) -> Scores:
        """n scores in [0, 1], in the order of the labels.

        Raises:
            UsageError: it was not fitted.
            DataError: evidence that is missing.
        """
        if self.state is None:
            raise UsageError("trust-not-fitted", f"{self.name} is not fitted: call fit(labels) first")
        if not len(labels):
            return np.zeros(0)
        refuse_missing(self.name, self.needs, labels)
        scores = np.asarray(self.recipe.score(labels, self.state, self.options), np.float64)
        if scores.shape != (len(labels),) or np.isnan(scores).any():
            raise W2sError(
                "trust-bad-scores", f"{self.name} did not return one number for each of {len(labels)} labels"
            )
        return np.clip(scores, 0.0, 1.0)


def check_gold(correct: Flags, rows: int) -> None:
    """Refuse gold that nothing can be learned from."""
    if len(correct) != rows:
        raise DataError("trust-length-mismatch", f"correct has {len(correct)} values for {rows} labels")
    if not rows:
        raise DataError(
            "trust-no-gold", "no gold rows to fit on: give labels that are known to be right or wrong"
        )
    if correct.all() or not correct.any():
        which = "right" if correct.all() else "wrong"
        raise DataError(
            "trust-gold-one-class",
            f"all {rows} gold rows are {which}: fitting trust needs right and wrong rows",
        )
