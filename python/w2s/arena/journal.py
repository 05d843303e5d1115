"""The journal of a run: one line per finished piece of work, appended, so that a kill loses only the piece.

Knows nothing about what the pieces mean.
"""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from w2s.errors import DataError, UsageError


class Journal:
    """An append-only file of JSON lines, found again by ``(kind, number)``.

    A torn last line, which a kill leaves behind, is cut off when the journal is opened. One process at a
    time has it open.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the file, lock it and index its lines.

        Raises:
            UsageError: another process has it open.
            DataError: a line is damaged.
        """
        self._path = path
        self._places: dict[tuple[str, int], tuple[int, int]] = {}
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
        return key in self._places

    def numbers(self, kind: str) -> list[int]:
        """Numbers of the pieces of one kind, ascending."""
        return sorted(number for found, number in self._places if found == kind)

    def append(self, kind: str, number: int, piece: dict[str, Any]) -> None:
        """Add a piece; it is on its way to the disk when this returns."""
        line = json.dumps({"kind": kind, "number": number, **piece}, ensure_ascii=True).encode() + b"\n"
        self._file.seek(0, os.SEEK_END)
        self._file.write(line)
        self._file.flush()
        self._places[kind, number] = (self._end, len(line))
        self._end += len(line)

    def read(self, kind: str, number: int) -> dict[str, Any]:
        """A piece as it was appended."""
        place, length = self._places[kind, number]
        self._file.seek(place)
        piece: dict[str, Any] = json.loads(self._file.read(length))
        return piece

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
        """Remember where every whole line is; the place where they end."""
        place = 0
        self._file.seek(0)
        for number, line in enumerate(self._file, 1):
            if not line.endswith(b"\n"):
                break
            try:
                piece = json.loads(line)
                self._places[piece["kind"], piece["number"]] = (place, len(line))
            except (ValueError, KeyError, TypeError):
                raise DataError(
                    "arena-journal-damaged",
                    f"{self._path}, line {number} is damaged; delete that line to replay its match",
                ) from None
            place += len(line)
        return place
