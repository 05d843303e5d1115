"""Cuts of the score under which the expected share of wrong rows is bounded: the false discovery rate (FDR).

Of n rows the answer is known, of N rows (the pool) it is not. A row of the pool with score s gets the
conformal p-value

    p(s) = (1 + number of known rows that are wrong and have a score of at least s) / (n + 1),

and Benjamini and Hochberg's procedure at level Q keeps the rows with p ≤ Q·k/N, where k is the largest number
for which at least k rows have p ≤ Q·k/N. This is selection by conformal p-values (Jin and Candès, JMLR 2023).
Conformal labelling (arXiv 2510.14581) also compares with the known rows that are wrong. Divided by the number
of wrong rows + 1 the p-value would hold without the share of wrong rows being the same, and keep fewer rows.

Assumption: known rows and rows of the pool are exchangeable as pairs of score and answer, as when the known
rows are a random sample of the table, and the scores were not fitted on them.

Then the expected value of (wrong rows kept) / max(1, rows kept) among the pool is at most Q. Proof for row j
of the pool: let the p-values of all rows be recomputed with row j among the known ones, in place of the 1
that is added. Where j is wrong and kept, this changes no p-value of a row with a score of at most that of j,
and lowers some of better rows, which are kept anyway; so the number of kept rows, R, is the same. R is now a
symmetric function of the n known rows and j. Given these n + 1 rows without their order, j is equally likely
to be each of them, and at most m of them are wrong with a p-value of at most m/(n + 1), also where scores are
equal, because a row counts all that are at least as good. So P(j is wrong and p(j) ≤ Q·R/N | R) ≤ Q·R/N;
divided by R and added over the N rows this is Q.

The p-value depends on the score only by its rank among the wrong known rows, and never falls when the score
falls. So the kept rows are those above a cut, and the counts between neighbouring wrong scores decide it: one
pass over a pool of any size is enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from w2s.errors import DataError, UsageError
from w2s.kernels.arrays import Flags, Scores

_ROUNDING = 1e-12
"""Relative error of a level; rounding does not decide where it equals the requested one."""


@dataclass(frozen=True)
class FdrCertificate:
    """A cut of the score with a bounded false discovery rate.

    Attributes:
        fdr: the level: a bound of the expected share of wrong rows among the kept rows of the pool.
        known: number of rows whose answer is known.
        wrong: how many of them are wrong.
        pool: number of rows whose answer is not known.
        kept: how many of them have at least the threshold.
        threshold: rows with at least this score may be kept; None if no row may.
        estimate: the lowest level at which these rows would be kept; without a threshold, the lowest level at
            which any row would be kept.
    """

    fdr: float
    known: int
    wrong: int
    pool: int
    kept: int
    threshold: float | None
    estimate: float

    @property
    def coverage(self) -> float:
        """Share of the pool that is kept."""
        return self.kept / self.pool

    def __str__(self) -> str:
        target = f"false discovery rate {self.fdr:g} from {self.known:,} known answers, {self.wrong:,} wrong"
        if self.threshold is None:
            return f"{target}: out of reach; the lowest level at which a row is kept is {self.estimate:.4g}"
        return f"{target}: threshold {self.threshold:g} keeps {self.coverage:.1%}"


class FdrCut:
    """Finds the cut for a pool that is given in parts.

    Example:
        >>> import numpy as np
        >>> cut = FdrCut(np.array([0.1, 0.4, 0.6, 0.8]), np.array([False, False, True, True]))
        >>> cut.add(np.array([0.3, 0.5, 0.7, 0.9]))
        >>> cut.certificate(0.3).threshold
        0.5
    """

    def __init__(self, scores: Scores, correct: Flags) -> None:
        """Begin with the rows whose answer is known: n scores without NaN, and n flags."""
        self._known = len(scores)
        self._wrong = np.sort(scores[~correct])
        self._rows = np.zeros(len(self._wrong) + 1, np.int64)
        self._lowest = np.full(len(self._wrong) + 1, np.inf)
        np.minimum.at(self._lowest, self._places(scores), scores)

    def add(self, scores: Scores) -> None:
        """Count rows whose answer is not known; scores without NaN."""
        places = self._places(scores)
        self._rows += np.bincount(places, minlength=len(self._rows))
        np.minimum.at(self._lowest, places, scores)

    def certificate(self, fdr: float) -> FdrCertificate:
        """The cut that keeps most rows at a level.

        Raises:
            DataError: no row was added.
        """
        pool = int(self._rows.sum())
        if not pool:
            raise DataError(
                "certify-no-pool",
                "every answer is known, so there are no rows to choose from; leave the answer null where it "
                "is not known",
            )
        kept = self._rows[::-1].cumsum()  # where at most 0, 1, … wrong rows have as good a score
        p_values = (np.arange(len(kept)) + 1) / (self._known + 1)
        with np.errstate(divide="ignore"):
            levels = p_values * pool / kept
        fits = np.flatnonzero(levels <= fdr * (1 + _ROUNDING))
        base = (fdr, self._known, len(self._wrong), pool)
        if not len(fits):
            return FdrCertificate(*base, 0, None, float(levels.min()))
        most = int(fits[-1])
        lowest = float(self._lowest[len(self._wrong) - most :].min())
        return FdrCertificate(*base, int(kept[most]), lowest, float(levels[most]))

    def _places(self, scores: Scores) -> npt.NDArray[Any]:
        """Number of wrong known rows with a lower score, for each row."""
        return np.searchsorted(self._wrong, scores, side="left")


def check_fdr(fdr: float) -> None:
    """Refuse a level that is not between 0 and 1.

    Raises:
        UsageError: names the value.
    """
    if not 0 < fdr < 1:
        raise UsageError("certify-out-of-range", f"`fdr` is {fdr:g}; give a number between 0 and 1")
