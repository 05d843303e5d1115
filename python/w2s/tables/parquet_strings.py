"""String columns of a Parquet row group, read page by page; only strings of kept rows are copied.

Arrow decodes whole columns. Copying only the kept strings saves most of the work if strings are long and few
rows are kept. Pages without a kept row are not decompressed.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from io import RawIOBase
from typing import Any

import numpy as np
import pyarrow as pa

from w2s.errors import DataError
from w2s.kernels.pages import DICTIONARY, PLAIN, Bytes, Offsets, PageHeader, kept_texts, page_header
from w2s.tables.partition import Mask

_WINDOW_BYTES = 4 << 20
_CODECS = {
    "UNCOMPRESSED": None,
    "SNAPPY": "snappy",
    "ZSTD": "zstd",
    "LZ4": "lz4_raw",
    "GZIP": "gzip",
    "BROTLI": "brotli",
    "LZ4_RAW": "lz4_raw",
}
_ENCODINGS = {"PLAIN", "RLE", "BIT_PACKED", "PLAIN_DICTIONARY", "RLE_DICTIONARY"}
_LEVELS_V1_BYTES = 4


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
    """

    name: str
    kind: pa.DataType
    begin: int
    end: int
    codec: str | None
    nullable: bool


def string_chunk(field: pa.Field, chunk: Any, column: Any) -> StringChunk | None:
    """The column if it can be read page by page; None if Arrow must read it.

    Args:
        field: the column in the Arrow schema.
        chunk: metadata of the column chunk.
        column: the column in the Parquet schema.
    """
    kinds = (pa.string(), pa.large_string(), pa.binary(), pa.large_binary())
    plain = chunk.physical_type == "BYTE_ARRAY" and column.max_repetition_level == 0 and field.type in kinds
    if (
        not plain
        or column.max_definition_level > 1
        or chunk.compression not in _CODECS
        or not chunk.num_values
    ):
        return None
    if not set(chunk.encodings) <= _ENCODINGS or chunk.path_in_schema != field.name:
        return None
    starts = [chunk.data_page_offset]
    if chunk.has_dictionary_page and chunk.dictionary_page_offset:
        starts.append(chunk.dictionary_page_offset)
    begin = min(starts)
    end = begin + chunk.total_compressed_size
    codec = _CODECS[chunk.compression]
    return StringChunk(field.name, field.type, begin, end, codec, column.max_definition_level == 1)


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

    def _next_page(self) -> None:
        header = self._pages.header()
        if header.kind == "dictionary":
            texts = kept_texts(None, self._pages.body(header), np.ones(header.values, bool))
            self._dictionary = texts.offsets, texts.data
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
        size = int(body[:_LEVELS_V1_BYTES].view("<u4")[0]) if len(body) >= _LEVELS_V1_BYTES else len(body)
        end = _LEVELS_V1_BYTES + size
        if end > len(body):
            raise self._pages.damaged("levels reach beyond their page")
        return body[_LEVELS_V1_BYTES:end], body[end:]


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

    def header(self) -> PageHeader:
        """Read the header of the next page and move behind it."""
        size = 1 << 10
        while True:
            self._have(min(size, self._chunk.end - self._at))
            try:
                found = page_header(self._window, self._at - self._begin)
            except DataError as error:
                raise self.damaged(str(error)) from None
            if found is not None:
                self._at += found.header_bytes
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
        if self._codec is None or not header.is_compressed:
            return raw
        plain = header.definition_bytes + header.repetition_bytes
        size = header.page_bytes - plain
        try:
            values = np.frombuffer(self._codec.decompress(pa.py_buffer(raw[plain:]), size), np.uint8)
        except (OSError, pa.ArrowException) as error:
            raise self.damaged(str(error).partition("\n")[0]) from None
        return np.concatenate([raw[:plain], values]) if plain else values

    def damaged(self, why: str) -> DataError:
        """The exception for a damaged column chunk."""
        return DataError(
            "table-damaged",
            f"cannot read {self._where}, column {self._chunk.name!r}: {why}; the file is damaged",
        )

    def _have(self, size: int) -> None:
        """Move the window so that it holds ``size`` bytes from the current place, if the chunk has them."""
        end = min(self._at + size, self._chunk.end)
        if self._begin <= self._at and end <= self._begin + len(self._window):
            return
        wanted = min(max(size, _WINDOW_BYTES), self._chunk.end - self._at)
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
