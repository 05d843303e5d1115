"""Standard input copied to a temporary file, which can be read twice.

Rows that cannot be kept are skipped.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa

from w2s.errors import DataError, W2sError
from w2s.kernels.arrays import Scores
from w2s.tables.column_chunks import read_chunk
from w2s.tables.formats import Format
from w2s.tables.json_tables import infer_schema, join_lines, parse
from w2s.tables.jsonl import BYTE_ORDER_MARK, blocks_of
from w2s.tables.partition import Mask, arrow_mask, reason_of
from w2s.tables.progress import ProgressCounter
from w2s.tables.source import require_columns
from w2s.tables.spec import RANKING, FilterSpec

_HEAD = 16
_COPY_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class SpilledStream:
    """A stream that was copied to a file.

    Attributes:
        path: the file.
        rows: rows of the stream if some were skipped; None if the file holds them all.
        dropped: skipped rows with a null.
    """

    path: Path
    rows: int | None = None
    dropped: int = 0


def spill(
    stream: IO[bytes], folder: Path, spec: FilterSpec, form: Format | None, steps: ProgressCounter
) -> SpilledStream:
    """Copy a stream to a file in a folder.

    Raises:
        UsageError: the lines have no such column.
        DataError: the stream is empty or has another format.
        W2sError: the disk is full.
    """
    head = stream.read(_HEAD).removeprefix(BYTE_ORDER_MARK)
    if not head:
        raise DataError("table-empty", "standard input is empty")
    found = form or sniff(head)
    path = folder / f"stream{found.ending}"
    try:
        with path.open("wb") as file:
            if found.kind == "jsonl" and (prefilter := prefilter_of(spec)):
                return _filtered(_PrependedStream(head, stream), found, file, path, spec, prefilter, steps)
            file.write(head)
            shutil.copyfileobj(stream, file, _COPY_BYTES)
    except OSError as error:
        raise W2sError(
            "filter-no-temporary-space",
            f"cannot copy standard input to {folder}: {error.strerror}; set TMPDIR to a larger folder",
        ) from None
    return SpilledStream(path)


def sniff(head: bytes) -> Format:
    """Guess the format of a stream from its first bytes.

    Raises:
        DataError: they begin a JSON array.
    """
    if head.startswith(b"PAR1"):
        return Format("parquet")
    if head.startswith((b"ARROW1", b"\xff\xff\xff\xff")):
        return Format("arrow")
    if head.startswith(b"\x1f\x8b"):
        return Format("jsonl", "gzip")
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        return Format("jsonl", "zstd")
    if head.lstrip().startswith(b"["):
        raise DataError(
            "table-json-array",
            "standard input is a JSON array; write one object per line, for example with jq -c '.[]'",
        )
    return Format("jsonl" if head.lstrip()[:1] in {b"{", b""} else "csv")


class _PrependedStream:
    """A stream with the bytes that were read already in front."""

    def __init__(self, head: bytes, stream: IO[bytes]) -> None:
        self._head = head
        self._stream = stream
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes."""
        if self._head:
            head, self._head = self._head, b""
            return head
        return self._stream.read(size)

    def readable(self) -> bool:
        """Always true."""
        return True

    def close(self) -> None:
        """Mark as closed; the stream itself stays open."""
        self.closed = True


class RangePrefilter:
    """Skips rows whose score is outside limits."""

    def __init__(self, low: float, high: float | None) -> None:
        self._low, self._high = low, np.inf if high is None else high

    def may_keep(self, scores: Scores) -> Mask:
        """Flags of the rows that may be kept."""
        flags: Mask = (scores >= self._low) & (scores <= self._high)
        return flags


class TopPrefilter:
    """Skips rows below the k best scores so far; ties with the k-th may be kept."""

    def __init__(self, k: int) -> None:
        self._k = k
        self._best: Scores = np.zeros(0)
        self._cut = -np.inf

    def may_keep(self, scores: Scores) -> Mask:
        """Flags of the rows that may be kept."""
        flags: Mask = scores >= self._cut
        if self._k:
            best = np.concatenate([self._best, scores[flags]])
            if len(best) >= self._k:
                place = len(best) - self._k
                best = np.partition(best, place)[place:]
                self._cut = float(best[0])
            self._best = best
            return flags & (scores >= self._cut)
        return np.zeros(len(scores), bool)


def prefilter_of(spec: FilterSpec) -> RangePrefilter | TopPrefilter | None:
    """The prefilter for a rule, if the rule allows one."""
    rule = spec.rule
    whole = len(spec.score.columns) > 1 and spec.score.method in RANKING
    may_be_nested = any("." in name for name in spec.columns)
    if spec.groups or spec.gold or spec.id or spec.where or whole or may_be_nested:
        return None
    if rule.kind in {"threshold", "band"}:
        return RangePrefilter(*rule.limits)
    if rule.kind == "top" and rule.top_count is not None:
        return TopPrefilter(rule.top_count)
    return None


def _filtered(
    stream: Any,
    form: Format,
    file: IO[bytes],
    path: Path,
    spec: FilterSpec,
    prefilter: RangePrefilter | TopPrefilter,
    steps: ProgressCounter,
) -> SpilledStream:
    rows = dropped = 0
    form_path = path.with_name("stream.jsonl")
    with form_path.open("wb") as out:
        for lines in _blocks(stream, form):
            if not rows:
                require_columns(infer_schema(lines, _row_name, ragged=True), spec.columns)
            table = parse(lines, _schema(spec), partial(_line_after, rows))
            chunk = read_chunk(table, spec, 0, _row_name, rows, combine=True)
            flags = prefilter.may_keep(chunk.scores[0])
            if chunk.valid is not None:
                dropped += int(np.count_nonzero(~chunk.valid))
                flags &= chunk.valid
            if not rows:
                flags[0] = True  # a file without a line has no columns
            rows += chunk.rows
            steps.read(chunk.rows)
            if flags.any():
                out.write(join_lines(lines.filter(arrow_mask(flags))))
    return SpilledStream(form_path, rows, dropped)


def _row_name(row: int) -> str:
    return f"standard input, line {row + 1}"


def _line_after(start: int, line: int) -> str:
    return _row_name(start + line)


def _schema(spec: FilterSpec) -> pa.Schema:
    numbers = [*spec.score.columns, *([spec.rule.cost] if spec.rule.cost else [])]
    return pa.schema([(name, pa.float64()) for name in numbers])


def _blocks(stream: Any, form: Format) -> Iterator[pa.Array]:
    try:
        opened: Any = pa.PythonFile(stream, "r")
        if form.compression:
            opened = pa.CompressedInputStream(opened, form.compression)
        yield from blocks_of(opened, _row_name)
    except (OSError, pa.ArrowException) as error:
        raise DataError("table-unreadable", f"cannot read standard input: {reason_of(error)}") from None
