"""The columns that a rule reads, checked and as numbers: in chunks, or whole in memory if they fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from w2s import kernels
from w2s.aggregation import aggregate
from w2s.errors import DataError
from w2s.kernels.arrays import Flags, Scores
from w2s.kernels.columns import Doubles
from w2s.kernels.groups import Codes
from w2s.tables.candidate_rows import CandidatePartition, ConditionBits
from w2s.tables.executor import Executor
from w2s.tables.json_rows import python_values
from w2s.tables.partition import Partition, reason_of
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
    partitions: Sequence[Partition],
    spec: FilterSpec,
    *,
    memory: int,
    executor: Executor,
    steps: ProgressCounter,
) -> ScoreColumns:
    """Read the columns of all partitions into memory.

    Raises:
        ColumnsTooLargeError: as soon as they exceed ``memory`` bytes.
        DataError: a value cannot be used, or a key repeats.
    """
    if _least_bytes(partitions, spec) > memory:
        raise ColumnsTooLargeError
    whole = spec.score.method in RANKING and len(spec.score.columns) > 1
    reader = ColumnReader(partitions, spec, executor=executor, combine=not whole)
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
        _groups(_joined(parts[2]), reader.group_keys) if spec.groups else None,
        _joined(parts[3]) if spec.rule.cost else None,
        _joined(parts[4]) if spec.gold else None,
    )


def _least_bytes(partitions: Sequence[Partition], spec: FilterSpec) -> int:
    """A lower bound of the bytes of the columns, from known numbers of rows."""
    rows = sum(partition.rows or 0 for partition in partitions)
    group, cost, gold = bool(spec.groups), spec.rule.cost is not None, spec.gold is not None
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
    """The keys in ascending order, None last; keys of several columns are tuples.

    Raises:
        DataError: keys have types that cannot be compared.
    """
    try:
        return sorted(seen, key=_order)
    except TypeError:
        examples = " and ".join(repr(key) for key in list(seen)[:2])
        raise DataError(
            "filter-unusable-group",
            f"the groups have several types, for example {examples}; give all of them one type",
        ) from None


def _order(key: Any) -> Any:
    return tuple(map(_order, key)) if isinstance(key, tuple) else (key is None, 0 if key is None else key)


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
            value = python_values(repeated.field("values")[:1])[0]
            rows = repeated.field("counts")[0].as_py()
            raise DataError(
                "filter-repeated-id",
                f"{self._name} {value!r} occurs in {rows} rows, and {len(repeated)} ids repeat; remove the "
                "copies first",
            )


GoldCodes = npt.NDArray[np.int8]
UNKNOWN = -1
"""The gold of a row whose answer is not known; 1 right, 0 wrong."""

_QUEUE_BYTES = 8 << 20


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


class ColumnReader:
    """Reads the columns of a filter in chunks, and numbers the groups."""

    def __init__(
        self, partitions: Sequence[Partition], spec: FilterSpec, *, executor: Executor, combine: bool = True
    ) -> None:
        """Prepare to read; ``combine`` combines several scores of a row into one."""
        self._partitions = partitions
        self._request = spec
        self._executor = executor
        self._combine = combine
        self.group_keys: dict[Any, int] = {}

    def __iter__(self) -> Iterator[ColumnChunk]:
        """Yield all chunks in the order of the table; partitions are read in parallel."""
        read = ColumnTask(replace(self._request, where=None), combine=self._combine)
        numbered = list(enumerate(self._partitions))
        for item in self._executor.run(read, numbered, size=_size, queue_bytes=_QUEUE_BYTES):
            if isinstance(item, ColumnChunk):
                yield item
                continue
            partition = self._partitions[item.partition]
            assert isinstance(partition, CandidatePartition)
            partition.remember(item.bits)

    def codes(self, groups: ChunkGroups) -> Codes:
        """Group numbers of a chunk, consistent across chunks, in order of first occurrence."""
        seen = self.group_keys
        own = np.array([seen.setdefault(key, len(seen)) for key in groups.keys] or [0], np.uint32)
        codes: Codes = own[groups.indices]
        return codes


class _CandidateBits(NamedTuple):
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

    def __call__(self, numbered: tuple[int, Partition]) -> Iterator[ColumnChunk | _CandidateBits]:
        """The chunks of a partition, which comes with its number."""
        number, partition = numbered
        yield from self._chunks(number, partition)
        if isinstance(partition, CandidatePartition):
            yield _CandidateBits(number, partition.bits)

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


def _size(chunk: ColumnChunk | _CandidateBits) -> int:
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
