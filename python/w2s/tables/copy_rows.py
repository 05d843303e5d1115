"""The second pass of a filter: copy the kept rows of each partition, with every column, to the outputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from w2s.errors import DataError
from w2s.tables.executor import Executor
from w2s.tables.formats import Format
from w2s.tables.jsonl import JsonlPartition
from w2s.tables.partition import Mask, Partition, RowMask, check_rows, reason_of
from w2s.tables.progress import ProgressCounter
from w2s.tables.sinks import LinesSink, Output, cannot_write
from w2s.tables.source import Source

Part: TypeAlias = "pa.Table | bytes"


@dataclass(frozen=True)
class RowCopy:
    """A copy of the kept rows of a table into one or several outputs.

    Attributes:
        source: the table.
        kept: the rows.
        format: format of the outputs.
        memory: bytes for rows that are read but not yet written.
        executor: reads partitions side by side.
        steps: counts the rows.
    """

    source: Source
    kept: RowMask
    format: Format
    memory: int
    executor: Executor
    steps: ProgressCounter

    @property
    def as_lines(self) -> bool:
        """Whether lines of text are copied unchanged."""
        return self.format.kind == "jsonl" and all(
            isinstance(partition, JsonlPartition) for partition in self.source.partitions
        )

    def into(self, path: Path | None, out: Path | None = None) -> None:
        """Write to a file, or to standard output if the path is None; messages name it ``out``."""
        self.steps.begin("copying rows", sum(self.kept.partition_rows))
        with self._open(path, out or path) as output:
            for part in self._parts():
                _put(output, part)

    def into_shards(self, folder: Path, shards: int, out: Path) -> None:
        """Write files with equal numbers of rows, from ``part-00000`` on; messages name ``out``."""
        self.steps.begin("copying rows", sum(self.kept.partition_rows))
        total = self.kept.total
        edges = [total * (i + 1) // shards for i in range(shards)]
        parts = _Cuttable(self._parts())
        done = 0
        for number, edge in enumerate(edges):
            name = f"part-{number:05}{self.format.ending}"
            with self._open(folder / name, out / name) as output:
                for part in parts.take(edge - done):
                    _put(output, part)
            done = edge
        parts.check_end(f"the kept rows of {shards} shards")

    def tables(self) -> Iterator[pa.Table]:
        """The kept rows as tables, for a format other than JSON Lines."""
        self.steps.begin("copying rows", sum(self.kept.partition_rows))
        for part in self._parts():
            assert isinstance(part, pa.Table)
            yield part

    @contextmanager
    def _open(self, path: Path | None, name: Path | None) -> Iterator[Output]:
        output: Output | None = None
        try:
            output = Output(
                path, self.format, self.source.schema, style=self.source.style, memory=self.memory // 6
            )
            yield output
            output.close()
        except BaseException as error:
            if output is not None and path is not None:
                output.abandon()
            if isinstance(error, OSError | pa.ArrowException) and not isinstance(error, BrokenPipeError):
                raise cannot_write(name or "standard output", error) from None
            raise

    def _parts(self) -> Iterator[Part]:
        kept = self.kept
        numbers = [number for number, count in enumerate(kept.counts) if count]
        chosen = _ChosenRows(self.source.partitions, kept, numbers)
        schema = None if self.as_lines else self.source.schema
        return self.executor.run(
            CopyTask(schema, self.memory // 32),
            chosen,
            size=_size,
            queue_bytes=self.memory // 4 // (2 * self.executor.workers + 1),
            done=lambda place: self.steps.read(kept.partition_rows[numbers[place]]),
        )


class KeptRows(NamedTuple):
    """The kept rows of one partition.

    Attributes:
        partition: the partition.
        bits: packed flags of its rows.
        rows: number of its rows.
        total: number of kept rows.
    """

    partition: Partition
    bits: npt.NDArray[np.uint8]
    rows: int
    total: int


@dataclass(frozen=True)
class _ChosenRows(Sequence[KeptRows]):
    """The kept rows of the partitions that have any; each is made on request."""

    partitions: Sequence[Partition]
    kept: RowMask
    numbers: Sequence[int]

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, place: Any) -> Any:
        number = self.numbers[place]
        bits = np.packbits(self.kept.mask(number))
        return KeptRows(
            self.partitions[number], bits, self.kept.partition_rows[number], self.kept.counts[number]
        )


@dataclass(frozen=True)
class CopyTask:
    """Reads the kept rows of one partition, in any process.

    Attributes:
        schema: the columns; None if lines of text are copied unchanged.
        batch_bytes: bytes of rows that are read at a time.
    """

    schema: pa.Schema | None
    batch_bytes: int

    def __call__(self, chosen: KeptRows) -> Iterator[Part]:
        """The kept rows.

        Raises:
            DataError: the file is damaged.
        """
        partition = chosen.partition
        mask = np.unpackbits(chosen.bits, count=chosen.rows).view(bool)
        copied = 0
        try:
            for part in self._read(partition, mask):
                copied += _rows(part)
                yield part
        except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
            raise DataError(
                "table-unreadable", f"cannot read {partition.where}: {reason_of(error)}"
            ) from None
        check_rows(copied, chosen.total, f"the kept rows of {partition.where}")

    def _read(self, partition: Partition, mask: Mask) -> Iterator[Part]:
        if self.schema is None:
            assert isinstance(partition, JsonlPartition)
            return partition.kept_lines(mask)
        return (_cast(table, self.schema) for table in partition.masked_rows(mask, self.batch_bytes))


def _cast(table: pa.Table, schema: pa.Schema) -> pa.Table:
    if table.schema.equals(schema):
        return table.replace_schema_metadata(schema.metadata)
    return table.cast(schema)


def _size(part: Part) -> int:
    return len(part) if isinstance(part, bytes) else part.nbytes


def _put(output: Output, part: Part) -> None:
    if isinstance(part, bytes):
        assert isinstance(output.sink, LinesSink)
        output.sink.write_lines(part)
    else:
        output.sink.write(part)


class _Cuttable:
    """A stream of parts that can be split between two outputs."""

    def __init__(self, parts: Iterator[Part]) -> None:
        self._parts = parts
        self._left: Part | None = None
        self._taken = 0

    def take(self, rows: int) -> Iterator[Part]:
        """The next ``rows`` rows."""
        while rows > 0:
            part = self._left if self._left is not None else next(self._parts, None)
            if part is None:
                return
            first, self._left = _cut(part, rows)
            rows -= _rows(first)
            self._taken += _rows(first)
            yield first

    def check_end(self, where: str) -> None:
        """Read to the end, where the last partition is checked; there are no more rows.

        Raises:
            DataError: the file is damaged.
        """
        more = 0 if self._left is None else _rows(self._left)
        check_rows(self._taken + more + sum(map(_rows, self._parts)), self._taken, where)


def _rows(part: Part) -> int:
    return part.count(b"\n") if isinstance(part, bytes) else part.num_rows


def _cut(part: Part, rows: int) -> tuple[Part, Part | None]:
    """The first rows of a part, and the rest."""
    have = _rows(part)
    if have <= rows:
        return part, None
    if not isinstance(part, bytes):
        return part.slice(0, rows), part.slice(rows)
    lines = part.split(b"\n", rows)
    head = len(part) - len(lines[-1])
    return part[:head], part[head:]
