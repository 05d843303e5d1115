"""String columns of a Parquet row group, read page by page; only strings of kept rows are copied.

Arrow decodes whole columns. Copying only the kept strings saves most of the work if strings are long and few
rows are kept. Pages without a kept row are not decompressed.
"""

from __future__ import annotations

import zlib
from collections import deque
from dataclasses import dataclass
from io import RawIOBase
from typing import Any

import numpy as np
import pyarrow as pa

from w2s.errors import DataError
from w2s.kernels.pages import (
    DICTIONARY,
    PLAIN,
    RLE,
    Bytes,
    ChunkPlace,
    Offsets,
    PageHeader,
    kept_texts,
    lz4_length,
    page_header,
)
from w2s.tables.partition import Mask

_WINDOW_BYTES = 4 << 20
_CODECS = {0: None, 1: "snappy", 2: "gzip", 4: "brotli", 6: "zstd", 7: "lz4_raw"}
_BYTE_ARRAY = 6
_ENCODINGS = sum(1 << number for number in (0, 2, 3, 4, 8))  # plain, dictionaries, and those of levels
_LEVELS_V1_BYTES = 4
_LENGTH_BYTES = 4  # in front of each plain text
_HEADER_BYTES = 1 << 10  # hold most page headers


@dataclass(frozen=True, slots=True)
class StringChunk:
    """The place of a string column in a file.

    Attributes:
        name: name of the column.
        kind: string, binary or their large forms.
        begin: first byte of the column chunk.
        end: byte after the last one.
        codec: compression; None if uncompressed.
        nullable: whether values have definition levels.
        n_bytes: bytes of all pages, decompressed.
    """

    name: str
    kind: pa.DataType
    begin: int
    end: int
    codec: str | None
    nullable: bool
    n_bytes: int


def is_text_column(field: pa.Field, column: Any) -> bool:
    """Whether a column holds texts that are neither nested nor in lists.

    Args:
        field: the column in the Arrow schema.
        column: the column in the Parquet schema.
    """
    kinds = (pa.string(), pa.large_string(), pa.binary(), pa.large_binary())
    return (
        field.type in kinds
        and column.path == field.name
        and column.max_repetition_level == 0
        and column.max_definition_level <= 1
    )


def string_chunk(field: pa.Field, chunk: ChunkPlace, *, nullable: bool) -> StringChunk | None:
    """The column chunk if it can be read page by page; None if Arrow must read it.

    Args:
        field: a column of :func:`is_text_column`.
        chunk: its place in the file.
        nullable: whether values have definition levels.
    """
    known = (
        chunk.physical_type == _BYTE_ARRAY and chunk.codec in _CODECS and not chunk.encodings & ~_ENCODINGS
    )
    if not known or not chunk.values:
        return None
    codec = _CODECS[chunk.codec]
    return StringChunk(field.name, field.type, chunk.begin, chunk.end, codec, nullable, chunk.n_bytes)


class StringReader:
    """Yields the kept strings of a column in order."""

    def __init__(self, file: RawIOBase, chunk: StringChunk, mask: Mask, where: str) -> None:
        """Prepare to read; ``mask`` has one flag per row of the row group."""
        self._pages = _Pages(file, chunk, where)
        self._chunk = chunk
        self._mask = mask
        self._row = 0
        self._ready: deque[pa.Array] = deque()
        self._count = 0
        self._dictionary: tuple[Offsets, Bytes] | None = None

    def take(self, count: int) -> pa.ChunkedArray:
        """The next ``count`` kept strings."""
        while self._count < count:
            self._next_page()
        taken = []
        self._count -= count
        while count:
            array = self._ready.popleft()
            if len(array) > count:
                self._ready.appendleft(array.slice(count))
                array = array.slice(0, count)
            taken.append(array)
            count -= len(array)
        return pa.chunked_array(taken, self._chunk.kind)

    def check_rest(self) -> None:
        """Check that the pages that were not needed have the other rows.

        Raises:
            DataError: they have more or fewer, so that texts may belong to other rows.
        """
        while self._row < len(self._mask):
            header = self._pages.header(_HEADER_BYTES)
            self._pages.skip(header)
            if header.kind in {"data", "data2"}:
                self._row += header.values
        if self._row > len(self._mask):
            raise self._pages.damaged("it has more values than rows")

    def _next_page(self) -> None:
        header = self._pages.header()
        if header.kind == "dictionary":
            self._dictionary = self._read_dictionary(header)
        elif header.kind == "other":
            self._pages.skip(header)
        else:
            keep = self._mask[self._row : self._row + header.values]
            if len(keep) < header.values:
                raise self._pages.damaged("it has more values than rows")
            self._row += header.values
            if keep.any():
                self._add(self._texts(header, keep))
            else:
                self._pages.skip(header)

    def _read_dictionary(self, header: PageHeader) -> tuple[Offsets, Bytes]:
        body = self._pages.body(header)
        if header.values > len(body) // _LENGTH_BYTES:
            raise self._pages.damaged("its dictionary is cut off")
        try:
            texts = kept_texts(None, body, np.ones(header.values, bool))
        except DataError as error:
            raise self._pages.damaged(str(error)) from None
        return texts.offsets, texts.data

    def _add(self, array: pa.Array) -> None:
        self._ready.append(array)
        self._count += len(array)

    def _texts(self, header: PageHeader, keep: Mask) -> pa.Array:
        levels, values = self._split(header)
        if header.encoding != PLAIN and (header.encoding not in DICTIONARY or self._dictionary is None):
            raise self._pages.damaged(f"a page has encoding {header.encoding}")
        dictionary = None if header.encoding == PLAIN else self._dictionary
        try:
            texts = kept_texts(levels, values, keep, dictionary)
        except DataError as error:
            raise self._pages.damaged(str(error)) from None
        offsets = texts.offsets
        if self._chunk.kind in (pa.large_string(), pa.large_binary()):
            offsets = offsets.astype(np.int64)
        valid = None if texts.valid is None else pa.py_buffer(texts.valid)
        buffers = [valid, pa.py_buffer(offsets), pa.py_buffer(texts.data)]
        return pa.Array.from_buffers(self._chunk.kind, len(offsets) - 1, buffers, texts.nulls)

    def _split(self, header: PageHeader) -> tuple[Bytes | None, Bytes]:
        """The definition levels and the values of a page."""
        body = self._pages.body(header)
        if header.kind == "data2":
            levels_end = header.repetition_bytes + header.definition_bytes
            levels, values = body[header.repetition_bytes : levels_end], body[levels_end:]
            return (levels if self._chunk.nullable else None), values
        if not self._chunk.nullable:
            return None, body
        if header.level_encoding != RLE:
            raise self._pages.damaged(f"the levels of a page have encoding {header.level_encoding}")
        size = int(body[:_LEVELS_V1_BYTES].view("<u4")[0]) if len(body) >= _LEVELS_V1_BYTES else len(body)
        end = _LEVELS_V1_BYTES + size
        if end > len(body):
            raise self._pages.damaged("levels reach beyond their page")
        return body[_LEVELS_V1_BYTES:end], body[end:]


_STREAMED = ("gzip", "brotli", "zstd")
"""Codecs that may hold no size, or hold several frames; they can be read as streams."""


def claimed_size(codec: str, raw: Bytes) -> int | None:
    """The decompressed size that compressed bytes state, and that decompression checks; None if unknown."""
    if codec == "lz4_raw":
        return lz4_length(raw)
    data = raw[-4:].tobytes() if codec == "gzip" else raw[:16].tobytes()
    if codec == "gzip":
        return int.from_bytes(data, "little")
    if codec == "snappy":
        return _varint(data)
    if codec == "zstd" and len(data) > 5:
        single, flag = data[4] >> 5 & 1, data[4] >> 6
        width = (1 if single else 0, 2, 4, 8)[flag]
        at = 5 + (not single) + (0, 1, 2, 4)[data[4] & 3]
        return int.from_bytes(data[at : at + width], "little") + (256 if width == 2 else 0) if width else None
    return None


def _varint(data: bytes) -> int:
    value = 0
    for place, byte in enumerate(data[:5]):
        value |= (byte & 127) << 7 * place
        if byte < 128:
            break
    return value


class _Pages:
    """The pages of a column chunk, one after another, read through a window."""

    def __init__(self, file: RawIOBase, chunk: StringChunk, where: str) -> None:
        self._file = file
        self._chunk = chunk
        self._where = where
        self._at = chunk.begin  # of the page to come
        self._buffer: Bytes = np.zeros(0, np.uint8)  # kept, so that its memory is touched once
        self._window: Bytes = self._buffer
        self._begin = chunk.begin
        self._codec = None if chunk.codec is None else pa.Codec(chunk.codec)

    def header(self, window: int = _WINDOW_BYTES) -> PageHeader:
        """Read the header of the next page and move behind it; ``window`` bytes are read at a time."""
        size = _HEADER_BYTES
        while True:
            self._have(min(size, self._chunk.end - self._at), window)
            try:
                found = page_header(self._window, self._at - self._begin)
            except DataError as error:
                raise self.damaged(str(error)) from None
            if found is not None:
                self._at += found.header_bytes
                if self._at + found.compressed_bytes > self._chunk.end:
                    raise self.damaged("a page reaches beyond its end")
                if found.page_bytes > max(self._chunk.n_bytes, found.compressed_bytes):
                    raise self.damaged("a page claims to be larger than the column")
                return found
            if self._at + size >= self._chunk.end:
                raise self.damaged("it ends before its last page")
            size *= 8

    def skip(self, header: PageHeader) -> None:
        """Skip a page."""
        self._at += header.compressed_bytes

    def body(self, header: PageHeader) -> Bytes:
        """The decompressed page; levels of version 2 pages are not compressed."""
        self._have(header.compressed_bytes)
        start = self._at - self._begin
        raw = self._window[start : start + header.compressed_bytes]
        if len(raw) < header.compressed_bytes:
            raise self.damaged("it ends before its last page")
        self._at += header.compressed_bytes
        if header.checksum is not None and zlib.crc32(raw.data) != header.checksum:
            raise self.damaged("the checksum of a page is wrong")
        plain = header.definition_bytes + header.repetition_bytes
        size = header.page_bytes - plain
        if size < 0 or plain > len(raw):
            raise self.damaged("the levels of a page are longer than the page")
        if self._chunk.codec is None or not header.is_compressed:
            if header.page_bytes != len(raw):
                raise self.damaged("a page has another size than it claims")
            return raw
        values = self._decompressed(raw[plain:], size)
        return np.concatenate([raw[:plain], values]) if plain else values

    def _decompressed(self, raw: Bytes, size: int) -> Bytes:
        """Exactly ``size`` bytes; Arrow's codecs do not say when there are fewer."""
        codec = self._chunk.codec
        assert codec is not None and self._codec is not None
        if not size and not len(raw):
            return raw
        try:
            if claimed_size(codec, raw) == size:
                return np.frombuffer(self._codec.decompress(pa.py_buffer(raw), size), np.uint8)
            if codec not in _STREAMED:
                raise self.damaged("a page has another size than it claims")
            found = np.empty(size + 1, np.uint8)
            with pa.CompressedInputStream(pa.BufferReader(raw), codec) as stream:
                read = stream.readinto(found)
        except (OSError, pa.ArrowException) as error:
            raise self.damaged(str(error).partition("\n")[0]) from None
        if read != size:
            raise self.damaged("a page has another size than it claims")
        return found[:size]

    def damaged(self, why: str) -> DataError:
        """The exception for a damaged column chunk."""
        return DataError(
            "table-damaged",
            f"cannot read {self._where}, column {self._chunk.name!r}: {why}; the file is damaged",
        )

    def _have(self, size: int, window: int = _WINDOW_BYTES) -> None:
        """Move the window so that it holds ``size`` bytes from the current place, if the chunk has them."""
        end = min(self._at + size, self._chunk.end)
        if self._begin <= self._at and end <= self._begin + len(self._window):
            return
        wanted = min(max(size, window), self._chunk.end - self._at)
        if len(self._buffer) < wanted:
            self._buffer = np.empty(wanted, np.uint8)
        self._window = self._buffer[: self._fill(wanted)]
        self._begin = self._at

    def _fill(self, wanted: int) -> int:
        """Fill the buffer; fewer bytes only at the end of the file."""
        self._file.seek(self._at)
        have = 0
        while have < wanted and (got := self._file.readinto(self._buffer[have:wanted].data)):
            have += got
        return have
