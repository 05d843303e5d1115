"""Bytes of files: Parquet footers, the kept rows of Parquet columns, and lines of JSON.

Layouts: https://github.com/apache/parquet-format.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from w2s import _core
from w2s.kernels.arrays import Flags
from w2s.kernels.core_errors import core_errors

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int32] | npt.NDArray[np.int64]
Positions = npt.NDArray[np.int64]


class ChunkPlace(NamedTuple):
    """One column of one row group.

    Attributes:
        physical_type: number of the type in the format; 6 is for texts.
        codec: number of the compression in the format.
        encodings: one bit per encoding, by its number in the format.
        begin: first byte of its first page.
        end: byte after its last page.
        n_bytes: bytes of its pages, decompressed.
        values: number of values, nulls included.
        has_dictionary: 1 if it has a dictionary page.
    """

    physical_type: int
    codec: int
    encodings: int
    begin: int
    end: int
    n_bytes: int
    values: int
    has_dictionary: int


class FlatChunk(NamedTuple):
    """A column chunk of values that are neither nested nor in lists.

    Attributes:
        name: name of the column, for messages.
        layout: texts, with offsets of 32 bits; wide-texts, with offsets of 64 bits; bits; and for values of
            one width: same; low, the lowest bytes; signed, extended by the sign; reversed, from the highest
            byte first and extended by the sign.
        stored: bytes of a value in the file; 0 for texts and bits.
        width: bytes of a value in Arrow; 0 for texts and bits.
        physical_type: number of the type in the format.
        codec: number of the compression in the format: 0, 1, 2, 6 or 7.
        nullable: whether values have definition levels.
        begin: first byte of its first page.
        end: byte after its last page.
        n_bytes: bytes of its pages, decompressed.
    """

    name: str
    layout: str
    stored: int
    width: int
    physical_type: int
    codec: int
    nullable: bool
    begin: int
    end: int
    n_bytes: int


class ColumnPiece(NamedTuple):
    """Consecutive values of a column in Arrow's layout.

    Attributes:
        rows: number of values.
        offsets: where each text begins and the last ends; None if values have one width.
        data: the values.
        valid: a bit for each value, clear where it is null; None if none is null.
        nulls: number of nulls.
    """

    rows: int
    offsets: Offsets | None
    data: Bytes
    valid: Bytes | None
    nulls: int


class GroupReader:
    """The kept rows of some columns of a Parquet row group.

    Pages without a kept row are not decompressed, and only kept values are copied.
    """

    def __init__(self, path: Path, chunks: Sequence[FlatChunk], keep: Flags) -> None:
        """Open the file.

        Args:
            path: the file.
            chunks: columns of one row group.
            keep: a flag for each row of the row group.

        Raises:
            OSError: the file cannot be opened.
        """
        self._reader = _core.GroupReader(path, list(chunks), keep)

    def take(self, count: int) -> list[list[ColumnPiece]]:
        """The next ``count`` kept rows: the pieces of each column.

        Raises:
            DataError: a column is damaged; the message names it.
            OSError: the file cannot be read.
        """
        with core_errors():
            columns = self._reader.take(count)
        return [[ColumnPiece(*piece) for piece in pieces] for pieces in columns]

    def finish(self) -> None:
        """Check that the pages behind the last kept row have the other rows of the row group.

        Raises:
            DataError: they have more or fewer, so that values may belong to other rows.
        """
        with core_errors():
            self._reader.finish()


def footer(data: Bytes, size: int) -> tuple[Positions, Positions]:
    """Row groups, (n, 2) rows and bytes; and chunks, (n × columns, 8) fields of :class:`ChunkPlace`.

    Args:
        data: the footer, without its length and the magic bytes.
        size: bytes of the file in front of the footer.

    Raises:
        DataError: it is damaged or contradicts itself, or columns are encrypted.
    """
    with core_errors():
        return _core.footer(data, size)


class LineCheck(NamedTuple):
    """The result of a check of the lines of a block.

    Attributes:
        blank: indices of lines of white space alone.
        fault: the first line that does not begin with ``{`` and end in ``}``, or nests too deep; None if
            every other line may be one object.
        is_deep: whether that line nests too deep.
    """

    blank: list[int]
    fault: int | None
    is_deep: bool


def check_lines(block: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64], deepest: int) -> LineCheck:
    """Check the lines of a block, without parsing them.

    Args:
        block: the lines with their newlines.
        offsets: where each line begins and the last ends.
        deepest: how deep brackets may nest, texts aside.

    Example:
        >>> block = np.frombuffer(b"{}. .[1].".replace(b".", bytes([10])), np.uint8)
        >>> check_lines(block, np.array([0, 3, 5, 9]), 100)
        LineCheck(blank=[1], fault=2, is_deep=False)
    """
    blank, fault = _core.check_lines(block, offsets, deepest)
    return LineCheck(blank, None, False) if fault is None else LineCheck(blank, *fault)


def key_count(block: Bytes) -> int:
    """How many different keys, each with the keys around it, a block of JSON holds.

    Example:
        >>> key_count(np.frombuffer(b'{"a":{"b":[{"b":1}]}}', np.uint8))
        3
    """
    return _core.key_count(block)
