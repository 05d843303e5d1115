"""The journal of a run: one JSON line for each finished part of the work, so that a kill loses one part."""

from __future__ import annotations

import gzip
import json
import os
import zlib
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from w2s.errors import DataError
from w2s.files import remove, write_bytes

_CHECK = b', "crc32": '
"""Begins the last value of every line: the CRC-32 of the entry without it."""


def packed_path(path: Path) -> Path:
    """Where a journal lies once its run is finished."""
    return path.with_name(f"{path.name}.gz")


def _checked(line: bytes) -> bytes:
    """The entry of a line, without its checksum.

    Raises:
        ValueError: the checksum is missing or wrong.
    """
    text, _, check = line.rpartition(_CHECK)
    text += b"}"
    if check != b"%d}\n" % zlib.crc32(text):
        raise ValueError("the checksum is wrong")
    return text


def _unpack(packed: Path, path: Path) -> None:
    try:
        data = gzip.decompress(packed.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            "arena-journal-damaged", f"cannot unpack {packed}: {error}; delete it to play the matches again"
        ) from None
    write_bytes(path, data)


class Journal:
    """An append-only file of JSON entries with the key ``(kind, number)``.

    An incomplete last line, which a kill leaves behind, is removed when the journal is opened. The run
    holds the lock of its folder while its journal is open. A finished run packs it.
    """

    def __init__(self, path: Path) -> None:
        """Open and index the file, or unpack it; a new one is created with its first entry.

        Raises:
            DataError: a line is damaged.
        """
        self._path = path
        self._spans: dict[tuple[str, int], tuple[int, int]] = {}
        self._opened: BinaryIO | None = None
        self._end = 0
        packed = packed_path(path)
        if packed.exists() and not path.exists():
            _unpack(packed, path)
        if path.exists():
            self.create()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def create(self) -> None:
        """Open or create the file; a second call does nothing.

        Raises:
            DataError: a line is damaged.
        """
        if self._opened is not None:
            return
        self._opened = self._path.open("a+b")
        try:
            self._end = self._index()
            self._file.truncate(self._end)
        except BaseException:
            self.close()
            raise

    @property
    def _file(self) -> BinaryIO:
        if self._opened is None:
            raise ValueError(f"the journal {self._path} is not open")
        return self._opened

    def __contains__(self, key: tuple[str, int]) -> bool:
        return key in self._spans

    def numbers(self, kind: str) -> list[int]:
        """Numbers of the entries of one kind, ascending."""
        return sorted(number for found, number in self._spans if found == kind)

    def append(self, kind: str, number: int, entry: dict[str, Any]) -> None:
        """Add an entry and hand it to the operating system."""
        self.create()
        text = json.dumps({"kind": kind, "number": number, **entry}, ensure_ascii=True).encode()
        line = b"%s%s%d}\n" % (text[:-1], _CHECK, zlib.crc32(text))
        self._file.seek(0, os.SEEK_END)
        self._file.write(line)
        self._file.flush()
        self._spans[kind, number] = (self._end, len(line))
        self._end += len(line)

    def read(self, kind: str, number: int) -> dict[str, Any]:
        """The entry that was appended with this key."""
        start, length = self._spans[kind, number]
        self._file.seek(start)
        entry: dict[str, Any] = json.loads(_checked(self._file.read(length)))
        return entry

    def pack(self) -> None:
        """Compress the file and close it, when the run is finished; opening the journal unpacks it again."""
        self.close()
        write_bytes(packed_path(self._path), gzip.compress(self._path.read_bytes(), mtime=0))
        remove(self._path)

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._opened is not None:
            self._opened.close()
        self._opened = None

    def _index(self) -> int:
        """Store where every complete line is; returns the offset at which they end."""
        start = 0
        self._file.seek(0)
        for number, line in enumerate(self._file, 1):
            if not line.endswith(b"\n"):
                break
            try:
                entry = json.loads(_checked(line))
                self._spans[entry["kind"], entry["number"]] = (start, len(line))
            except (ValueError, KeyError, TypeError):
                raise DataError(
                    "arena-journal-damaged",
                    f"{self._path}, line {number} is damaged; delete that line to replay its match",
                ) from None
            start += len(line)
        return start
