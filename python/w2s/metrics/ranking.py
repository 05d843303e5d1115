"""Ranking measures: whether rows with a higher score are right more often.

Any increasing transformation of the scores leaves them unchanged. Tied rows count as if in random order, so
the order of the rows does not matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from w2s import kernels
from w2s.errors import DataError, UsageError
from w2s.kernels.arrays import Flags
from w2s.kernels.columns import Doubles, Positions


def read_scores(scores: object, correct: object) -> tuple[Doubles, Flags]:
    """Read n scores in double precision, and n flags: whether the label of each is right.

    Raises:
        DataError: a value is NaN or null, the lengths differ, or there are no rows.
    """
    values = kernels.double_column(scores, "scores").refuse_nulls("scores")
    answers, known = kernels.correctness(correct)
    kernels.Column(values, known).refuse_nulls("correct")
    if len(answers) != len(values):
        raise DataError(
            "metrics-length-mismatch", f"correct has {len(answers)} values for {len(values)} scores"
        )
    if not len(values):
        raise DataError("metrics-no-rows", "no rows to measure")
    nan = np.isnan(values)
    if nan.any():
        raise DataError("metrics-nan-score", f"score {int(np.argmax(nan))} is NaN; drop such rows first")
    return values, answers


def auc(scores: object, correct: object, strata: Sequence[object] | None = None) -> float:
    """Probability that a right row has a higher score than a wrong one; a tie counts one half; in [0, 1].

    Args:
        scores: n numbers.
        correct: n flags.
        strata: n names; only rows of one name are compared with each other. None compares all rows.

    Raises:
        DataError: no right row can be compared with a wrong one.

    Source: Hanley and McNeil, Radiology 1982.

    Example:
        >>> auc([0.9, 0.8, 0.3, 0.3], [True, False, True, False])
        0.625
        >>> auc([0.9, 0.8, 0.3, 0.3], [True, False, True, False], strata=[1, 1, 2, 2])
        0.75
    """
    values, answers = read_scores(scores, correct)
    parts = stratum_numbers(strata, len(values))
    counts = [_ordered_pairs(values[parts == one], answers[parts == one]) for one in range(parts.max() + 1)]
    pairs = sum(count for _, count in counts)
    if not pairs:
        one = "right" if answers.all() else "wrong" if not answers.any() else "alone in its stratum"
        raise DataError("metrics-one-class", f"every row is {one}; an AUC needs right and wrong rows")
    return float(sum(won for won, _ in counts) / pairs)


def stratum_numbers(strata: Sequence[object] | None, rows: int) -> Positions:
    """The number of each row's stratum, from 0; a single one for None.

    Raises:
        DataError: there are not as many names as rows.
    """
    if strata is None:
        return np.zeros(rows, np.int64)
    if len(strata) != rows:
        raise DataError("metrics-length-mismatch", f"strata has {len(strata)} names for {rows} rows")
    places: dict[object, int] = {}
    return np.array([places.setdefault(name, len(places)) for name in strata], np.int64)


def _ordered_pairs(values: Doubles, answers: Flags) -> tuple[float, int]:
    """How many pairs of a right and a wrong row have the right one above, a tie as one half; all pairs."""
    right = int(np.count_nonzero(answers))
    _, which, rows = np.unique(values, return_inverse=True, return_counts=True)
    right_of = np.bincount(which, answers, len(rows))
    wrong_of = rows - right_of
    wrong_below = np.cumsum(wrong_of) - wrong_of
    return float(np.dot(right_of, wrong_below + 0.5 * wrong_of)), right * (len(answers) - right)


class RiskCoverage(NamedTuple):
    """A risk–coverage curve: what is kept at each threshold, highest first.

    Attributes:
        threshold: k distinct scores, descending.
        coverage: share of the rows with at least that score, in (0, 1].
        risk: share of those rows that is wrong; 1 − purity.
    """

    threshold: Doubles
    coverage: Doubles
    risk: Doubles


def risk_coverage(scores: object, correct: object) -> RiskCoverage:
    """The share of wrong rows among the kept rows, at every threshold.

    Source: El-Yaniv and Wiener, JMLR 2010.
    """
    threshold, rows, wrong = _from_above(*read_scores(scores, correct))
    kept = np.cumsum(rows)
    return RiskCoverage(threshold, kept / kept[-1], np.cumsum(wrong) / kept)


def area_under_risk_coverage(scores: object, correct: object) -> float:
    """Mean over k = 1 … n of the share of wrong rows among the top k; in [0, 1], lower is better.

    Source: Geifman, Uziel and El-Yaniv, ICLR 2019.

    Example:
        >>> area_under_risk_coverage([0.9, 0.8], [True, False])
        0.25
    """
    _, rows, wrong = _from_above(*read_scores(scores, correct))
    times = rows.astype(np.int64)
    kept = np.arange(1, times.sum() + 1)
    before = np.repeat(np.cumsum(rows) - rows, times)
    wrong_before = np.repeat(np.cumsum(wrong) - wrong, times)
    expected = wrong_before + (kept - before) * np.repeat(wrong / rows, times)
    return float(np.mean(expected / kept))


def purity_at(scores: object, correct: object, coverage: float) -> float:
    """Share of right rows among the top ⌊n · coverage + ½⌋; in [0, 1].

    Raises:
        UsageError: the coverage is outside (0, 1] or keeps no row.

    Example:
        >>> purity_at([0.9, 0.8, 0.3, 0.2], [True, True, False, True], 0.5)
        1.0
    """
    _, rows, wrong = _from_above(*read_scores(scores, correct))
    n = int(rows.sum())
    kept = int(np.floor(n * coverage + 0.5)) if 0 < coverage <= 1 else 0
    if kept < 1:
        raise UsageError(
            "metrics-empty-coverage",
            f"a coverage of {coverage:g} keeps none of {n} rows; give a share in (0, 1]",
        )
    last = int(np.searchsorted(np.cumsum(rows), kept))
    above, wrong_above = int(rows[:last].sum()), float(wrong[:last].sum())
    return 1 - float(wrong_above + (kept - above) * wrong[last] / rows[last]) / kept


def _from_above(values: Doubles, answers: Flags) -> tuple[Doubles, Doubles, Doubles]:
    """Distinct scores, descending, and the numbers of rows and of wrong rows with each."""
    distinct, which, rows = np.unique(values, return_inverse=True, return_counts=True)
    wrong = np.bincount(which, ~answers, len(rows))
    return distinct[::-1], rows[::-1].astype(np.float64), wrong[::-1].astype(np.float64)
