"""The columns of one partition as numbers, checked row by row; any process can read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from w2s import kernels
from w2s.aggregation import aggregate
from w2s.errors import DataError
from w2s.kernels.arrays import Scores
from w2s.kernels.columns import Doubles
from w2s.tables.candidate_rows import CandidatePartition, ConditionBits
from w2s.tables.json_rows import python_values
from w2s.tables.partition import Partition, reason_of
from w2s.tables.spec import FilterSpec

GoldCodes = npt.NDArray[np.int8]
UNKNOWN = -1
"""The gold of a row whose answer is not known; 1 right, 0 wrong."""


class ChunkGroups(NamedTuple):
    """The groups of a chunk: the index of each row's key, and the distinct keys."""

    indices: npt.NDArray[np.integer[Any]]
    keys: list[Any]


class ColumnChunk(NamedTuple):
    """A chunk of one partition; its groups have no numbers across partitions yet."""

    partition: int
    scores: tuple[Scores, ...]
    valid: npt.NDArray[np.bool_] | None
    groups: ChunkGroups | None
    costs: Doubles | None
    gold: GoldCodes | None
    keys: pa.ChunkedArray | None

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.scores[0])


class CandidateBits(NamedTuple):
    """Which rows of a partition meet the condition, for the process that asked."""

    partition: int
    bits: ConditionBits


@dataclass(frozen=True)
class ColumnTask:
    """Reads the columns of one partition, in any process.

    Attributes:
        spec: the filter.
        combine: whether several scores of a row are combined into one.
    """

    spec: FilterSpec
    combine: bool

    def __call__(self, numbered: tuple[int, Partition]) -> Iterator[ColumnChunk | CandidateBits]:
        """The chunks of a partition, which comes with its number."""
        number, partition = numbered
        yield from self._chunks(number, partition)
        if isinstance(partition, CandidatePartition):
            yield CandidateBits(number, partition.bits)

    def _chunks(self, number: int, partition: Partition) -> Iterator[ColumnChunk]:
        if not self.spec.columns:  # rows are drawn at random, so only their number counts
            for rows in partition.row_counts():
                yield ColumnChunk(number, (np.zeros(rows, np.float32),), None, None, None, None, None)
            return
        start = 0
        try:
            for table in partition.read_columns(self.spec.columns):
                yield read_chunk(table, self.spec, number, partition.row_name, start, combine=self.combine)
                start += table.num_rows
        except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
            raise DataError(
                "table-unreadable", f"cannot read {partition.where}: {reason_of(error)}"
            ) from None


def chunk_bytes(chunk: ColumnChunk | CandidateBits) -> int:
    """Bytes of an item."""
    if not isinstance(chunk, ColumnChunk):
        return sum(len(bits) for bits, _ in chunk.bits)
    indices = None if chunk.groups is None else chunk.groups.indices
    columns = [*chunk.scores, chunk.costs, chunk.gold, indices, chunk.keys]
    return sum(column.nbytes for column in columns if column is not None)


def read_chunk(
    table: pa.Table,
    spec: FilterSpec,
    partition: int,
    row_name: Callable[[int], str],
    start: int,
    *,
    combine: bool,
) -> ColumnChunk:
    """Read the columns of a filter as numbers.

    Args:
        table: a table with the columns.
        spec: the filter.
        partition: number of the partition.
        row_name: names a row of the partition in messages.
        start: number of the first row.
        combine: whether to combine several scores into one.

    Raises:
        DataError: a column has another type, or a value is NaN or null and such rows are not left out.
    """
    drop = spec.nulls == "drop"
    valid: npt.NDArray[np.bool_] | None = None

    def numbers(name: str) -> Any:
        nonlocal valid
        column = kernels.score_column(table.column(name), f"column {name!r}")
        missing = ~column.valid if column.valid is not None else None
        nan = np.isnan(column.values)
        if nan.any():
            missing = nan if missing is None else missing | nan
        if missing is None:
            return column.values
        if not drop:
            row = int(np.argmax(missing))
            what, code = ("NaN", "filter-nan-score") if nan[row] else ("null", "filter-null-score")
            raise DataError(
                code,
                f"{row_name(start + row)}: {name} is {what}; fill it in, or leave such rows out with "
                '`nulls="drop"`',
            )
        valid = ~missing if valid is None else valid & ~missing
        return np.where(missing, column.values.dtype.type(0), column.values)

    scores = tuple(numbers(name) for name in spec.score.columns)
    if not scores:
        scores = (np.zeros(table.num_rows, np.float32),)
    costs = None if spec.rule.cost is None else _costs(numbers(spec.rule.cost), spec, row_name, start)
    gold = None if spec.gold is None else _gold(table.column(spec.gold.column), spec, row_name, start)
    if combine and len(scores) > 1:
        combined = _combined(scores, spec, row_name, start)
        if (nan := np.isnan(combined)).any():  # such as the mean of inf and -inf
            if not drop:
                name = row_name(start + int(np.argmax(nan)))
                what = f'{name}: the {spec.score.method} of its scores is NaN; `nulls="drop"` leaves it out'
                raise DataError("filter-nan-score", what)
            valid, combined = ~nan if valid is None else valid & ~nan, np.where(nan, 0.0, combined)
        scores = (combined,)
    groups = _encoded_all(table, spec.groups) if spec.groups else None
    keys = None if spec.id is None else table.column(spec.id)
    return ColumnChunk(partition, scores, valid, groups, costs, gold, keys)


def _costs(costs: Scores, spec: FilterSpec, row_name: Callable[[int], str], start: int) -> Doubles:
    wide = np.ascontiguousarray(costs, np.float64)
    bad = ~((wide >= 0) & np.isfinite(wide))
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(
            "filter-invalid-cost",
            f"{row_name(start + row)}: {spec.rule.cost} is {wide[row]:g}; costs must be finite and not "
            "negative",
        )
    return wide


def _gold(column: pa.ChunkedArray, spec: FilterSpec, row_name: Callable[[int], str], start: int) -> GoldCodes:
    assert spec.gold is not None
    found = kernels.score_column(column, f"column {spec.gold.column!r}")
    odd = (found.values != 0) & (found.values != 1)
    if odd.any():
        row = int(np.argmax(odd))
        raise DataError(
            "filter-invalid-gold",
            f"{row_name(start + row)}: {spec.gold.column} is {found.values[row]:g}; gold must be true, false "
            "or null",
        )
    gold = found.values.astype(np.int8)
    if found.valid is not None:
        gold[~found.valid] = UNKNOWN
    return gold


def _combined(
    scores: tuple[Scores, ...], spec: FilterSpec, row_name: Callable[[int], str], start: int
) -> Doubles:
    score = spec.score
    table = dict(zip(score.columns, scores, strict=True))
    try:
        return aggregate(table, score.method, weights=score.weights)
    except DataError as error:
        raise DataError(error.code, f"{row_name(start)} and following: {error}") from None


def _encoded_all(table: pa.Table, names: Sequence[str]) -> ChunkGroups:
    """The groups of one column, or of several, whose keys are then tuples."""
    first, *others = (_encoded(table.column(name), name) for name in names)
    indices, keys = first.indices, first.keys
    if others:
        keys = [(key,) for key in keys]
    for other in others:
        pairs = indices.astype(np.int64) * max(1, len(other.keys)) + other.indices
        distinct, indices = np.unique(pairs, return_inverse=True)
        left, right = np.divmod(distinct, max(1, len(other.keys)))
        keys = [(*keys[i], other.keys[j]) for i, j in zip(left.tolist(), right.tolist(), strict=True)]
    return ChunkGroups(indices, keys)


def _encoded(column: pa.ChunkedArray, name: str) -> ChunkGroups:
    try:
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        found = column.dictionary_encode("encode").combine_chunks()
    except pa.ArrowException:
        raise DataError(
            "filter-unusable-group",
            f"column {name!r} is {column.type}, which cannot be compared; group by another column",
        ) from None
    if isinstance(found, pa.ChunkedArray):
        found = pa.concat_arrays(found.chunks)
    return ChunkGroups(found.indices.to_numpy(zero_copy_only=False), python_values(found.dictionary))
