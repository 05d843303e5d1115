"""Bytes of files: Parquet footers, pages of texts and the rows of them that are kept, and lines of JSON.

The pages are already decompressed. Layouts: https://github.com/apache/parquet-format.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from w2s import _core
from w2s.kernels.arrays import Flags
from w2s.kernels.core_errors import core_errors

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int32]
Positions = npt.NDArray[np.int64]

PLAIN = 0
RLE = 3
DICTIONARY = (2, 8)
"""Encodings of values that :func:`kept_texts` reads."""


class PageHeader(NamedTuple):
    """The header of a page.

    Attributes:
        kind: data, with levels before the values; data2, with separate, uncompressed levels; dictionary;
            other.
        header_bytes: bytes of the header.
        compressed_bytes: bytes of the page in the file, after the header.
        page_bytes: bytes of the page, decompressed.
        values: number of values, nulls included.
        encoding: encoding of the values.
        definition_bytes: bytes of the definition levels of data2.
        repetition_bytes: bytes of the repetition levels of data2.
        is_compressed: whether the values of data2 are compressed; true for the other kinds.
        checksum: CRC-32 of the page in the file; None if the writer gave none.
        level_encoding: encoding of the definition levels of data; :data:`RLE` for the other kinds.
    """

    kind: Literal["data", "data2", "dictionary", "other"]
    header_bytes: int
    compressed_bytes: int
    page_bytes: int
    values: int
    encoding: int
    definition_bytes: int
    repetition_bytes: int
    is_compressed: bool
    checksum: int | None
    level_encoding: int = RLE


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


class Texts(NamedTuple):
    """n texts in Arrow's layout: n + 1 offsets, the bytes, and n bits that are clear where null."""

    offsets: Offsets
    data: Bytes
    valid: Bytes | None
    nulls: int


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


def lz4_length(block: Bytes) -> int | None:
    """Bytes that a raw LZ4 block decompresses to; None where it is cut off."""
    return _core.lz4_length(block)


def page_header(data: Bytes, at: int) -> PageHeader | None:
    """The header at an offset; None where the bytes end before the header does.

    Raises:
        DataError: the bytes are not a page header.
    """
    with core_errors():
        found = _core.page_header(data, at)
    return None if found is None else PageHeader(*cast("tuple[Any, ...]", found))


def kept_texts(
    levels: Bytes | None, page: Bytes, keep: Flags, dictionary: tuple[Offsets, Bytes] | None = None
) -> Texts:
    """The texts of the rows of a page that are kept.

    Args:
        levels: one-bit definition levels in runs; None where the column cannot be null.
        page: the values, plain, or places in the dictionary.
        keep: a flag for each row of the page.
        dictionary: offsets and texts.

    Raises:
        DataError: the page is damaged.
    """
    with core_errors():
        return Texts(*_core.kept_texts(levels, page, keep, dictionary))


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
