"""Some of a role's examples, drawn by seed.

Knows nothing about what they are for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from w2s.chain.examples.splits import together
from w2s.errors import DataError
from w2s.tasks import Example

Positions = npt.NDArray[np.int64]


def some_of(examples: Sequence[Example], count: int, seed: int) -> Positions:
    """Positions of so many examples, ascending; fewer of the same seed are among them."""
    parts = together(examples)
    order = sorted(range(len(parts)), key=lambda row: (_hash(parts[row], seed), examples[row].id))
    return np.sort(np.array(order[:count], np.int64))


def apart_from(examples: Sequence[Example], rows: Iterable[int]) -> Positions:
    """Positions of the examples that share neither position nor group with those, ascending."""
    parts = together(examples)
    taken = {parts[row] for row in rows}
    return np.array([row for row, part in enumerate(parts) if part not in taken], np.int64)


def folds_of(examples: Sequence[Example], folds: int, seed: int) -> Positions:
    """The fold of each example, from 0; what shares a position or a group shares the fold.

    Raises:
        DataError: there are too few for the folds.
    """
    parts = together(examples)
    drawn = sorted(set(parts), key=lambda part: _hash(part, seed))
    if len(drawn) < folds:
        raise DataError(
            "chain-too-few-groups",
            f"{len(examples)} gold rows in {len(drawn)} groups are too few for {folds} folds; give more gold "
            "or use fewer folds",
        )
    fold = {part: place % folds for place, part in enumerate(drawn)}
    return np.array([fold[part] for part in parts], np.int64)


def _hash(part: str, seed: int) -> bytes:
    return hashlib.blake2b(f"gold {seed} {part}".encode()).digest()
