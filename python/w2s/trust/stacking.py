"""Stacking: several trust functions as one, by a logistic regression over their out-of-fold scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field, field_validator

from w2s.config import Config, invalid_value
from w2s.errors import UsageError
from w2s.evidence import Labels
from w2s.kernels.arrays import Flags
from w2s.kernels.columns import Doubles
from w2s.trust.features import FeatureOptions, parse_names
from w2s.trust.folds import cross_fit
from w2s.trust.function import Arrays, FittedState, Function
from w2s.trust.registry import builtin_method, is_builtin
from w2s.trust.regression import fit_logistic, logit, sigmoid

_RIDGE = 1.0
_FARTHEST = 6.0  # limit of a log-odds: no member overrules the others alone


class StackOptions(Config):
    """Options of ``stack``.

    Attributes:
        of: names of built-in functions, such as ``isotonic,logistic,boosting``.
        features: names of evidence, for the members that read features.
        folds: number of folds of the out-of-fold scores that the weights are fitted on.
    """

    of: tuple[str, ...] = ("isotonic", "logistic", "knn")
    features: tuple[str, ...] = ("hidden",)
    folds: int = Field(5, ge=2)

    @field_validator("of", "features", mode="before")
    @classmethod
    def _parse(cls, value: object) -> tuple[str, ...]:
        return parse_names(value)

    @field_validator("of")
    @classmethod
    def _check(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(value) < 2:
            raise invalid_value("trust-stack-too-small", "name at least two functions")
        return value


@dataclass(frozen=True)
class Stack:
    """The trust method that weighs several functions."""

    name: str = "stack"
    about: str = "several functions, weighted by their out-of-fold scores"
    options: type[StackOptions] = StackOptions

    def needs(self, options: StackOptions) -> frozenset[str]:
        """Return what any member needs."""
        return frozenset().union(*(member.needs for member in _members(options)))

    def fit(self, labels: Labels, correct: Flags, seed: int, options: StackOptions) -> FittedState:
        """Fit each member on all of gold, and its weight."""
        members = _members(options)
        scores = [cross_fit(member, labels, correct, options.folds, seed) for member in members]
        weights = fit_logistic(_log_odds(scores), correct.astype(np.float64), _RIDGE)
        states = [_state(member.fit(labels, correct, seed)) for member in members]
        arrays = {
            f"member.{number}.{name}": array
            for number, state in enumerate(states)
            for name, array in state.arrays.items()
        }
        return FittedState(
            {"members": [dict(state.facts) for state in states]}, {**arrays, "weights": weights}
        )

    def score(self, labels: Labels, state: FittedState, options: StackOptions) -> Doubles:
        """Return the sigmoid of the weighted log-odds of the members."""
        members = [
            Function(
                member.method,
                member.options,
                FittedState(facts, _without_prefix(state.arrays, f"member.{number}."), source=state.source),
            )
            for number, (member, facts) in enumerate(
                zip(_members(options), state.facts["members"], strict=True)
            )
        ]
        weights = state.arrays["weights"]
        return sigmoid(_log_odds([member.score(labels) for member in members]) @ weights[:-1] + weights[-1])


def _members(options: StackOptions) -> list[Function]:
    return [_member(name, options) for name in options.of]


def _member(name: str, options: StackOptions) -> Function:
    if not is_builtin(name) or name == Stack.name:
        raise UsageError(
            "trust-stack-bad-member",
            f"{name!r} cannot be part of a stack: name built-in functions other than stack itself",
        )
    method = builtin_method(name)
    features = {"features": options.features} if issubclass(method.options, FeatureOptions) else {}
    return Function(method, method.options(**features))


def _log_odds(scores: list[Doubles]) -> Doubles:
    return np.clip(logit(np.stack(scores, axis=1)), -_FARTHEST, _FARTHEST)


def _state(fitted: Function) -> FittedState:
    assert fitted.state is not None
    return fitted.state


def _without_prefix(arrays: Arrays, prefix: str) -> dict[str, npt.NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


STACK = Stack()
