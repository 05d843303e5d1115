"""The columns that a rule reads, checked and as numbers: in chunks, or whole in memory if they fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from w2s import kernels
from w2s.aggregation import aggregate
from w2s.errors import DataError
from w2s.kernels.arrays import Flags, Scores
from w2s.kernels.columns import Doubles
from w2s.kernels.groups import Codes
from w2s.tables.candidate_rows import CandidatePartition
from w2s.tables.column_chunks import ChunkGroups, ColumnChunk, ColumnTask, GoldCodes, chunk_bytes
from w2s.tables.executor import Executor
from w2s.tables.json_rows import python_values
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


_QUEUE_BYTES = 8 << 20


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
        for item in self._executor.run(read, numbered, size=chunk_bytes, queue_bytes=_QUEUE_BYTES):
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
