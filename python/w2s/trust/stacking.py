"""Several trust functions as one: a logistic regression over their out-of-fold scores.

Knows nothing about what they read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field, field_validator

from w2s.config import Config, invalid_value
from w2s.errors import UsageError
from w2s.evidence import Labels
from w2s.trust.calibrators import Doubles
from w2s.trust.folds import cross_fit
from w2s.trust.function import Flags, Function, Recipe, Scores, State
from w2s.trust.probe import Reading
from w2s.trust.reads import parse_reads
from w2s.trust.regression import logit, regress, sigmoid

_RIDGE = 1.0
_FARTHEST = 6.0  # of a logit: no member overrules the others alone


class StackOptions(Config):
    """``of``: names of built-in functions, ``isotonic,logistic,boosting``; ``reads``: of those that read.

    ``folds``: of the out-of-fold scores that the weights are learned from.
    """

    of: tuple[str, ...] = ("isotonic", "logistic", "knn")
    reads: tuple[str, ...] = ("hidden",)
    folds: int = Field(5, ge=2)

    @field_validator("of", "reads", mode="before")
    @classmethod
    def _parse(cls, value: object) -> tuple[str, ...]:
        return parse_reads(value)

    @field_validator("of")
    @classmethod
    def _check(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(value) < 2:
            raise invalid_value("trust-stack-too-small", "name at least two functions")
        return value


@dataclass(frozen=True)
class Stack:
    """A recipe of recipes."""

    name: str = "stack"
    about: str = "several functions, weighted by their out-of-fold scores"
    options: type[StackOptions] = StackOptions

    def needs(self, options: StackOptions) -> frozenset[str]:
        """What any member needs."""
        return frozenset().union(*(member.needs for member in _members(options)))

    def fit(self, labels: Labels, correct: Flags, seed: int, options: StackOptions) -> State:
        """Each member fitted on all of gold, and its weight."""
        members = _members(options)
        apart = [cross_fit(member, labels, correct, options.folds, seed) for member in members]
        weights = regress(_logits(apart), correct.astype(np.float64), _RIDGE)
        fitted = [_state(member.fit(labels, correct, seed)) for member in members]
        arrays = {
            f"member.{number}.{name}": array
            for number, state in enumerate(fitted)
            for name, array in state.arrays.items()
        }
        return State({"members": [dict(state.facts) for state in fitted]}, {**arrays, "weights": weights})

    def score(self, labels: Labels, state: State, options: StackOptions) -> Scores:
        """The sigmoid of the weighted logits of the members."""
        members = [
            Function(member.recipe, member.options, State(facts, _part(state.arrays, f"member.{number}.")))
            for number, (member, facts) in enumerate(
                zip(_members(options), state.facts["members"], strict=True)
            )
        ]
        weights = state.arrays["weights"]
        return sigmoid(_logits([member.score(labels) for member in members]) @ weights[:-1] + weights[-1])


def _members(options: StackOptions) -> list[Function]:
    return [_member(name, options) for name in options.of]


def _member(name: str, options: StackOptions) -> Function:
    from w2s.trust.registry import is_recipe, recipe

    if not is_recipe(name) or name == Stack.name:
        raise UsageError(
            "trust-stack-bad-member",
            f"{name!r} cannot be part of a stack: name built-in functions other than stack itself",
        )
    found: Recipe = recipe(name)
    reads = {"reads": options.reads} if issubclass(found.options, Reading) else {}
    return Function(found, found.options(**reads))


def _logits(scores: list[Scores]) -> Doubles:
    return np.clip(logit(np.stack(scores, axis=1)), -_FARTHEST, _FARTHEST)


def _state(fitted: Function) -> State:
    assert fitted.state is not None
    return fitted.state


def _part(arrays: Mapping[str, npt.NDArray[Any]], prefix: str) -> dict[str, npt.NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


STACK = Stack()
