"""Out-of-fold scores: no gold row is scored by a function that was fitted on it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from w2s.errors import DataError, UsageError
from w2s.evidence import Labels
from w2s.kernels.arrays import Flags
from w2s.kernels.columns import Doubles, Positions
from w2s.trust.function import TrustFunction, check_gold

GROUP_COLUMN = "group"
"""Column whose rows stay together, such as a game or a source. A row with null is a separate group."""


def cross_fit(
    function: TrustFunction, labels: Labels, correct: Flags | None = None, folds: int = 5, seed: int = 0
) -> Doubles:
    """Score every gold row by the function fitted on the other folds.

    Args:
        function: the trust function; it does not change.
        labels: n gold labels; rows with the same value in the column ``group`` stay together.
        correct: n flags: whether each label is right; None for the column ``correct``.
        folds: number of folds, from 2.
        seed: random seed of the folds and of each fit.

    Returns:
        n scores in [0, 1], float64, in the order of the labels.

    Raises:
        UsageError: fewer than two folds.
        DataError: the gold has one class only, or is too small for the folds.
    """
    right = labels.correct if correct is None else np.asarray(correct, bool)
    fold_of_row = assign_folds(labels, right, folds, seed)
    scores = np.zeros(len(labels))
    for fold in range(folds):
        held_out = fold_of_row == fold
        fitted = function.fit(labels.take(~held_out), right[~held_out], seed)
        scores[held_out] = fitted.score(labels.take(held_out))
    return scores


def assign_folds(labels: Labels, correct: Flags, folds: int, seed: int) -> Positions:
    """Assign each row to a fold by the hash of its id or of its group; the order of the rows does not matter.

    Groups with a right row and groups without one are distributed separately, so that every fold gets its
    share of both.

    Args:
        labels: n gold labels.
        correct: n flags.
        folds: number of folds, from 2.
        seed: random seed of the hash.

    Returns:
        n fold numbers from 0, int64.

    Raises:
        UsageError: fewer than two folds.
        DataError: the gold has one class only, a fold is empty, or the rows outside it have one class only.
    """
    if folds < 2:
        raise UsageError("trust-folds-too-few", f"folds is {folds}; cross-fitting needs at least 2")
    check_gold(correct, len(labels))
    groups = row_groups(labels)
    with_right = {name for name, right in zip(groups, correct, strict=True) if right}
    order = sorted((name in with_right, _hash(name, seed), name) for name in set(groups))
    of_group = {name: at % folds for at, (_, _, name) in enumerate(order)}
    fold_of_row = np.array([of_group[name] for name in groups], np.int64)
    _check_folds(fold_of_row, correct, folds, "rows" if len(order) == len(groups) else "groups", len(order))
    return fold_of_row


def row_groups(labels: Labels) -> list[str]:
    """The group of each row: the column ``group`` if it exists, else the id."""
    ids = labels.ids
    if GROUP_COLUMN not in labels.table.column_names:
        return ids
    names: Sequence[object] = labels.table.column(GROUP_COLUMN).to_pylist()
    return [f"id {id_}" if name is None else f"group {name}" for id_, name in zip(ids, names, strict=True)]


def _hash(name: str, seed: int) -> bytes:
    return hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=16).digest()


def _check_folds(fold_of_row: Positions, correct: Flags, folds: int, kind: str, units: int) -> None:
    for fold in range(folds):
        others = correct[fold_of_row != fold]
        if (fold_of_row == fold).any() and others.any() and not others.all():
            continue
        right = int(correct.sum())
        raise DataError(
            "trust-gold-too-small",
            f"{len(correct)} gold rows ({right} right, {len(correct) - right} wrong, {units} {kind}) are too "
            f"few for {folds} folds: give more gold, or fewer folds",
        )
