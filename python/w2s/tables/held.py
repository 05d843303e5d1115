"""The columns of a decision, whole in memory where they fit.

Knows nothing about rules or formats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from w2s import kernels
from w2s.aggregation import aggregate
from w2s.errors import DataError
from w2s.kernels.arrays import Flags, Scores
from w2s.kernels.numbers import Doubles
from w2s.tables.chunks import Gold, Raw, Reader
from w2s.tables.piece import Piece
from w2s.tables.progress import Steps
from w2s.tables.request import RANKING, Request

_LEAST_SCORE_BYTES = 5  # single precision, and whether it is null


class TooLargeError(Exception):
    """The columns do not fit in the memory given."""


@dataclass(frozen=True, eq=False)
class Held:
    """Columns, one entry a row.

    Attributes:
        scores: n numbers.
        piece_rows: rows of each piece.
        valid: false where a null is left out; None where there is none.
        groups: codes and keys, ascending, None last.
        costs: of a budget.
        gold: 1 right, 0 wrong, −1 unknown.
    """

    scores: Scores
    piece_rows: list[int]
    valid: Flags | None
    groups: kernels.Groups | None
    costs: Doubles | None
    gold: Gold | None


def hold(pieces: Sequence[Piece], request: Request, *, memory: int, threads: int, steps: Steps) -> Held:
    """Read the columns of all pieces.

    Raises:
        TooLargeError: as soon as they exceed ``memory`` bytes.
        DataError: values that cannot be used; a key that repeats.
    """
    if _least_bytes(pieces, request) > memory:
        raise TooLargeError
    whole = request.scoring.method in RANKING and len(request.scoring.columns) > 1
    reader = Reader(pieces, request, threads=threads, combine=not whole)
    parts: list[list[Any]] = [[], [], [], [], []]
    piece_rows = [0] * len(pieces)
    n_bytes = 0
    keys = Keys(request.key)
    for chunk in reader:
        codes = None if chunk.groups is None else reader.codes(chunk.groups)
        keys.see(chunk.keys)
        columns = [
            np.stack(chunk.scores) if whole else chunk.scores[0],
            _valid(chunk),
            codes,
            chunk.costs,
            chunk.gold,
        ]
        for part, column in zip(parts, columns, strict=True):
            if column is not None:
                part.append(column)
                n_bytes += column.nbytes
        piece_rows[chunk.piece] += chunk.rows
        steps.read(chunk.rows)
        if n_bytes + keys.n_bytes > memory:
            raise TooLargeError
    keys.check()
    scores = _joined(parts[0], axis=-1)
    if whole:
        scores = aggregate(list(scores), request.scoring.method)
    valid = _joined(parts[1])
    return Held(
        scores if len(scores) or scores.ndim == 1 else np.zeros(0),
        piece_rows,
        None if valid.all() else valid,
        _groups(_joined(parts[2]), reader.group_keys) if request.group else None,
        _joined(parts[3]) if request.rule.cost else None,
        _joined(parts[4]) if request.gold else None,
    )


def _least_bytes(pieces: Sequence[Piece], request: Request) -> int:
    """What the columns take at least, as far as rows are counted without reading them."""
    rows = sum(piece.rows or 0 for piece in pieces)
    group, cost, gold = request.group is not None, request.rule.cost is not None, request.gold is not None
    return rows * (_LEAST_SCORE_BYTES + 4 * group + 8 * cost + gold)


def _valid(chunk: Raw) -> Flags:
    return np.ones(chunk.rows, bool) if chunk.valid is None else chunk.valid


def _joined(parts: list[Any], axis: int = 0) -> Any:
    """One array of all parts, which are freed."""
    if not parts:
        return np.zeros(0, np.float64)
    joined = np.concatenate(parts, axis=axis)
    parts.clear()
    return joined


def _groups(codes: npt.NDArray[Any], seen: dict[Any, int]) -> kernels.Groups:
    keys = sorted_keys(seen)
    places = np.empty(max(1, len(keys)), np.uint32)
    places[[seen[key] for key in keys]] = np.arange(len(keys), dtype=np.uint32)
    return kernels.Groups(places[codes.astype(np.uint32, copy=False)], keys)


def sorted_keys(seen: dict[Any, int]) -> list[Any]:
    """Keys ascending, None last."""
    return sorted(seen, key=lambda key: (key is None, 0 if key is None else key))


class Keys:
    """Refuses a key that repeats, by its whole values."""

    def __init__(self, name: str | None) -> None:
        self._name = name
        self._chunks: list[pa.Array] = []
        self.n_bytes = 0

    def see(self, column: pa.ChunkedArray | None) -> None:
        """The keys of a chunk."""
        if column is not None:
            self._chunks.extend(column.chunks)
            self.n_bytes += column.nbytes

    def check(self) -> None:
        """Say which key repeats.

        Raises:
            DataError: one does.
        """
        if not self._chunks:
            return
        import pyarrow.compute as pc

        column = pa.chunked_array(self._chunks)
        counts = pc.value_counts(column)
        repeated = counts.filter(pc.greater(counts.field("counts"), 1))
        if len(repeated):
            first = repeated[0].as_py()
            raise DataError(
                f"{self._name} {first['values']!r} stands in {first['counts']} rows, and {len(repeated)} ids "
                "repeat: drop the copies first"
            )
