"""The columns that a rule reads, checked and as numbers: in chunks, or whole in memory if they fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from w2s import kernels
from w2s.aggregation import aggregate
from w2s.errors import DataError
from w2s.kernels.arrays import Flags, Scores
from w2s.kernels.groups import Codes
from w2s.kernels.numbers import Doubles
from w2s.tables.ordered_map import OrderedMap
from w2s.tables.partition import Partition
from w2s.tables.progress import ProgressCounter
from w2s.tables.spec import RANKING, FilterSpec

_LEAST_SCORE_BYTES = 5  # single precision, and whether it is null


class ColumnsTooLargeError(Exception):
    """The columns do not fit in memory."""


@dataclass(frozen=True, eq=False)
class ScoreColumns:
    """Columns with one entry per row.

    Attributes:
        scores: numbers of shape (n,).
        partition_rows: number of rows of each partition.
        valid: false for rows left out because of a null; None if there are none.
        groups: group codes and ascending keys, None last.
        costs: costs for a budget.
        gold: 1 right, 0 wrong, −1 unknown.
    """

    scores: Scores
    partition_rows: list[int]
    valid: Flags | None
    groups: kernels.Groups | None
    costs: Doubles | None
    gold: GoldCodes | None


def read_score_columns(
    partitions: Sequence[Partition], spec: FilterSpec, *, memory: int, threads: int, steps: ProgressCounter
) -> ScoreColumns:
    """Read the columns of all partitions into memory.

    Raises:
        ColumnsTooLargeError: as soon as they exceed ``memory`` bytes.
        DataError: a value cannot be used, or a key repeats.
    """
    if _least_bytes(partitions, spec) > memory:
        raise ColumnsTooLargeError
    whole = spec.score.method in RANKING and len(spec.score.columns) > 1
    reader = ColumnReader(partitions, spec, threads=threads, combine=not whole)
    parts: list[list[Any]] = [[], [], [], [], []]
    partition_rows = [0] * len(partitions)
    n_bytes = 0
    keys = UniqueKeys(spec.id)
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
        partition_rows[chunk.partition] += chunk.rows
        steps.read(chunk.rows)
        if n_bytes + keys.n_bytes > memory:
            raise ColumnsTooLargeError
    keys.check()
    scores = _joined(parts[0], axis=-1)
    if whole:
        scores = aggregate(list(scores), spec.score.method)
    valid = _joined(parts[1])
    return ScoreColumns(
        scores if len(scores) or scores.ndim == 1 else np.zeros(0),
        partition_rows,
        None if valid.all() else valid,
        _groups(_joined(parts[2]), reader.group_keys) if spec.group else None,
        _joined(parts[3]) if spec.rule.cost else None,
        _joined(parts[4]) if spec.gold else None,
    )


def _least_bytes(partitions: Sequence[Partition], spec: FilterSpec) -> int:
    """A lower bound of the bytes of the columns, from known numbers of rows."""
    rows = sum(partition.rows or 0 for partition in partitions)
    group, cost, gold = spec.group is not None, spec.rule.cost is not None, spec.gold is not None
    return rows * (_LEAST_SCORE_BYTES + 4 * group + 8 * cost + gold)


def _valid(chunk: ColumnChunk) -> Flags:
    return np.ones(chunk.rows, bool) if chunk.valid is None else chunk.valid


def _joined(parts: list[Any], axis: int = 0) -> Any:
    """Concatenate the parts and free them."""
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
    """The keys in ascending order, None last."""
    return sorted(seen, key=lambda key: (key is None, 0 if key is None else key))


class UniqueKeys:
    """Checks that keys do not repeat."""

    def __init__(self, name: str | None) -> None:
        self._name = name
        self._chunks: list[pa.Array] = []
        self.n_bytes = 0

    def see(self, column: pa.ChunkedArray | None) -> None:
        """Add the keys of a chunk."""
        if column is not None:
            self._chunks.extend(column.chunks)
            self.n_bytes += column.nbytes

    def check(self) -> None:
        """Refuse a key that repeats.

        Raises:
            DataError: names the first one.
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
                "filter-repeated-id",
                f"{self._name} {first['values']!r} occurs in {first['counts']} rows, and {len(repeated)} "
                "ids repeat; remove the copies first",
            )


GoldCodes = npt.NDArray[np.int8]
UNKNOWN = -1
"""The gold of a row whose answer is not known; 1 right, 0 wrong."""

_QUEUE_BYTES = 8 << 20


class ColumnChunk(NamedTuple):
    """A chunk of one partition; its groups have no numbers across partitions yet."""

    partition: int
    scores: tuple[Scores, ...]
    valid: npt.NDArray[np.bool_] | None
    groups: pa.DictionaryArray | None
    costs: Doubles | None
    gold: GoldCodes | None
    keys: pa.ChunkedArray | None

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.scores[0])


class ColumnReader:
    """Reads the columns of a filter in chunks, and numbers the groups."""

    def __init__(
        self, partitions: Sequence[Partition], spec: FilterSpec, *, threads: int, combine: bool = True
    ) -> None:
        """Prepare to read; ``combine`` combines several scores of a row into one."""
        self._partitions = partitions
        self._request = spec
        self._threads = threads
        self._combine = combine
        self.group_keys: dict[Any, int] = {}

    def __iter__(self) -> Iterator[ColumnChunk]:
        """Yield all chunks in the order of the table; partitions are read in parallel."""
        works = [lambda number=number: self._chunks(number) for number in range(len(self._partitions))]
        return iter(OrderedMap(works, _size, threads=self._threads, queue_bytes=_QUEUE_BYTES))

    def codes(self, groups: pa.DictionaryArray) -> Codes:
        """Group numbers of a chunk, consistent across chunks, in order of first occurrence."""
        seen = self.group_keys
        keys = groups.dictionary.to_pylist()
        own = np.array([seen.setdefault(key, len(seen)) for key in keys] or [0], np.uint32)
        codes: Codes = own[groups.indices.to_numpy(zero_copy_only=False)]
        return codes

    def _chunks(self, number: int) -> Iterator[ColumnChunk]:
        partition = self._partitions[number]
        start = 0
        for table in partition.read_columns(self._request.columns):
            yield read_chunk(
                table, self._request, number, f"{partition.where}, row", start, combine=self._combine
            )
            start += table.num_rows


def _size(chunk: ColumnChunk) -> int:
    columns = [*chunk.scores, chunk.costs, chunk.gold, chunk.groups, chunk.keys]
    return sum(column.nbytes for column in columns if column is not None)


def read_chunk(
    table: pa.Table, spec: FilterSpec, partition: int, where: str, start: int, *, combine: bool
) -> ColumnChunk:
    """Read the columns of a filter as numbers.

    Args:
        table: a table with the columns.
        spec: the filter.
        partition: number of the partition.
        where: text of messages before the number of a row.
        start: number of the first row.
        combine: whether to combine several scores into one.

    Raises:
        DataError: a column has another type, or a value is NaN or null.
    """
    drop = spec.nulls == "drop"
    valid: npt.NDArray[np.bool_] | None = None

    def numbers(name: str) -> Any:
        nonlocal valid
        column = kernels.score_column(table.column(name), f"column {name!r}")
        _refuse_nan(name, column, where, start)
        if column.valid is not None:
            if not drop:
                row = start + int(np.argmin(column.valid))
                raise DataError(
                    "filter-null-score",
                    f"{where} {row}: {name} is null; fill it in, or leave out such rows with --nulls drop",
                )
            valid = column.valid if valid is None else valid & column.valid
        return column.values

    scores = tuple(numbers(name) for name in spec.score.columns)
    costs = None if spec.rule.cost is None else _costs(numbers(spec.rule.cost), spec, where, start)
    gold = None if spec.gold is None else _gold(table.column(spec.gold.column), spec, where, start)
    if combine and len(scores) > 1:
        scores = (_combined(scores, spec, where, start),)
    groups = None if spec.group is None else _encoded(table.column(spec.group), spec.group)
    keys = None if spec.id is None else table.column(spec.id)
    return ColumnChunk(partition, scores, valid, groups, costs, gold, keys)


def _refuse_nan(name: str, column: kernels.Column[Scores], where: str, start: int) -> None:
    values = column.values
    nan = np.isnan(values)
    if nan.any():
        row = start + int(np.argmax(nan))
        raise DataError(
            "filter-nan-score",
            f"{where} {row}: {name} is NaN; remove such rows, or write them as null and use --nulls drop",
        )


def _costs(costs: Scores, spec: FilterSpec, where: str, start: int) -> Doubles:
    wide = np.ascontiguousarray(costs, np.float64)
    bad = ~((wide >= 0) & np.isfinite(wide))
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(
            "filter-invalid-cost",
            f"{where} {start + row}: {spec.rule.cost} is {wide[row]:g}; costs must be finite and not "
            "negative",
        )
    return wide


def _gold(column: pa.ChunkedArray, spec: FilterSpec, where: str, start: int) -> GoldCodes:
    assert spec.gold is not None
    found = kernels.score_column(column, f"column {spec.gold.column!r}")
    odd = (found.values != 0) & (found.values != 1)
    if odd.any():
        row = int(np.argmax(odd))
        raise DataError(
            "filter-invalid-gold",
            f"{where} {start + row}: {spec.gold.column} is {found.values[row]:g}; gold must be true, false "
            "or null",
        )
    gold = found.values.astype(np.int8)
    if found.valid is not None:
        gold[~found.valid] = UNKNOWN
    return gold


def _combined(scores: tuple[Scores, ...], spec: FilterSpec, where: str, start: int) -> Doubles:
    score = spec.score
    table = dict(zip(score.columns, scores, strict=True))
    try:
        return aggregate(table, score.method, weights=score.weights)
    except DataError as error:
        raise DataError(error.code, f"{where} {start} and following: {error}") from None


def _encoded(column: pa.ChunkedArray, name: str) -> pa.DictionaryArray:
    try:
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        found = column.dictionary_encode("encode").combine_chunks()
    except pa.ArrowException:
        raise DataError(
            "filter-unusable-group",
            f"column {name!r} is {column.type}, which cannot be compared; group by another column",
        ) from None
    return pa.concat_arrays(found.chunks) if isinstance(found, pa.ChunkedArray) else found
