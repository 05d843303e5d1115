"""Many votes on each item become one label, with its trust and the worth of each worker.

Knows nothing about files, or who the workers are: models, people or prompts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from w2s import kernels
from w2s.errors import DataError, UsageError
from w2s.kernels.groups import Codes
from w2s.kernels.numbers import Doubles

Keys = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Crowd:
    """What a crowd says.

    Attributes:
        items: the items, ascending.
        labels: the likeliest class of each item, ties to the lower class.
        trust: its probability, float64, in [0, 1].
        posterior: items × classes, float64, rows sum to 1; the priors where nobody voted.
        classes: the classes, ascending, or as they were given.
        priors: share of each class.
        workers: the workers, ascending.
        skill: one a worker, higher is better; a probability of being right, or of knowing for mace, an
            ability in (−∞, ∞) for glad.
        confusion: workers × class × vote; dawid_skene and one_coin, else None.
        strategy: workers × vote, how a worker votes when guessing; mace, else None.
        difficulty: one an item, in (0, ∞); glad, else None.
        trace: the objective after each iteration, for each vote: log-likelihood or evidence lower bound.
        converged: whether it stood still before the iterations were used up.
    """

    items: Keys
    labels: Keys
    trust: Doubles
    posterior: Doubles
    classes: Keys
    priors: Doubles
    workers: Keys
    skill: Doubles
    confusion: Doubles | None
    strategy: Doubles | None
    difficulty: Doubles | None
    trace: Doubles
    converged: bool


def crowd(
    items: object,
    workers: object,
    votes: object,
    *,
    method: str = "dawid_skene",
    weights: object = None,
    classes: Sequence[Any] | None = None,
    priors: Mapping[Any, float] | Sequence[float] | None = None,
    skills: Mapping[Any, float] | None = None,
    max_iterations: int = 100,
    tolerance: float = 1e-5,
    restarts: int = 1,
    seed: int = 0,
) -> Crowd:
    """Reconcile n votes, given as three columns: which item, who voted, and for what.

    Args:
        items: ids of the items, whole numbers or texts: numpy, Arrow, or a list.
        workers: ids of who voted.
        votes: what they voted for; null is an abstention and counts nothing.
        method: majority; weighted_majority, with ``skills``; dawid_skene; one_coin; glad; mace; zero_based.
        weights: what each vote counts for, finite and not negative; 2 is the vote given twice.
        classes: every class that there is, in this order; those voted for by default, ascending.
        priors: share of each class, by class or in their order; dawid_skene and one_coin otherwise estimate
            them.
        skills: what each worker's votes count for, by worker.
        max_iterations: iterations at most.
        tolerance: the fit has converged when its objective rises by less than this share of its size; with 0
            every iteration is done.
        restarts: starts of mace, of which the best is kept.
        seed: seed of the further ones.

    Raises:
        UsageError: an unknown method, or options that it has no use for.
        DataError: columns that differ in length or are empty, a null item or worker, a vote for no class.

    >>> import w2s
    >>> found = w2s.crowd(["a", "a", "a", "b"], ["x", "y", "z", "x"], [1, 1, 0, 0], method="majority")
    >>> found.items.tolist(), found.labels.tolist(), found.trust.round(2).tolist()
    (['a', 'b'], [1, 0], [0.67, 1.0])
    """
    known = kernels.crowd_methods()
    if method not in known:
        raise UsageError("votes-unknown-method", f"{method!r} is not a method; known: {', '.join(known)}")
    item_codes, item_keys = _ids(items, "items")
    worker_codes, worker_keys = _ids(workers, "workers")
    vote_codes, class_keys = _vote_codes(votes, classes)
    found = kernels.crowd_fit(
        item_codes,
        worker_codes,
        vote_codes,
        None if weights is None else kernels.double_column(weights, "weights").refuse_nulls("weights"),
        (len(item_keys), len(worker_keys), len(class_keys)),
        method,
        max_iterations=_at_least_one("max_iterations", max_iterations),
        tolerance=tolerance,
        priors=_by_key("priors", priors, class_keys),
        skills=_by_key("skills", skills, worker_keys),
        restarts=_at_least_one("restarts", restarts),
        seed=seed,
    )
    return _named(found, item_keys, worker_keys, class_keys)


def _ids(data: object, name: str) -> tuple[Codes, Keys]:
    codes, keys = kernels.group_column(data, name, compact=True)
    if isinstance(keys, list) and keys and keys[-1] is None:
        row = int(np.argmax(codes == len(keys) - 1))
        raise DataError("votes-null-id", f"{name}: row {row} is null; every vote needs an item and a worker")
    return codes, _array(keys)


def _vote_codes(votes: object, classes: Sequence[Any] | None) -> tuple[Codes, Keys]:
    """Class codes, :data:`w2s.kernels.ABSTAIN` where null, and the classes."""
    codes, keys = kernels.group_column(votes, "votes", compact=True)
    voted = [key for key in _plain(keys) if key is not None]
    named = voted if classes is None else list(classes)
    places = {key: place for place, key in enumerate(named)}
    if len(places) < len(named):
        raise UsageError("votes-repeated-class", "classes: a class is named twice")
    for code, key in enumerate(voted):
        if key not in places:
            row = int(np.argmax(codes == code))
            raise DataError(
                "votes-unknown-class", f"votes: row {row} is for {key!r}, which is not one of the classes"
            )
    # Null, where there is one, is the last key.
    of_code = [places[key] for key in voted] + [kernels.ABSTAIN]
    return np.array(of_code, np.uint32)[codes], _array(named)


def _array(keys: Keys | list[Any]) -> Keys:
    """Keys as an array: of texts, of numbers, or else of objects."""
    if isinstance(keys, np.ndarray):
        return keys
    if len({type(key) for key in keys}) == 1 and isinstance(keys[0], str | int | float):
        return np.array(keys)
    array = np.empty(len(keys), object)
    array[:] = keys
    return array


def _plain(keys: Keys | list[Any]) -> list[Any]:
    return keys.tolist() if isinstance(keys, np.ndarray) else keys


def _by_key(
    name: str, values: Mapping[Any, float] | Sequence[float] | None, keys: Keys
) -> list[float] | None:
    """One value for each key, in their order."""
    if values is None or not isinstance(values, Mapping):
        return None if values is None else [float(value) for value in values]
    plain = keys.tolist()
    missing = [key for key in plain if key not in values]
    if missing:
        raise UsageError("votes-missing-value", f"{name} has no value for {missing[0]!r}")
    return [float(values[key]) for key in plain]


def _at_least_one(name: str, value: int) -> int:
    if value < 1:
        raise UsageError("votes-bad-count", f"{name} is {value}; give a whole number from 1")
    return value


def _named(found: kernels.Consensus, items: Keys, workers: Keys, classes: Keys) -> Crowd:
    labels = found.labels
    return Crowd(
        items=items,
        labels=classes[labels],
        trust=found.posterior[np.arange(len(labels)), labels],
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
