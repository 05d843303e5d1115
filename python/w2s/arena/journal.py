"""The journal of a run: one JSON line for each finished part of the work, so that a kill loses one part."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from w2s.errors import DataError, UsageError


class Journal:
    """An append-only file of JSON entries with the key ``(kind, number)``.

    An incomplete last line, which a kill leaves behind, is removed when the journal is opened. Only one
    process at a time can open a journal.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the file, lock it and index its lines.

        Raises:
            UsageError: another process has opened the journal.
            DataError: a line is damaged.
        """
        self._path = path
        self._spans: dict[tuple[str, int], tuple[int, int]] = {}
        self._file: BinaryIO = path.open("a+b")
        try:
            self._lock()
            self._end = self._index()
            self._file.truncate(self._end)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __contains__(self, key: tuple[str, int]) -> bool:
        return key in self._spans

    def numbers(self, kind: str) -> list[int]:
        """Numbers of the entries of one kind, ascending."""
        return sorted(number for found, number in self._spans if found == kind)

    def append(self, kind: str, number: int, entry: dict[str, Any]) -> None:
        """Add an entry and hand it to the operating system."""
        line = json.dumps({"kind": kind, "number": number, **entry}, ensure_ascii=True).encode() + b"\n"
        self._file.seek(0, os.SEEK_END)
        self._file.write(line)
        self._file.flush()
        self._spans[kind, number] = (self._end, len(line))
        self._end += len(line)

    def read(self, kind: str, number: int) -> dict[str, Any]:
        """The entry that was appended with this key."""
        start, length = self._spans[kind, number]
        self._file.seek(start)
        entry: dict[str, Any] = json.loads(self._file.read(length))
        return entry

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                "arena-run-locked",
                f"{self._path.parent} is in use by another process; wait for it, or choose another --out",
            ) from None

    def _index(self) -> int:
        """Store where every complete line is; returns the offset at which they end."""
        start = 0
        self._file.seek(0)
        for number, line in enumerate(self._file, 1):
            if not line.endswith(b"\n"):
                break
            try:
                entry = json.loads(line)
                self._spans[entry["kind"], entry["number"]] = (start, len(line))
            except (ValueError, KeyError, TypeError):
                raise DataError(
                    "arena-journal-damaged",
                    f"{self._path}, line {number} is damaged; delete that line to replay its match",
                ) from None
            start += len(line)
        return start
