"""Target leakage: evidence that contains the answers of gold, so that trust would learn nothing else.

Evidence that separates right from wrong labels almost perfectly is suspect: usually it is made from the
answer. Its values are checked, the value that one class has throughout, and the rows in which it is missing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from w2s.errors import DataError
from w2s.evidence import Labels
from w2s.evidence_kinds import EVIDENCE, STATES
from w2s.kernels.arrays import Flags
from w2s.metrics import auc
from w2s.trust import columns
from w2s.trust.features import COMMON_COLUMNS, EVIDENCE_GROUPS
from w2s.trust.function import Function

SUSPECT_AUC = 0.995
"""The least AUC of suspect evidence."""
LEAST_BOUND = 0.95
"""The least lower bound of that AUC, so that few rows raise no alarm: about 60 of the rarer class."""
_Z = 2.326  # of a one-sided bound at 99 %
_TAIL = 0.02  # with an AUC of 0.995 at most this share of one class is beyond the median of the other
_SHOWN = 3
_Matrix = npt.NDArray[np.floating]


@dataclass(frozen=True)
class TargetLeak:
    """Evidence that separates right from wrong labels.

    Attributes:
        name: a column, or an entry of a vector such as ``hidden[17]``.
        where: what separates them: ``values``, ``one value`` or ``missing values``.
        auc: area under the ROC curve, at least 0.5.
        low: lower bound of the AUC at 99 %.
    """

    name: str
    where: str
    auc: float
    low: float

    @property
    def column(self) -> str:
        """The column or vector."""
        return self.name.partition("[")[0]


def find_leaks(labels: Labels, correct: Flags, evidence: Iterable[str]) -> list[TargetLeak]:
    """Evidence that contains the answer, as far as gold can show it.

    Args:
        labels: n labels.
        correct: n flags: whether each is right.
        evidence: names of kinds of evidence, of groups and of columns; those that the labels lack are
            ignored. The columns log_prob, margin, entropy and n_options are always checked.

    Example:
        >>> import pyarrow as pa
        >>> right = np.arange(400) % 2 == 0
        >>> table = pa.table({"id": list(map(str, range(400))), "hint": right.astype(float)})
        >>> find_leaks(Labels(table), right, ["hint"])[0].name
        'hint'
    """
    found: list[TargetLeak] = []
    for name in _columns(labels, evidence):
        text = columns.is_text(labels, name)
        values = columns.equals_label(labels, name) if text else columns.numbers(labels, name)
        found += _separations(name, values[:, None], correct)
    for name in dict.fromkeys(evidence):
        if name in labels.vectors:
            found += _separations(name, labels.vectors[name], correct)
    return found


def refuse_leaks(
    labels: Labels, correct: Flags, evidence: Iterable[str], allowed: Collection[str] = ()
) -> None:
    """Refuse evidence that contains the answer.

    Args:
        labels: n labels.
        correct: n flags: whether each is right.
        evidence: see :func:`find_leaks`.
        allowed: columns and vectors that may separate right from wrong labels.

    Raises:
        DataError: a column or vector is suspect; the message names it.
    """
    leaks = [leak for leak in find_leaks(labels, correct, evidence) if leak.column not in allowed]
    if not leaks:
        return
    first, right = leaks[0], int(correct.sum())
    names = list(dict.fromkeys(leak.name for leak in leaks))
    others = f" (as {', '.join(names[1 : 1 + _SHOWN])})" if len(names) > 1 else ""
    raise DataError(
        "trust-target-leakage",
        f"the {first.where} of {first.name}{others} separate right from wrong gold almost perfectly (AUC "
        f"{first.auc:.3f}, at least {first.low:.3f}; {right:,} right and {len(correct) - right:,} wrong "
        f"labels), so it seems to be made from the answer; leave {first.column} out, or allow it with "
        f"`allow_leakage={first.column}` if it is known without the answer",
    )


def evidence_read(function: Function) -> frozenset[str]:
    """Names of the evidence that a function may read; all known kinds for a function that does not say."""
    return function.needs or frozenset(EVIDENCE)


def auc_lower_bound(value: float, right: int, wrong: int) -> float:
    """The lower bound at 99 % of an AUC that was measured on a number of right and of wrong rows.

    It is the least AUC whose normal distribution, with the variance of Hanley and McNeil (Radiology 1982),
    contains the measured value; unlike an interval around a measured 1, it is not 1.

    Example:
        >>> [round(auc_lower_bound(1.0, rows, rows), 3) for rows in (10, 100, 1000)]
        [0.734, 0.972, 0.997]
    """
    low, high = 0.5, value
    for _ in range(50):
        middle = (low + high) / 2
        if value - middle > _Z * _deviation(middle, right, wrong):
            low = middle
        else:
            high = middle
    return low


def _deviation(value: float, right: int, wrong: int) -> float:
    """The standard deviation of an AUC."""
    first, second = value / (2 - value), 2 * value**2 / (1 + value)
    spread = (right - 1) * (first - value**2) + (wrong - 1) * (second - value**2)
    return float(np.sqrt((value * (1 - value) + spread) / (right * wrong)))


def _columns(labels: Labels, evidence: Iterable[str]) -> list[str]:
    """The columns of numbers and of other labels that names of evidence mean."""
    found = [name for name in COMMON_COLUMNS if columns.has_evidence(labels, name)]
    for name in evidence:
        found += columns.evidence_columns(labels, name)
        if name in EVIDENCE_GROUPS:
            prefixed = [one for one in labels.table.column_names if one.startswith(f"{name}_")]
            found += [one for one in prefixed if columns.has_evidence(labels, one)]
    known = [name for name in dict.fromkeys(found) if name not in ("label", *STATES)]
    return [
        name
        for name in known
        if columns.is_numeric(labels, name)
        or (columns.is_text(labels, name) and "label" in labels.table.column_names)
    ]


def _separations(name: str, values: _Matrix, correct: Flags) -> list[TargetLeak]:
    """What separates the classes in a column of shape (n, 1), or in the entries of vectors."""

    def leaks(where: str, found: _Matrix, right: Flags) -> list[TargetLeak]:
        """The suspect ones of the AUCs of all entries."""
        count, shown = int(right.sum()), []
        for at in np.flatnonzero(found >= SUSPECT_AUC):
            low = auc_lower_bound(float(found[at]), count, len(right) - count)
            entry = f"{name}[{at}]" if values.shape[1] > 1 and where != "missing values" else name
            shown += [TargetLeak(entry, where, float(found[at]), low)] * (low >= LEAST_BOUND)
        return shown

    known: Flags = np.array(np.isfinite(values).all(axis=1))
    found = leaks("missing values", _auc_of_marks(known[:, None], correct), correct)
    values, right = values[known], correct[known]
    if not right.any() or right.all():
        return found
    medians = [np.median(values[right == side], axis=0) for side in (True, False)]
    for median in medians:
        found += leaks("one value", _auc_of_marks(values == median, right), right)
    beyond = [(values[~right] > medians[0]).mean(axis=0), (values[~right] < medians[0]).mean(axis=0)]
    ranked = np.full(values.shape[1], 0.5)
    for at in np.flatnonzero(np.minimum(*beyond) <= _TAIL):
        one = auc(values[:, at], right)
        ranked[at] = max(one, 1 - one)
    return found + leaks("values", ranked, right)


def _auc_of_marks(marked: npt.NDArray[np.bool_], correct: Flags) -> _Matrix:
    """The AUC of each column of marks, at least 0.5."""
    if not correct.any() or correct.all():
        return np.full(marked.shape[1], 0.5)
    gap: _Matrix = np.abs(marked[correct].mean(axis=0) - marked[~correct].mean(axis=0))
    return 0.5 + gap / 2
