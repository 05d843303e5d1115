"""How many of the kept rows are right, among those whose answer is known.

Knows nothing about how they were kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from w2s import kernels
from w2s.tables.chunks import Gold as GoldCodes
from w2s.tables.request import Gold


@dataclass(frozen=True, slots=True)
class Purity:
    """Of the kept rows.

    Attributes:
        known: rows whose answer is known.
        right: of these, how many are right.
        bound: what the purity is at least, with probability 1 − δ, if the rule was fixed before the answers
            were seen; None where no answer is known.
        delta: δ.
    """

    known: int
    right: int
    bound: float | None
    delta: float

    @property
    def value(self) -> float | None:
        """Share of right rows."""
        return self.right / self.known if self.known else None


def purity_of(gold: GoldCodes, asked: Gold) -> Purity:
    """The purity of kept rows and its Clopper–Pearson bound."""
    known, right = int(np.count_nonzero(gold >= 0)), int(np.count_nonzero(gold == 1))
    return Purity(known, right, _bound(known, right, asked.delta), asked.delta)


def _bound(known: int, right: int, delta: float) -> float | None:
    if not known:
        return None
    if right == known:
        return float(delta ** (1 / known))
    if not right:
        return 0.0
    answers = np.arange(known) < right
    _, seen = kernels.certify(
        np.zeros(known), answers, purity=0.5, delta=delta, bound="clopper_pearson", grid=[0.0]
    )
    return None if seen is None else seen.bound
