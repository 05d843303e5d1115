"""Label quality: how well labels fit the class probabilities of a model, without known answers.

Source: Kuan and Mueller, "Model-agnostic label quality scoring", ICML workshop 2022; adjustment by class:
Northcutt, Jiang and Chuang, "Confident learning", JAIR 2021.
"""

from __future__ import annotations

import numpy as np

from w2s.errors import DataError, UsageError, suggest_name
from w2s.kernels.arrays import as_numpy
from w2s.kernels.columns import Doubles, Positions

LABEL_QUALITIES = ("self-confidence", "normalized-margin", "confidence-weighted-entropy")
"""Ways to score a label."""
_LEAST = 1e-6
_SUM_TOLERANCE = 1e-3


def label_quality(
    probabilities: object, labels: object, *, method: str = "self-confidence", adjusted: bool = False
) -> Doubles:
    """n scores, float64 in [0, 1]: higher is more likely right.

    Args:
        probabilities: n × c, each row a distribution over the classes, by a model that did not learn from
            that row's label.
        labels: n classes, whole numbers from 0 and below c.
        method: "self-confidence", the probability p of the label; "normalized-margin", (1 + p − the highest
            of the others) / 2; or "confidence-weighted-entropy", ln(1 + r) / r, where r is the entropy of the
            row as a share of ln c, divided by p.
        adjusted: first shift each class by the mean probability of its own labels, so that a class about
            which the model is less sure overall is not scored lower; not available for the entropy.

    Raises:
        UsageError: the method is unknown or cannot be adjusted.
        DataError: the shapes differ, a row is not a distribution, or a label is not a class.

    Example:
        >>> label_quality([[0.9, 0.1], [0.6, 0.4]], [0, 1]).tolist()
        [0.9, 0.4]
    """
    if method not in LABEL_QUALITIES:
        raise UsageError(
            "metrics-unknown-method",
            f"{method!r} is not a label quality; {suggest_name(method, LABEL_QUALITIES)}",
        )
    if adjusted and method == "confidence-weighted-entropy":
        raise UsageError(
            "metrics-no-adjustment",
            "confidence-weighted-entropy cannot be adjusted by class: leave adjusted out",
        )
    given, classes = _checked(probabilities, labels)
    if not len(given):
        return np.zeros(0)
    if adjusted:
        given = _adjusted(given, classes)
    rows = np.arange(len(given))
    own: Doubles = given[rows, classes]
    if method == "self-confidence":
        return own
    if method == "normalized-margin":
        others = given.copy()
        others[rows, classes] = -np.inf
        return np.asarray((1 + own - np.maximum(others.max(axis=1), 0)) / 2)
    return _weighted_entropy(given, own)


def _weighted_entropy(given: Doubles, own: Doubles) -> Doubles:
    logs = np.log(np.where(given > 0, given, 1))
    share = -(given * logs).sum(axis=1) / np.log(max(given.shape[1], 2))
    ratio = np.maximum(share / np.maximum(own, _LEAST), _LEAST)
    return np.asarray(np.log1p(ratio) / ratio)


def _adjusted(given: Doubles, classes: Positions) -> Doubles:
    """Each class minus its mean over its own labels, shifted to be positive and normalised to sum to 1."""
    counts = np.bincount(classes, minlength=given.shape[1])
    own = np.bincount(classes, given[np.arange(len(given)), classes], given.shape[1])
    means = np.where(counts > 0, own / np.maximum(counts, 1), 1.0)
    lifted = given - means + means.max()
    return np.asarray(lifted / lifted.sum(axis=1, keepdims=True))


def _checked(probabilities: object, labels: object) -> tuple[Doubles, Positions]:
    given = np.asarray(as_numpy(probabilities, "probabilities")[0], np.float64)
    classes = np.asarray(as_numpy(labels, "labels")[0])
    if given.ndim != 2 or not given.shape[1]:
        raise DataError("metrics-bad-shape", f"probabilities have shape {given.shape}, not rows × classes")
    if classes.shape != (len(given),):
        raise DataError(
            "metrics-length-mismatch",
            f"labels have shape {classes.shape} for {len(given)} rows of probabilities",
        )
    if len(classes) and classes.dtype.kind not in "iu":
        raise DataError("metrics-bad-class", f"labels are {classes.dtype}; classes are whole numbers from 0")
    fair = np.isfinite(given).all(axis=1) & (given >= 0).all(axis=1)
    fair &= np.abs(given.sum(axis=1) - 1) <= _SUM_TOLERANCE
    if not fair.all():
        row = int(np.argmin(fair))
        raise DataError(
            "metrics-not-a-distribution",
            f"row {row} of the probabilities does not sum to 1 or has a bad value",
        )
    known = (classes >= 0) & (classes < given.shape[1])
    if not known.all():
        row = int(np.argmin(known))
        raise DataError(
            "metrics-bad-class",
            f"the label of row {row} is {classes[row]}, not a class below {given.shape[1]}",
        )
    return given, classes.astype(np.int64)
