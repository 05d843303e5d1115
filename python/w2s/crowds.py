"""Crowds: many votes on each item become one label, with its trust and the skill of each worker.

Workers are models, people or prompts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from w2s import kernels
from w2s.errors import DataError, UsageError, suggest_name
from w2s.kernels.columns import Doubles
from w2s.kernels.groups import Codes

_Keys = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class CrowdLabels:
    """The labels that votes are aggregated to, and what was learned about classes and workers.

    Attributes:
        items: the items, ascending.
        labels: the most probable class of each item; ties go to the lower class.
        trust: the probability of that class, float64, in [0, 1].
        posterior: items × classes, float64, rows sum to 1; the priors for an item without votes. None if it
            has more than 2²⁴ numbers and more than 32 for each vote, so that memory grows with the votes.
        classes: the classes, ascending, or in the given order.
        priors: share of each class.
        workers: the workers, ascending.
        skill: one value for each worker, higher is better: a probability of being right, or of knowing for
            "mace", or an ability in (−∞, ∞) for "glad".
        confusion: workers × class × vote for "dawid-skene" and "one-coin", else None; None for "one-coin" if
            it is too large, as for ``posterior``.
        strategy: workers × vote for "mace": how a worker votes when guessing; else None, also if too large.
        difficulty: one value for each item, in (0, ∞), for "glad"; else None.
        trace: the objective after each iteration, per vote: log-likelihood or evidence lower bound.
        converged: whether the objective converged before the maximum number of iterations.
    """

    items: _Keys
    labels: _Keys
    trust: Doubles
    posterior: Doubles | None
    classes: _Keys
    priors: Doubles
    workers: _Keys
    skill: Doubles
    confusion: Doubles | None
    strategy: Doubles | None
    difficulty: Doubles | None
    trace: Doubles
    converged: bool


def aggregate_votes(
    items: object,
    workers: object,
    votes: object,
    *,
    method: str = "dawid-skene",
    weights: object = None,
    classes: Sequence[Any] | None = None,
    priors: Mapping[Any, float] | Sequence[float] | None = None,
    skills: Mapping[Any, float] | None = None,
    max_iterations: int = 100,
    tolerance: float = 1e-5,
    restarts: int = 1,
    seed: int = 0,
) -> CrowdLabels:
    """Aggregate n votes, given as three columns: the item, the worker and the vote.

    Args:
        items: ids of the items, whole numbers or texts: numpy, Arrow, or a list.
        workers: ids of the workers.
        votes: the class that each worker voted for; null is an abstention.
        method: "majority"; "weighted-majority", with ``skills``; "dawid-skene"; "one-coin"; "glad"; "mace";
            or "zero-based".
        weights: the weight of each vote, finite and not negative; 2 counts the vote twice.
        classes: all classes, in this order; by default those with votes, ascending.
        priors: share of each class, by class or in their order; by default "dawid-skene" and "one-coin"
            estimate them.
        skills: the weight of each worker's votes, by worker, for "weighted-majority".
        max_iterations: maximum number of iterations.
        tolerance: the fit has converged when its objective rises by less than this share of its size; with 0
            all iterations are done.
        restarts: number of starts of "mace", of which the best is kept.
        seed: random seed of the further starts.

    Raises:
        UsageError: the method is unknown, or an option does not apply to it.
        DataError: columns differ in length or are empty, an item or worker is null, a vote is for an
            unknown class, or the tables of "dawid-skene" (workers × classes × classes) do not fit in memory.

    Example:
        >>> import w2s
        >>> items, workers, votes = ["a", "a", "a", "b"], ["x", "y", "z", "x"], [1, 1, 0, 0]
        >>> found = w2s.aggregate_votes(items, workers, votes, method="majority")
        >>> found.items.tolist(), found.labels.tolist(), found.trust.round(2).tolist()
        (['a', 'b'], [1, 0], [0.67, 1.0])
    """
    check_method(method, skills, restarts)
    item_codes, item_keys = _ids(items, "items")
    worker_codes, worker_keys = _ids(workers, "workers")
    vote_codes, class_keys = _vote_codes(votes, classes)
    found = kernels.crowd_fit(
        item_codes,
        worker_codes,
        vote_codes,
        None if weights is None else kernels.double_column(weights, "weights").refuse_nulls("weights"),
        (len(item_keys), len(worker_keys), len(class_keys)),
        method.replace("-", "_"),
        max_iterations=_at_least_one("max_iterations", max_iterations),
        tolerance=tolerance,
        priors=_by_key("priors", priors, class_keys),
        skills=_by_key("skills", skills, worker_keys),
        restarts=_at_least_one("restarts", restarts),
        seed=seed,
    )
    return _named(found, item_keys, worker_keys, class_keys)


def vote_methods() -> list[str]:
    """Names of the methods of :func:`aggregate_votes`."""
    return [name.replace("_", "-") for name in kernels.crowd_methods()]


def check_method(method: str, skills: Mapping[Any, float] | None = None, restarts: int = 1) -> None:
    """Refuse an unknown method, and options that do not belong to it.

    Raises:
        UsageError: the message names the known methods, or the method that has the option.
    """
    known = vote_methods()
    if method not in known:
        raise UsageError("votes-unknown-method", f"{method!r} is not a method; {suggest_name(method, known)}")
    if method == "weighted-majority" and skills is None:
        raise UsageError("votes-missing-skills", "weighted-majority needs `skills`, one for each worker")
    for name, given, owner in (
        ("skills", skills is not None, "weighted-majority"),
        ("restarts", restarts > 1, "mace"),
    ):
        if given and method != owner:
            raise UsageError(
                "votes-unused-option", f"`{name}` cannot be used with {method}; it belongs to {owner}"
            )


def _ids(data: object, name: str) -> tuple[Codes, _Keys]:
    codes, keys = kernels.group_column(data, name, compact=True)
    if isinstance(keys, list) and keys and keys[-1] is None:
        row = int(np.argmax(codes == len(keys) - 1))
        raise DataError("votes-null-id", f"{name}: row {row} is null; every vote needs an item and a worker")
    return codes, _array(keys)


def _vote_codes(votes: object, classes: Sequence[Any] | None) -> tuple[Codes, _Keys]:
    """Class codes, :data:`w2s.kernels.ABSTAIN` where null, and the classes."""
    codes, keys = kernels.group_column(votes, "votes", compact=True)
    voted = [key for key in _plain(keys) if key is not None]
    named = voted if classes is None else list(classes)
    places = {key: place for place, key in enumerate(named)}
    if len(places) < len(named):
        raise UsageError("votes-repeated-class", "`classes` names a class twice; name each once")
    for code, key in enumerate(voted):
        if key not in places:
            row = int(np.argmax(codes == code))
            raise DataError(
                "votes-unknown-class", f"votes: row {row} is for {key!r}, which is not in `classes`; add it"
            )
    # Null, where there is one, is the last key.
    of_code = [places[key] for key in voted] + [kernels.ABSTAIN]
    return np.array(of_code, np.uint32)[codes], _array(named)


def _array(keys: _Keys | list[Any]) -> _Keys:
    """Keys as an array of texts, of numbers, or else of objects."""
    if isinstance(keys, np.ndarray):
        return keys
    if len({type(key) for key in keys}) == 1 and isinstance(keys[0], str | int | float):
        return np.array(keys)
    array = np.empty(len(keys), object)
    array[:] = keys
    return array


def _plain(keys: _Keys | list[Any]) -> list[Any]:
    return keys.tolist() if isinstance(keys, np.ndarray) else keys


def _by_key(
    name: str, values: Mapping[Any, float] | Sequence[float] | None, keys: _Keys
) -> list[float] | None:
    """One value for each key, in the order of the keys."""
    if values is None or not isinstance(values, Mapping):
        return None if values is None else [float(value) for value in values]
    plain = keys.tolist()
    missing = [key for key in plain if key not in values]
    if missing:
        raise UsageError(
            "votes-missing-value", f"`{name}` has no value for {missing[0]!r}; give one for each"
        )
    return [float(values[key]) for key in plain]


def _at_least_one(name: str, value: int) -> int:
    if value < 1:
        raise UsageError("votes-bad-count", f"`{name}` is {value}; give a whole number from 1")
    return value


def _named(found: kernels.Consensus, items: _Keys, workers: _Keys, classes: _Keys) -> CrowdLabels:
    return CrowdLabels(
        items=items,
        labels=classes[found.labels],
        trust=found.trust,
        posterior=found.posterior,
        classes=classes,
        priors=found.priors,
        workers=workers,
        skill=found.skill,
        confusion=found.confusion,
        strategy=found.strategy,
        difficulty=found.difficulty,
        trace=found.trace,
        converged=found.converged,
    )
