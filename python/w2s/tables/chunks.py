"""The columns that a decision looks at, piece by piece, checked and as numbers.

Knows nothing about rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from w2s import kernels
from w2s.aggregation import aggregate
from w2s.errors import DataError
from w2s.kernels.arrays import Scores
from w2s.kernels.groups import Codes
from w2s.kernels.numbers import Doubles
from w2s.tables.ordered import InOrder
from w2s.tables.piece import Piece
from w2s.tables.request import Request

Gold = npt.NDArray[np.int8]
UNKNOWN = -1
"""The gold of a row whose answer is not known; 1 right, 0 wrong."""

_LANE_BYTES = 8 << 20


class Raw(NamedTuple):
    """A chunk of one piece, its groups not yet numbered across pieces."""

    piece: int
    scores: tuple[Scores, ...]
    valid: npt.NDArray[np.bool_] | None
    groups: pa.DictionaryArray | None
    costs: Doubles | None
    gold: Gold | None
    keys: pa.ChunkedArray | None

    @property
    def rows(self) -> int:
        """How many rows."""
        return len(self.scores[0])


class Reader:
    """Reads chunks of the columns of a request, and numbers the groups as they come."""

    def __init__(
        self, pieces: Sequence[Piece], request: Request, *, threads: int, combine: bool = True
    ) -> None:
        """Read nothing yet; ``combine`` makes one score of each row's."""
        self._pieces = pieces
        self._request = request
        self._threads = threads
        self._combine = combine
        self.group_keys: dict[Any, int] = {}

    def __iter__(self) -> Iterator[Raw]:
        """All chunks in the order of the table; pieces are read side by side."""
        works = [lambda number=number: self._chunks(number) for number in range(len(self._pieces))]
        return iter(InOrder(works, _size, threads=self._threads, lane_bytes=_LANE_BYTES))

    def codes(self, groups: pa.DictionaryArray) -> Codes:
        """Numbers of the groups of a chunk, the same in all chunks; in the order of their first rows."""
        seen = self.group_keys
        keys = groups.dictionary.to_pylist()
        own = np.array([seen.setdefault(key, len(seen)) for key in keys] or [0], np.uint32)
        codes: Codes = own[groups.indices.to_numpy(zero_copy_only=False)]
        return codes

    def _chunks(self, number: int) -> Iterator[Raw]:
        piece = self._pieces[number]
        start = 0
        for table in piece.columns(self._request.columns):
            yield read_chunk(
                table, self._request, number, f"{piece.where}, row", start, combine=self._combine
            )
            start += table.num_rows


def _size(chunk: Raw) -> int:
    columns = [*chunk.scores, chunk.costs, chunk.gold, chunk.groups, chunk.keys]
    return sum(column.nbytes for column in columns if column is not None)


def read_chunk(
    table: pa.Table, request: Request, piece: int, where: str, start: int, *, combine: bool
) -> Raw:
    """The columns of a request as numbers.

    Args:
        table: they are in it.
        request: which they are.
        piece: number of the piece it is from.
        where: what a message says before the number of a row.
        start: number of the first row there.
        combine: whether several scores become one here.

    Raises:
        DataError: a column of another type, a NaN, or a null where they are not dropped.
    """
    drop = request.nulls == "drop"
    valid: npt.NDArray[np.bool_] | None = None

    def numbers(name: str) -> Any:
        nonlocal valid
        column = kernels.score_column(table.column(name), f"column {name!r}")
        _refuse_nan(name, column, where, start)
        if column.valid is not None:
            if not drop:
                row = start + int(np.argmin(column.valid))
                raise DataError(
                    f"{where} {row}: {name} is null; fill it, or leave such rows out (--nulls drop)"
                )
            valid = column.valid if valid is None else valid & column.valid
        return column.values

    scores = tuple(numbers(name) for name in request.scoring.columns)
    costs = None if request.rule.cost is None else _costs(numbers(request.rule.cost), request, where, start)
    gold = None if request.gold is None else _gold(table.column(request.gold.column), request, where, start)
    if combine and len(scores) > 1:
        scores = (_combined(scores, request, where, start),)
    groups = None if request.group is None else _encoded(table.column(request.group), request.group)
    keys = None if request.key is None else table.column(request.key)
    return Raw(piece, scores, valid, groups, costs, gold, keys)


def _refuse_nan(name: str, column: kernels.Column[Scores], where: str, start: int) -> None:
    values = column.values
    nan = np.isnan(values)
    if nan.any():
        row = start + int(np.argmax(nan))
        raise DataError(f"{where} {row}: {name} is NaN; drop such rows, or write them as null (--nulls drop)")


def _costs(costs: Scores, request: Request, where: str, start: int) -> Doubles:
    wide = np.ascontiguousarray(costs, np.float64)
    bad = ~((wide >= 0) & np.isfinite(wide))
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(
            f"{where} {start + row}: {request.rule.cost} is {wide[row]:g}; a cost is finite and not negative"
        )
    return wide


def _gold(column: pa.ChunkedArray, request: Request, where: str, start: int) -> Gold:
    assert request.gold is not None
    found = kernels.score_column(column, f"column {request.gold.column!r}")
    odd = (found.values != 0) & (found.values != 1)
    if odd.any():
        row = int(np.argmax(odd))
        raise DataError(
            f"{where} {start + row}: {request.gold.column} is {found.values[row]:g}; "
            "gold is true, false or null"
        )
    gold = found.values.astype(np.int8)
    if found.valid is not None:
        gold[~found.valid] = UNKNOWN
    return gold


def _combined(scores: tuple[Scores, ...], request: Request, where: str, start: int) -> Doubles:
    scoring = request.scoring
    table = dict(zip(scoring.columns, scores, strict=True))
    try:
        return aggregate(table, scoring.method, weights=scoring.weights)
    except DataError as error:
        raise DataError(f"{where} {start} and after: {error}") from None


def _encoded(column: pa.ChunkedArray, name: str) -> pa.DictionaryArray:
    try:
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        found = column.dictionary_encode("encode").combine_chunks()
    except pa.ArrowException:
        raise DataError(
            f"column {name!r} is {column.type}, which cannot be compared; group by another"
        ) from None
    return pa.concat_arrays(found.chunks) if isinstance(found, pa.ChunkedArray) else found
