"""Local copies of remote files, of which only the bytes that are needed are fetched.

A mirror is a sparse file: it has the size of the remote file, and holds the ranges that were fetched so far.
Everything that reads local files reads mirrors. Ranges that are no longer needed give their space back.
"""

from __future__ import annotations

import ctypes
import os
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from w2s.errors import DataError, W2sError
from w2s.tables.addresses import STORAGES, RangeReader, RemoteErrors, RemoteInfo, Storage
from w2s.tables.temporary_folder import TemporaryFolder

Range = tuple[int, int]
"""The first byte, and the byte after the last one."""
_GAP_BYTES = 1 << 20
"""Ranges that are closer are fetched by one request: more bytes cost less than one more answer."""
_PIECE_BYTES = 8 << 20
_BLOCK_BYTES = 4096
_PUNCH = 0x01 | 0x02  # keep the size, punch a hole


class Mirror:
    """The local copy of one remote file; several threads may use it at once."""

    def __init__(self, storage: Storage, info: RemoteInfo, folder: TemporaryFolder) -> None:
        """Choose the place of the copy below a folder; nothing is fetched yet.

        Args:
            storage: the file in its storage.
            info: its state.
            folder: a temporary folder; it stays as long as this object.
        """
        self.address = storage.address
        self.info = info
        self.path = folder.path / self.address.scheme / self.address.path
        self._folder = folder
        self._storage = storage
        self._have: list[Range] = []
        self._claimed: list[Range] = []
        self._change = threading.Condition()
        self._fetched = 0

    @property
    def fetched_bytes(self) -> int:
        """Bytes that were fetched so far."""
        return self._fetched

    def fetch_all(self) -> None:
        """Fetch the whole file."""
        self.fetch([(0, self.info.size)])

    def sibling(self, name: str) -> Mirror | None:
        """The mirror of another file in the same remote folder; None if there is none."""
        storage = self._storage.at(self.address.sibling(name))
        info = storage.info()
        return None if info is None else Mirror(storage, info, self._folder)

    def fetch_tail(self, size: int) -> None:
        """Fetch the last bytes."""
        self.fetch([(max(0, self.info.size - size), self.info.size)])

    def fetch(self, ranges: Sequence[Range]) -> None:
        """Fetch the bytes of some ranges that are not here yet; ranges that lie close share one request.

        Threads that need the same bytes wait for the one that fetches them.

        Raises:
            DataError: the storage does not answer, or gives fewer bytes.
            W2sError: the temporary folder is full.
        """
        wanted = _joined(ranges, _GAP_BYTES)
        while missing := self._claim(wanted):
            try:
                for begin, end in missing:
                    self._fetch_range(begin, end)
            except BaseException:
                self._settle(missing, [])
                raise
            self._settle(missing, missing)
        with self._change:
            self._change.wait_for(lambda: not self._gaps(wanted, self._have) or not self._claimed)
        if self._gaps(wanted, self._have):  # another thread failed
            self.fetch(ranges)

    def _claim(self, wanted: Sequence[Range]) -> list[Range]:
        """The ranges that this thread is to fetch: those that are neither here nor on their way."""
        with self._change:
            with self._local_errors():
                self._make()
            taken = _joined([*self._have, *self._claimed], 0)
            found = self._gaps(wanted, taken)
            self._claimed += found
            return found

    def _settle(self, claimed: Sequence[Range], fetched: Sequence[Range]) -> None:
        with self._change:
            self._claimed = [one for one in self._claimed if one not in claimed]
            self._have = _joined([*self._have, *fetched], 0)
            self._change.notify_all()

    @staticmethod
    def _gaps(wanted: Sequence[Range], have: Sequence[Range]) -> list[Range]:
        return [gap for one in wanted for gap in _without(one, have)]

    def drop(self, ranges: Sequence[Range]) -> None:
        """Give back the disk space of some ranges; they are fetched again where they are needed again."""
        with self._change:
            for begin, end in _joined(ranges, 0):
                first, last = -(-begin // _BLOCK_BYTES) * _BLOCK_BYTES, end // _BLOCK_BYTES * _BLOCK_BYTES
                if first < last and _punch(self.path, first, last - first):
                    self._have = [left for one in self._have for left in _without(one, [(first, last)])]

    def check_unchanged(self) -> None:
        """Refuse bytes of a remote file that has changed.

        Raises:
            W2sError: names the file; ranges of two versions may be mixed.
        """
        if self._storage.info() != self.info:
            raise W2sError(
                "table-changed",
                f"{self.address} changed while it was read; nothing was written; run it again",
            )

    def _make(self) -> None:
        if not self.path.exists():
            self._folder.make()
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("wb") as file:
                file.truncate(self.info.size)

    def _fetch_range(self, begin: int, end: int) -> None:
        for at in range(begin, end, _PIECE_BYTES):
            wanted = min(_PIECE_BYTES, end - at)
            with RemoteErrors(self.address):
                data = self._ranges(wanted, at)
            if len(data) != wanted:
                raise DataError(
                    "table-remote-short",
                    f"{self.address} gave {len(data):,} bytes instead of {wanted:,}; it changed or the "
                    "connection broke; run it again",
                )
            with self._local_errors():
                _write_at(self.path, at, data)
            self._fetched += wanted

    @cached_property
    def _ranges(self) -> RangeReader:
        return self._storage.ranges()

    @contextmanager
    def _local_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise W2sError(
                "table-no-space",
                f"cannot keep a part of {self.address}: {error.strerror}; set TMPDIR to a folder with room",
            ) from None


_MIRROR = re.compile(r"[^\s'\"]*/w2s-[0-9a-f]{16}/(" + "|".join(STORAGES) + ")/")


@contextmanager
def remote_names() -> Iterator[None]:
    """Call mirrors by their addresses in messages of errors."""
    try:
        yield
    except W2sError as error:
        raise type(error)(error.code, _MIRROR.sub(r"\1://", str(error))) from None


def _write_at(path: Path, at: int, data: bytes) -> None:
    with path.open("r+b", buffering=0) as file:
        file.seek(at)
        left = memoryview(data)
        while left:
            left = left[file.write(left) :]


def _joined(ranges: Sequence[Range], gap: int) -> list[Range]:
    """The same ranges in order; those that overlap or lie closer than ``gap`` bytes are one."""
    found: list[Range] = []
    for begin, end in sorted(one for one in ranges if one[0] < one[1]):
        if found and begin <= found[-1][1] + gap:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((begin, end))
    return found


def _without(one: Range, taken: Sequence[Range]) -> Iterator[Range]:
    """The parts of a range that are in none of the others, which are sorted."""
    begin, end = one
    for first, last in taken:
        if last <= begin or first >= end:
            continue
        if begin < first:
            yield begin, first
        begin = last
    if begin < end:
        yield begin, end


def _punch(path: Path, begin: int, size: int) -> bool:
    """Whether the system took back the space of a part of a file."""
    call = getattr(ctypes.CDLL(None, use_errno=True), "fallocate", None)
    if call is None:
        return False
    file = os.open(path, os.O_RDWR)
    try:
        return int(call(file, _PUNCH, ctypes.c_long(begin), ctypes.c_long(size))) == 0
    finally:
        os.close(file)
