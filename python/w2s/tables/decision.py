"""The outcome of a filter: which rows are kept, and how pure they are."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from w2s import kernels
from w2s.certification import Certificate, FdrCertificate
from w2s.selection import GroupCount
from w2s.tables.column_chunks import GoldCodes
from w2s.tables.partition import RowMask
from w2s.tables.spec import GoldSpec


@dataclass(frozen=True, eq=False)
class Decision:
    """The rows that a filter keeps, and what is known about them.

    Attributes:
        kept: one bit per row.
        rows: rows of the table.
        threshold: the lowest score kept, if a single score separates kept rows from the others.
        ties_left_out: rows with that score that are left out.
        ties_kept: rows with that score that are kept.
        dropped: rows left out because of a null.
        groups: rows and kept rows of each group.
        spent: cost of the kept rows, with a budget.
        purity: purity of the kept rows whose answer is known.
        certificate: certificate of a rule by purity or by false discovery rate.
        quantiles: (from, to, rows, kept rows) for each tenth of the rows by score, best first; empty if the
            scores did not fit in memory.
        passes: how often the score columns were read.
        candidates: rows that meet the condition; None without a condition. ``dropped``, ``groups`` and
            ``quantiles`` are about them.
    """

    kept: RowMask
    rows: int
    threshold: float | None = None
    ties_left_out: int = 0
    ties_kept: int = 0
    dropped: int = 0
    groups: tuple[GroupCount, ...] = ()
    spent: float | None = None
    purity: Purity | None = None
    certificate: Certificate | FdrCertificate | None = None
    quantiles: tuple[tuple[float, float, int, int], ...] = field(default=())
    passes: int = 1
    candidates: int | None = None


@dataclass(frozen=True, slots=True)
class Purity:
    """How many of the kept rows are right, among those whose answer is known.

    Attributes:
        known: kept rows whose answer is known.
        right: how many of them are right.
        bound: lower bound of the purity with probability 1 − ``delta``, if the rule was fixed before the
            answers were seen; None if no answer is known.
        delta: probability that the bound does not hold.
    """

    known: int
    right: int
    bound: float | None
    delta: float

    @property
    def value(self) -> float | None:
        """Share of right rows."""
        return self.right / self.known if self.known else None


def purity_of(gold: GoldCodes, asked: GoldSpec) -> Purity:
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
