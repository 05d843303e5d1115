"""Out-of-fold scores: no gold row is scored by a function that was fitted on it.

Knows nothing about how a function works.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from w2s.errors import DataError, UsageError
from w2s.evidence import Labels
from w2s.trust.function import Flags, Scores, TrustFunction, check_gold

GROUP = "group"
"""Column whose rows stay together: a game, a source. A row where it is null is a group of its own."""

Folds = npt.NDArray[np.int64]


def cross_fit(
    function: TrustFunction, labels: Labels, correct: Flags | None = None, folds: int = 5, seed: int = 0
) -> Scores:
    """Score every gold row by the function fitted on the other folds.

    Args:
        function: it is not changed.
        labels: gold labels; those with the same value in the column ``group`` stay together.
        correct: n flags; the column ``correct`` where None.
        folds: from 2 on.
        seed: of the folds and of each fit.

    Returns:
        n scores in [0, 1], in the order of the labels.

    Raises:
        DataError: gold of one class, or too small for the folds.
    """
    right = labels.correct if correct is None else np.asarray(correct, bool)
    place = assign(labels, right, folds, seed)
    scores = np.zeros(len(labels))
    for fold in range(folds):
        held = place == fold
        fitted = function.fit(labels.take(~held), right[~held], seed)
        scores[held] = fitted.score(labels.take(held))
    return scores


def assign(labels: Labels, correct: Flags, folds: int, seed: int) -> Folds:
    """The fold of each row, from 0, by the hash of its id, or of its group.

    Groups with a right row and groups without one are dealt out apart, so that every fold has its share of
    both. The order of the rows changes nothing.

    Raises:
        UsageError: fewer than two folds.
        DataError: gold of one class, or a fold whose rows, or all the others, are of one class.
    """
    if folds < 2:
        raise UsageError("trust-folds-too-few", f"folds is {folds}; cross-fitting needs at least 2")
    check_gold(correct, len(labels))
    groups = groups_of(labels)
    hopeful = {name for name, right in zip(groups, correct, strict=True) if right}
    order = sorted((name in hopeful, _hash(name, seed), name) for name in set(groups))
    of_group = {name: at % folds for at, (_, _, name) in enumerate(order)}
    place = np.array([of_group[name] for name in groups], np.int64)
    _check_folds(place, correct, folds, "rows" if len(order) == len(groups) else "groups", len(order))
    return place


def groups_of(labels: Labels) -> list[str]:
    """The group of each row: the column ``group``, else its own id."""
    ids = labels.ids
    if GROUP not in labels.table.column_names:
        return ids
    names: Sequence[object] = labels.table.column(GROUP).to_pylist()
    return [f"id {id_}" if name is None else f"group {name}" for id_, name in zip(ids, names, strict=True)]


def _hash(name: str, seed: int) -> bytes:
    return hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=16).digest()


def _check_folds(place: Folds, correct: Flags, folds: int, kind: str, units: int) -> None:
    for fold in range(folds):
        others = correct[place != fold]
        if (place == fold).any() and others.any() and not others.all():
            continue
        right = int(correct.sum())
        raise DataError(
            "trust-gold-too-small",
            f"{len(correct)} gold rows ({right} right, {len(correct) - right} wrong, {units} {kind}) are too "
            f"few for {folds} folds: give more gold, or fewer folds",
        )
