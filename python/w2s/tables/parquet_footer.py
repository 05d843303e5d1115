"""Footers of Parquet files, checked before pyarrow uses them, and open files that partitions share.

pyarrow's metadata of column chunks aborts the process where a footer is damaged or encrypted; it is not used.
"""

from __future__ import annotations

import struct
import threading
import weakref
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from w2s.errors import DataError
from w2s.kernels.pages import ChunkPlace, Positions, footer
from w2s.tables.mirror import Mirror, Range

_TAIL_BYTES = 8  # length of the footer, and the magic bytes
_HEAD_BYTES = 4
_GUESS_BYTES = 1 << 16  # of a file's end, which hold most footers
_STREAM_BYTES = 1 << 20  # of a column chunk at a time, so that no row group is ever whole in memory


@dataclass(frozen=True, eq=False)
class Footer:
    """Row groups and column chunks of a file.

    Attributes:
        groups: rows and bytes of each row group, shape (n, 2).
        chunks: fields of :class:`ChunkPlace`, shape (n, columns, 8).
    """

    groups: Positions
    chunks: Positions

    def chunk(self, group: int, column: int) -> ChunkPlace:
        """The column chunk of a row group."""
        return ChunkPlace._make(self.chunks[group, column].tolist())


def read_footer(path: Path, mirror: Mirror | None = None) -> Footer:
    """Read and check the footer of a file, which is fetched if the file is remote.

    Raises:
        DataError: the file is not Parquet, its footer is damaged, or its columns are encrypted.
        OSError: the file cannot be read.
    """
    if mirror is not None:
        mirror.fetch_tail(_GUESS_BYTES)
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _GUESS_BYTES))
        tail = file.read()
        magic = tail[-4:]
        if magic == b"PARE":
            raise _encrypted(path)
        if size < _HEAD_BYTES + _TAIL_BYTES or magic != b"PAR1":
            raise _incomplete(path, "it does not end like a Parquet file")
        length = int(struct.unpack("<I", tail[-_TAIL_BYTES:-4])[0])
        begin = size - _TAIL_BYTES - length
        if begin < _HEAD_BYTES:
            raise _incomplete(path, "its footer is longer than the file")
        if length + _TAIL_BYTES > len(tail):
            if mirror is not None:
                mirror.fetch_tail(length + _TAIL_BYTES)
            file.seek(begin)
            tail = file.read()
    last = len(tail) - _TAIL_BYTES
    try:
        groups, chunks = footer(np.frombuffer(tail, np.uint8)[last - length : last], begin)
    except DataError as error:
        if error.code == "table-encrypted":
            raise _encrypted(path) from None
        raise DataError("table-damaged", f"cannot read {path}: {error}; the file is damaged") from None
    columns = len(chunks) // max(1, len(groups))
    return Footer(groups, chunks.reshape(len(groups), columns, chunks.shape[1]))


def _incomplete(path: Path, why: str) -> DataError:
    return DataError(
        "table-unreadable", f"cannot read {path}: {why}; check that it is a complete Parquet file"
    )


def _encrypted(path: Path) -> DataError:
    return DataError(
        "table-encrypted", f"cannot read {path}: its columns are encrypted; write it without encryption"
    )


@dataclass(frozen=True, eq=False)
class MirroredChunks:
    """The column chunks of a remote file.

    Attributes:
        mirror: fetches them.
        footer: says where they are.
        names: the outermost column of each.
    """

    mirror: Mirror
    footer: Footer
    names: Sequence[str]

    def fetch(self, group: int, names: Collection[str] | None = None) -> None:
        """Fetch the chunks of some columns of a row group; None means all columns."""
        self.mirror.fetch(self._ranges(group, names))

    def drop(self, group: int, names: Collection[str] | None = None) -> None:
        """Give back the disk space of the chunks."""
        self.mirror.drop(self._ranges(group, names))

    def _ranges(self, group: int, names: Collection[str] | None) -> list[Range]:
        chunks = (
            self.footer.chunk(group, i) for i, name in enumerate(self.names) if not names or name in names
        )
        return [(chunk.begin, chunk.end) for chunk in chunks]


class SharedFile:
    """A Parquet file that a thread opens once for all of its row groups, with a footer that is read once."""

    def __init__(self, path: Path, metadata: Any, chunks: MirroredChunks | None = None) -> None:
        """Remember the path and pyarrow's metadata; nothing is opened yet.

        Args:
            path: the file, or the mirror of a remote file.
            metadata: pyarrow's metadata.
            chunks: the column chunks of a remote file.
        """
        self._path = path
        self._metadata = metadata
        self._chunks = chunks
        self._local = threading.local()

    def __reduce__(self) -> tuple[Any, tuple[Path, tuple[int, int, int]]]:
        """In another process, the same file, which has one entry in :func:`_file_here` per state."""
        found = self._path.stat()
        return _file_here, (self._path, (found.st_ino, found.st_size, found.st_mtime_ns))

    def reader(self) -> pq.ParquetFile:
        """The open file of this thread; the file that the thread read before is closed."""
        last = getattr(_LAST, "file", None)
        before = last() if last is not None else None
        if before is not None and before is not self:
            before.close()
        _LAST.file = weakref.ref(self)
        found = getattr(self._local, "reader", None)
        if found is None:
            found = self._local.reader = pq.ParquetFile(
                self._path,
                metadata=self._metadata,
                buffer_size=_STREAM_BYTES,
                pre_buffer=False,
                page_checksum_verification=True,
            )
        return found

    @contextmanager
    def held(self, group: int, names: Collection[str] | None = None) -> Iterator[None]:
        """Hold the columns of a row group here while they are read; None means all columns.

        Of a local file, nothing has to be done.
        """
        if self._chunks is None:
            yield
            return
        self._chunks.fetch(group, names)
        yield
        self._chunks.drop(group, names)

    def close(self) -> None:
        """Close the file of this thread."""
        found = getattr(self._local, "reader", None)
        self._local.reader = None
        if found is not None:
            found.close()


@lru_cache(maxsize=8)
def _file_here(path: Path, state: tuple[int, int, int]) -> SharedFile:
    """A file in a process that reads partitions for another one; pyarrow reads its checked footer again."""
    return SharedFile(path, None)


_LAST = threading.local()
"""The file that each thread read last, as a weak reference."""
