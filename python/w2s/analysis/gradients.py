"""How aligned the gradients of a set of rows are, and of what rank, from inner products alone.

The gradient of a row is an outer product ``left ⊗ right``. For a softmax over a linear layer, ``left`` is
``p − y`` and ``right`` the input of the layer, so that ``⟨g_i, g_j⟩ = ⟨left_i, left_j⟩ ⟨right_i, right_j⟩``;
for gradients that are given in full, ``right`` is 1. The squares of the singular values of n gradients are
the eigenvalues of their Gram matrix, (n, n).

Sources: m-coherence, Chatterjee and Zielinski, arXiv 2008.01217; effective rank of gradients, Li et al.,
arXiv 2504.10766, after Roy and Vetterli, *The effective rank*.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from w2s.analysis.result import Doubles

_TINY = 1e-12
_COLUMNS = 4096


@dataclass(frozen=True)
class Gradients:
    """Gradients of n rows, each an outer product.

    Attributes:
        left: shape (n, a).
        right: shape (n, b).
    """

    left: npt.NDArray[np.floating]
    right: npt.NDArray[np.floating]

    def __len__(self) -> int:
        return len(self.left)

    def gram(self) -> Doubles:
        """Inner products of all pairs, shape (n, n)."""
        return _inner(self.left) * _inner(self.right)

    def norms(self) -> Doubles:
        """Their lengths, shape (n,)."""
        found: Doubles = _length(self.left) * _length(self.right)
        return found

    def total(self) -> Doubles:
        """Their sum, shape (a, b)."""
        found: Doubles = np.asarray(self.left, np.float64).T @ np.asarray(self.right, np.float64)
        return found

    def dot(self, other: Doubles) -> Doubles:
        """Inner product of each gradient with one of shape (a, b), shape (n,)."""
        found: Doubles = ((np.asarray(self.left, np.float64) @ other) * self.right).sum(axis=1)
        return found


def _inner(side: npt.NDArray[np.floating]) -> Doubles:
    """Inner products of all pairs of rows in float64, by blocks of columns to bound the memory."""
    found = np.zeros((len(side), len(side)))
    for start in range(0, side.shape[1], _COLUMNS):
        block = np.asarray(side[:, start : start + _COLUMNS], np.float64)
        found += block @ block.T
    return found


def _length(side: npt.NDArray[np.floating]) -> Doubles:
    found: Doubles = np.sqrt(np.einsum("ij,ij->i", side, side, dtype=np.float64))
    return found


def normalize_gram(gram: Doubles) -> Doubles:
    """The Gram matrix of the gradients scaled to length 1; those of length 0 stay 0."""
    norms = np.sqrt(np.maximum(np.diag(gram), 0.0))
    scale = np.divide(1.0, norms, out=np.zeros_like(norms), where=norms > _TINY * norms.max(initial=0.0))
    found: Doubles = gram * scale[:, None] * scale[None, :]
    return found


# Measures of a Gram matrix ----------------------------------------------------------------------------------


def m_coherence(gram: Doubles) -> float:
    """``‖Σg‖² / Σ‖g‖²``: 1 if all n gradients are orthogonal, n if all are the same.

    Example:
        >>> m_coherence(np.eye(4)), m_coherence(np.ones((4, 4)))
        (1.0, 4.0)
    """
    total = float(np.trace(gram))
    return float(gram.sum() / total) if total > 0 else float("nan")


def mean_cosine(gram: Doubles) -> float:
    """The mean cosine of two different rows; rows with no gradient are left out.

    Example:
        >>> round(mean_cosine(np.array([[1.0, 0.5], [0.5, 1.0]])), 3)
        0.5
    """
    cosines = normalize_gram(gram)
    n = int(np.round(np.trace(cosines)))
    return float((cosines.sum() - np.trace(cosines)) / (n * (n - 1))) if n > 1 else float("nan")


def _spectrum(gram: Doubles) -> Doubles:
    """Singular values of the gradients, shape (n,)."""
    found: Doubles = np.sqrt(np.maximum(np.linalg.eigvalsh(gram), 0.0))
    return found


def _effective_rank(values: Doubles) -> float:
    total = values.sum()
    if not total > 0:
        return float("nan")
    shares = values[values > _TINY * total] / total
    return float(np.exp(-(shares * np.log(shares)).sum()))


def _stable_rank(values: Doubles) -> float:
    largest = values.max(initial=0.0)
    return float(np.square(values / largest).sum()) if largest > 0 else float("nan")


SPECTRAL: Mapping[str, Callable[[Doubles], float]] = {
    "effective rank": _effective_rank,
    "stable rank": _stable_rank,
    "nuclear norm": lambda values: float(values.sum()),
}
"""Measures of singular values: ``exp(H(σ / Σσ))``, ``‖G‖_F² / ‖G‖₂²`` and ``Σσ``."""


GOLD_COSINE = "cosine with the gold gradient"


def gram_measures(gram: Doubles, along: Doubles | None = None) -> dict[str, float]:
    """m-coherence, mean cosine and ranks of the gradients with this Gram matrix.

    ``(unit)`` marks measures of the gradients scaled to length 1, so that large gradients count no more than
    small ones.

    Args:
        gram: inner products of n gradients, shape (n, n).
        along: inner products of the gradients with a gold gradient of length 1, shape (n,); they add the
            cosine of the sum of the gradients with it.

    Example:
        >>> found = gram_measures(np.diag([4.0, 1.0]))
        >>> found["stable rank"], found["nuclear norm"], round(found["effective rank (unit)"], 6)
        (1.25, 3.0, 2.0)
    """
    unit = normalize_gram(gram)
    found = {"m-coherence": m_coherence(gram), "m-coherence (unit)": m_coherence(unit)}
    found["mean cosine"] = mean_cosine(gram)
    if along is not None:
        length = float(np.sqrt(max(gram.sum(), 0.0)))
        found[GOLD_COSINE] = float(along.sum()) / length if length > 0 else 0.0
    for suffix, values in (("", _spectrum(gram)), (" (unit)", _spectrum(unit))):
        found |= {f"{name}{suffix}": measure(values) for name, measure in SPECTRAL.items()}
    return found
