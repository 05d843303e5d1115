"""The second pass: the kept rows of each piece, with every column, into the outputs.

Knows nothing about why they are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa

from w2s.tables.formats import Format
from w2s.tables.kept import Kept
from w2s.tables.lines import LinesPiece
from w2s.tables.marker import remove
from w2s.tables.ordered import InOrder
from w2s.tables.piece import Piece
from w2s.tables.progress import Steps
from w2s.tables.sinks import LinesSink, Output, cannot_write
from w2s.tables.source import Source

Part: TypeAlias = "pa.Table | bytes"


@dataclass(frozen=True)
class Copying:
    """How rows are copied.

    Attributes:
        source: the table.
        kept: the rows.
        form: of the outputs.
        memory: bytes for what is read and not yet written.
        threads: pieces read side by side.
        steps: told of every row.
    """

    source: Source
    kept: Kept
    form: Format
    memory: int
    threads: int
    steps: Steps

    @property
    def as_lines(self) -> bool:
        """Whether lines of text are copied as they stand."""
        return self.form.kind == "jsonl" and all(
            isinstance(piece, LinesPiece) for piece in self.source.pieces
        )

    def into(self, path: Path | None) -> None:
        """One output; standard output where there is no path."""
        self.steps.begin("copying rows", sum(self.kept.piece_rows))
        with self._open(path) as output:
            for part in self._parts():
                _put(output, part)

    def into_shards(self, folder: Path, shards: int) -> None:
        """Outputs of equally many rows, one after another: ``part-00000`` first."""
        self.steps.begin("copying rows", sum(self.kept.piece_rows))
        total = self.kept.total
        edges = [total * (i + 1) // shards for i in range(shards)]
        parts = _Cuttable(self._parts())
        done = 0
        for number, edge in enumerate(edges):
            with self._open(folder / f"part-{number:05}{self.form.ending}") as output:
                for part in parts.take(edge - done):
                    _put(output, part)
            done = edge

    @contextmanager
    def _open(self, path: Path | None) -> Iterator[Output]:
        output: Output | None = None
        try:
            output = Output(
                path, self.form, self.source.schema, style=self.source.style, memory=self.memory // 6
            )
            yield output
            output.close()
        except BaseException as error:
            if output is not None and path is not None:
                output.abandon()
            if isinstance(error, OSError | pa.ArrowException) and not isinstance(error, BrokenPipeError):
                raise cannot_write(path or "standard output", error) from None
            raise

    def _parts(self) -> Iterator[Part]:
        works = [self._work(number) for number, count in enumerate(self.kept.counts) if count]
        lane = self.memory // 4 // (2 * self.threads + 1)
        size: Callable[[Part], int] = _size
        yield from InOrder(works, size, threads=self.threads, lane_bytes=lane)

    def _work(self, number: int) -> Callable[[], Iterable[Part]]:
        piece: Piece = self.source.pieces[number]

        def run() -> Iterator[Part]:
            mask = self.kept.mask(number)
            if self.as_lines:
                assert isinstance(piece, LinesPiece)
                yield from piece.kept_lines(mask)
            else:
                yield from (self._cast(table) for table in piece.kept(mask, self.memory // 32))
            self.steps.read(len(mask))

        return run

    def _cast(self, table: pa.Table) -> pa.Table:
        if table.schema.equals(self.source.schema):
            return table.replace_schema_metadata(self.source.schema.metadata)
        return table.cast(self.source.schema)


def _size(part: Part) -> int:
    return len(part) if isinstance(part, bytes) else part.nbytes


def _put(output: Output, part: Part) -> None:
    if isinstance(part, bytes):
        assert isinstance(output.sink, LinesSink)
        output.sink.write_lines(part)
    else:
        output.sink.write(part)


class _Cuttable:
    """Parts that can be cut between two outputs."""

    def __init__(self, parts: Iterator[Part]) -> None:
        self._parts = parts
        self._left: Part | None = None

    def take(self, rows: int) -> Iterator[Part]:
        """The next so many rows."""
        while rows > 0:
            part = self._left if self._left is not None else next(self._parts)
            first, self._left = _cut(part, rows)
            rows -= _rows(first)
            yield first


def _rows(part: Part) -> int:
    return part.count(b"\n") if isinstance(part, bytes) else part.num_rows


def _cut(part: Part, rows: int) -> tuple[Part, Part | None]:
    """The first rows of a part, and what is left."""
    have = _rows(part)
    if have <= rows:
        return part, None
    if not isinstance(part, bytes):
        return part.slice(0, rows), part.slice(rows)
    lines = part.split(b"\n", rows)
    head = len(part) - len(lines[-1])
    return part[:head], part[head:]


@contextmanager
def beside(out: Path, *, folder: bool) -> Iterator[Path]:
    """A place beside an output in which it grows; removed if it does not get to be renamed.

    Raises:
        W2sError: nothing can be written there.
    """
    part = out.with_name(f".{out.name}.part")
    try:
        remove(part)
        if folder:
            part.mkdir()
        else:
            part.touch()
    except OSError as error:
        raise cannot_write(out, error) from None
    try:
        yield part
    finally:
        if part.exists():
            remove(part)
