"""What a trust function is: fitted on gold labels, it gives every label a score.

:class:`TrustFunction` is what callers use. :class:`Function` is the implementation that all built-in
functions share: it checks labels and gold, and a :class:`TrustMethod` does the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from w2s.callables import user_code
from w2s.config import Config
from w2s.errors import DataError, UsageError, W2sError
from w2s.evidence import Labels
from w2s.kernels.arrays import Flags
from w2s.kernels.columns import Doubles
from w2s.trust.columns import require_evidence

Arrays = Mapping[str, npt.NDArray[Any]]
"""Fitted arrays, by name."""
_ROUNDING = 1e-6


class TrustFunction(Protocol):
    """Label and evidence → trust in [0, 1]; a higher score is more likely right."""

    @property
    def name(self) -> str:
        """The name in the registry."""
        ...

    @property
    def needs(self) -> frozenset[str]:
        """Names of the evidence without which it neither fits nor scores."""
        ...

    def fit(self, labels: Labels, correct: Flags | None = None, seed: int = 0) -> TrustFunction:
        """Return the same function, fitted; this one does not change."""
        ...

    def score(self, labels: Labels) -> Doubles:
        """Return n scores in [0, 1], in the order of the labels."""
        ...


@dataclass(frozen=True)
class FittedState:
    """What fitting learned: facts as JSON values, arrays, and gold labels if scoring needs them again.

    ``source`` is the folder that they were read from; empty if they were fitted in this process.
    """

    facts: Mapping[str, Any] = field(default_factory=dict)
    arrays: Arrays = field(default_factory=dict)
    labels: Labels | None = None
    source: str = ""


class NoOptions(Config):
    """The options of a method without options."""


class TrustMethod(Protocol):
    """How one kind of trust function is fitted and scores. It is stateless."""

    @property
    def name(self) -> str:
        """The name in the registry."""
        ...

    @property
    def about(self) -> str:
        """One line for people."""
        ...

    @property
    def options(self) -> type[Config]:
        """The class of its options, with their defaults."""
        ...

    def needs(self, options: Any) -> frozenset[str]:
        """Return the names of the evidence that it reads under these options."""
        ...

    def fit(self, labels: Labels, correct: Flags, seed: int, options: Any) -> FittedState:
        """Learn from labels in the order of their ids, of which some are right and some are wrong."""
        ...

    def score(self, labels: Labels, state: FittedState, options: Any) -> Doubles:
        """Return n scores in [0, 1]."""
        ...


@dataclass(frozen=True, eq=False)
class Function:
    """A trust method with its options and, once it is fitted, what it learned.

    Attributes:
        method: how it is fitted and scores.
        options: the options of the method.
        state: what fitting learned; None before.
        source: the name by which the registry finds it again.
    """

    method: TrustMethod
    options: Config
    state: FittedState | None = None
    source: str = ""

    def __repr__(self) -> str:
        """The name, what it reads, and whether it is fitted."""
        layout = {} if self.state is None else self.state.facts.get("layout", {})
        names = sorted({*self.needs, *(name for part in layout.values() for name in part)})
        reads = f", reads {', '.join(names)}" if names else ""
        return f"<trust function {self.name}, {'not ' if self.state is None else ''}fitted{reads}>"

    @property
    def name(self) -> str:
        """The name in the registry."""
        return self.method.name

    @property
    def needs(self) -> frozenset[str]:
        """Names of the evidence that it reads."""
        return self.method.needs(self.options)

    def fit(self, labels: Labels, correct: Flags | None = None, seed: int = 0) -> Function:
        """Return the same function, fitted; the order of the rows does not matter.

        Args:
            labels: n gold labels.
            correct: n flags: whether each label is right; None for the column ``correct``.
            seed: random seed of everything that is drawn.

        Raises:
            DataError: evidence is missing, or the gold has one class only.
        """
        require_evidence(self.name, self.needs, labels)
        right = labels.correct if correct is None else np.asarray(correct, bool)
        check_gold(right, len(labels))
        order = np.array(sorted(range(len(labels)), key=labels.ids.__getitem__), np.int64)
        with user_code(self.name) if self._is_of_user else nullcontext():
            state = self.method.fit(labels.take(order), right[order], seed, self.options)
        return replace(self, state=state)

    def score(self, labels: Labels) -> Doubles:
        """Return n scores in [0, 1], float64, in the order of the labels.

        Raises:
            UsageError: the function is not fitted.
            DataError: evidence is missing, or the files that it was read from lack what it learned.
        """
        if self.state is None:
            raise UsageError("trust-not-fitted", f"{self.name} is not fitted: call fit(labels) first")
        if not len(labels):
            return np.zeros(0)
        require_evidence(self.name, self.needs, labels)
        if not self._is_of_user:
            with _check_state(self.state):
                return np.clip(self.method.score(labels, self.state, self.options), 0.0, 1.0)
        with user_code(self.name):
            scores = self.method.score(labels, self.state, self.options)
        return checked_scores(scores, self.name, len(labels))

    @property
    def _is_of_user(self) -> bool:
        """Whether the method is not one of w2s."""
        return not type(self.method).__module__.startswith("w2s.")


@contextmanager
def _check_state(state: FittedState) -> Iterator[None]:
    """Blame the files for what a function that was read from them lacks."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        if not state.source:
            raise
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error).partition("\n")[0]
        raise DataError(
            "trust-file-invalid",
            f"the files in {state.source} do not fit their trust function ({what}); fit it again",
        ) from error


def checked_scores(scores: object, name: str, rows: int) -> Doubles:
    """The scores that code of a user returned, as float64 in [0, 1].

    Args:
        scores: n numbers, as anything that numpy can read.
        name: what returned them, for messages.
        rows: the number n of labels.

    Raises:
        W2sError: they are not n numbers, or a score is outside [0, 1].
    """
    try:
        found = np.asarray(scores, np.float64)
    except (TypeError, ValueError):
        found = np.full(0, np.nan)
    if found.shape != (rows,):
        raise W2sError(
            "trust-bad-scores",
            f"{name} did not return one number for each of {rows} labels: {_shape(scores)}",
        )
    known = np.isfinite(found)
    if not known.all():
        row = int(np.argmin(known))
        raise W2sError("trust-bad-scores", f"{name} returned {found[row]} for row {row} of the labels")
    if found.size and not (found.min() >= -_ROUNDING and found.max() <= 1 + _ROUNDING):
        raise W2sError(
            "trust-bad-scores",
            f"{name} returned scores from {found.min():g} to {found.max():g}; scores lie in [0, 1], for "
            "example 1 / (1 + exp(-x))",
        )
    return np.clip(found, 0.0, 1.0)


def _shape(scores: object) -> str:
    """What was returned instead of n numbers."""
    shape = getattr(scores, "shape", None)
    size = f" of shape {shape}" if isinstance(shape, tuple) else ""
    return f"it returned {type(scores).__name__}{size}"


def check_gold(correct: Flags, rows: int) -> None:
    """Refuse gold from which nothing can be learned.

    Raises:
        DataError: the lengths differ, there are no rows, or all of them are right or all are wrong.
    """
    if len(correct) != rows:
        raise DataError("trust-length-mismatch", f"correct has {len(correct)} values for {rows} labels")
    if not rows:
        raise DataError(
            "trust-no-gold",
            "no gold rows to fit on: give labels that are known to be right or wrong",
        )
    if correct.all() or not correct.any():
        which = "right" if correct.all() else "wrong"
        raise DataError(
            "trust-gold-one-class",
            f"all {rows} gold rows are {which}: fitting trust needs right and wrong rows",
        )
