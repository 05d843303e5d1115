"""A stream becomes a file that can be read twice; rows that cannot be kept any more are not written.

Knows nothing about outputs.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa

from w2s.errors import DataError, W2sError
from w2s.kernels.arrays import Scores
from w2s.tables.chunks import read_chunk
from w2s.tables.formats import Format, format_named
from w2s.tables.lines import blocks_of, parse, text_of
from w2s.tables.parquet import first_line
from w2s.tables.piece import Mask, arrow_mask
from w2s.tables.progress import Steps
from w2s.tables.request import RANKING, Request

_HEAD = 16
_COPY_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Spilled:
    """A stream as a file.

    Attributes:
        path: the file.
        rows: of the stream, where rows were left out of the file; None where it holds them all.
        dropped: rows left out for a null, likewise.
    """

    path: Path
    rows: int | None = None
    dropped: int = 0


def spill(stream: IO[bytes], folder: Path, request: Request, form: str | None, steps: Steps) -> Spilled:
    """Write a stream to a file in a folder.

    Raises:
        DataError: the stream is empty or not of the format.
        W2sError: the disk is full.
    """
    head = stream.read(_HEAD)
    if not head:
        raise DataError("standard input is empty: there is nothing to filter")
    found = format_named(form) if form else sniff(head)
    path = folder / f"stream{found.ending}"
    try:
        with path.open("wb") as file:
            if found.kind == "jsonl" and (prefilter := prefilter_of(request)):
                return _filtered(_Rejoined(head, stream), found, file, path, request, prefilter, steps)
            file.write(head)
            shutil.copyfileobj(stream, file, _COPY_BYTES)
    except OSError as error:
        raise W2sError(
            f"cannot write {path}: {error.strerror}; set TMPDIR to a folder with room for the stream"
        ) from None
    return Spilled(path)


def sniff(head: bytes) -> Format:
    """The format of a stream by its first bytes; lines of text where they say nothing."""
    if head.startswith(b"PAR1"):
        return Format("parquet")
    if head.startswith((b"ARROW1", b"\xff\xff\xff\xff")):
        return Format("arrow")
    if head.startswith(b"\x1f\x8b"):
        return Format("jsonl", "gzip")
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        return Format("jsonl", "zstd")
    return Format("jsonl" if head.lstrip()[:1] in {b"{", b""} else "csv")


class _Rejoined:
    """A stream whose first bytes were read already."""

    def __init__(self, head: bytes, stream: IO[bytes]) -> None:
        self._head = head
        self._stream = stream
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        """So many bytes, or fewer at the end."""
        if self._head:
            head, self._head = self._head, b""
            return head
        return self._stream.read(size)

    def readable(self) -> bool:
        """Yes."""
        return True

    def close(self) -> None:
        """The stream is not ours."""
        self.closed = True


class Limits:
    """Rows outside limits are not kept."""

    def __init__(self, low: float, high: float | None) -> None:
        self._low, self._high = low, np.inf if high is None else high

    def may_keep(self, scores: Scores) -> Mask:
        """Rows that may be kept."""
        flags: Mask = (scores >= self._low) & (scores <= self._high)
        return flags


class Best:
    """Rows below the k best so far are not kept; those that tie with the k-th may be."""

    def __init__(self, k: int) -> None:
        self._k = k
        self._best: Scores = np.zeros(0)
        self._cut = -np.inf

    def may_keep(self, scores: Scores) -> Mask:
        """Rows that may be kept."""
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


def prefilter_of(request: Request) -> Limits | Best | None:
    """What tells rows of a stream that cannot be kept, where something does."""
    rule = request.rule
    whole = len(request.scoring.columns) > 1 and request.scoring.method in RANKING
    if request.group or request.gold or request.key or whole:
        return None
    if rule.kind in {"threshold", "band"}:
        return Limits(*rule.limits)
    if rule.kind == "top" and rule.top_count is not None:
        return Best(rule.top_count)
    return None


def _filtered(
    stream: Any,
    form: Format,
    file: IO[bytes],
    path: Path,
    request: Request,
    prefilter: Limits | Best,
    steps: Steps,
) -> Spilled:
    rows = dropped = 0
    form_path = path.with_name("stream.jsonl")
    with form_path.open("wb") as out:
        for lines in _blocks(stream, form):
            table = parse(lines, "standard input", _schema(request))
            chunk = read_chunk(table, request, 0, "standard input, row", rows, combine=True)
            flags = prefilter.may_keep(chunk.scores[0])
            if chunk.valid is not None:
                dropped += int(np.count_nonzero(~chunk.valid))
                flags &= chunk.valid
            rows += chunk.rows
            steps.read(chunk.rows)
            if flags.any():
                out.write(text_of(lines.filter(arrow_mask(flags))))
    return Spilled(form_path, rows, dropped)


def _schema(request: Request) -> pa.Schema:
    numbers = [*request.scoring.columns, *([request.rule.cost] if request.rule.cost else [])]
    return pa.schema([(name, pa.float64()) for name in numbers])


def _blocks(stream: Any, form: Format) -> Iterator[pa.Array]:
    try:
        opened: Any = pa.PythonFile(stream, "r")
        if form.wrapping:
            opened = pa.CompressedInputStream(opened, form.wrapping)
        yield from blocks_of(opened)
    except pa.ArrowException as error:
        raise DataError(f"cannot read standard input: {first_line(error)}") from None
