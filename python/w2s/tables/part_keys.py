"""The sorted scores of the parts of a filter, from which each part finds the cut of all parts.

A score is stored as an unsigned integer, its key; keys have the order of scores, and both zeros have one key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from w2s.files import atomic_file
from w2s.kernels.arrays import Scores

_CHUNK_ROWS = 1 << 20
Keys: TypeAlias = npt.NDArray[np.unsignedinteger[Any]]


def keys_of(scores: Scores) -> Keys:
    """The keys of scores, which are not NaN.

    Args:
        scores: shape (n,), float32 or float64.

    Returns:
        Shape (n,), uint32 or uint64.

    Example:
        >>> keys = keys_of(np.array([-np.inf, -1, -0.0, 0, 2], np.float32))
        >>> bool(keys[2] == keys[3]), bool((np.diff(keys.astype(int)) >= 0).all())
        (True, True)
    """
    keys: Keys = (scores + scores.dtype.type(0)).view(np.uint64 if scores.itemsize == 8 else np.uint32)
    sign = keys.dtype.type(1 << (8 * keys.itemsize - 1))
    for begin in range(0, len(keys), _CHUNK_ROWS):  # one copy of the scores, and little more
        chunk = keys[begin : begin + _CHUNK_ROWS]
        chunk ^= np.where(chunk & sign, ~keys.dtype.type(0), sign)
    return keys


def score_of(key: int, dtype: npt.DTypeLike) -> float:
    """The score of a key.

    Example:
        >>> score_of(int(keys_of(np.array([0.25]))[0]), np.uint64)
        0.25
    """
    kind = np.dtype(dtype)
    sign = 1 << (8 * kind.itemsize - 1)
    bits = key ^ sign if key & sign else ~key & (2 * sign - 1)
    return float(np.array([bits], kind).view(np.float64 if kind.itemsize == 8 else np.float32)[0])


def write_keys(path: Path, keys: Keys) -> None:
    """Write sorted keys atomically, in numpy's format."""
    with atomic_file(path) as part, part.open("wb") as file:
        np.save(file, keys, allow_pickle=False)


def open_keys(path: Path) -> Keys:
    """Sorted keys, mapped into memory: only the pages in use are read.

    Raises:
        OSError, ValueError: the file is missing or damaged.
    """
    if path.stat().st_size == _HEAD_BYTES:  # nothing can be mapped
        found: Keys = np.load(path, allow_pickle=False)
        return found
    mapped: Keys = np.load(path, mmap_mode="r", allow_pickle=False)
    return mapped


_HEAD_BYTES = 128


@dataclass(frozen=True, slots=True)
class PartCut:
    """Where all parts are cut.

    Attributes:
        score: the lowest score kept; None if no row is kept.
        kept: number of rows that each part keeps.
        ties_kept: rows with that score that are kept: the first ones.
        ties_left_out: rows with that score that are not.
    """

    score: float | None
    kept: tuple[int, ...]
    ties_kept: int
    ties_left_out: int


def cut_of(parts: Sequence[Keys], quota: int) -> PartCut:
    """The exact cut of the best rows, by bisection; equal scores are kept in the order of the parts.

    Args:
        parts: the keys of each part, ascending.
        quota: number of rows that are kept, at most all.

    Example:
        >>> parts = [keys_of(np.array([0.1, 0.5, 0.5])), keys_of(np.array([0.5, 0.9]))]
        >>> cut_of(parts, 3)
        PartCut(score=0.5, kept=(2, 1), ties_kept=2, ties_left_out=1)
    """
    filled = [keys for keys in parts if len(keys)]
    if not quota or not filled:
        return PartCut(None, (0,) * len(parts), 0, 0)
    kind = filled[0].dtype
    begins, ends = [0] * len(parts), [len(keys) for keys in parts]
    beyond = [0] * len(parts)
    low, high = 0, (1 << (8 * kind.itemsize)) - 1  # the cut lies in [low, high]
    while low < high:
        middle = (low + high + 1) // 2
        places = [_place(keys, begins[i], ends[i], middle) for i, keys in enumerate(parts)]
        if sum(len(keys) - place for keys, place in zip(parts, places, strict=True)) >= quota:
            low, begins = middle, places
        else:
            high, ends = middle - 1, places
    at_least = [len(keys) - _place(keys, 0, len(keys), low) for keys in parts]
    if low < (1 << (8 * kind.itemsize)) - 1:
        beyond = [len(keys) - _place(keys, 0, len(keys), low + 1) for keys in parts]
    left, kept = quota - sum(beyond), []
    for above, reached in zip(beyond, at_least, strict=True):
        ties = min(left, reached - above)
        kept.append(above + ties)
        left -= ties
    return PartCut(score_of(low, kind), tuple(kept), quota - sum(beyond), sum(at_least) - quota)


def _place(keys: Keys, begin: int, end: int, key: int) -> int:
    """The number of keys below a key, which is known to lie between two places."""
    if begin == end:
        return begin
    return begin + int(np.searchsorted(keys[begin:end], keys.dtype.type(key)))
