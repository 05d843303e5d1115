"""The cache of replies: an append-only JSONL file, one reply per line, found by the digest of its request.

A run keeps it in its own folder, so that a killed run does not request its replies again. A damaged line
loses only that line. Several processes may share a file.
"""

from __future__ import annotations

import errno
import fcntl
import json
import logging
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import blake2b
from pathlib import Path

from w2s.errors import DataError, UsageError
from w2s.models.endpoint.chat_completions import Completion

_SYNC_S = 5.0
_LOG = logging.getLogger(__name__)


class ReplyCache:
    """The cache file of one endpoint and model; only the position of each line is in memory.

    Folder and file are created with the first reply. Every reply is one write to the end of the file; the
    file is synced to disk every few seconds and at the end. Replies that other processes add after the file
    was opened are not seen.

    Args:
        folder: the folder of the file.
        endpoint: the address of the endpoint.
        model: the name of the model at the endpoint.

    Attributes:
        path: the cache file.
        reused: replies of earlier processes that were used again: by the digest of the request, the time at
            which the reply was written, in seconds since 1970; None if the file does not say.

    Raises:
        UsageError: the file cannot be created or read.
    """

    def __init__(self, folder: Path, endpoint: str, model: str) -> None:
        self.path = folder / _file_name(endpoint, model)
        self.reused: dict[bytes, float | None] = {}
        self._lock = threading.Lock()
        self._positions: dict[bytes, tuple[int, int]] = {}
        self._synced = time.monotonic()
        self._file: int | None = None
        self._is_closed = False
        self._check_folder(folder)
        if self.path.exists():
            self._open()
        self._earlier = frozenset(self._positions)

    def get(self, digest: bytes) -> Completion | None:
        """The reply to the request with this digest; None where it is not cached."""
        with self._lock:
            position = self._positions.get(digest)
            if position is None or self._file is None:
                return None
            line = os.pread(self._file, position[1], position[0])
        try:
            found = json.loads(line)
            reply = Completion.from_json(found)
        except (ValueError, KeyError, TypeError, RecursionError):  # another program has changed the file
            return None
        if digest in self._earlier:
            written = found.get("time")
            self.reused[digest] = written if isinstance(written, int | float) else None
        return reply

    def put(self, digest: bytes, completion: Completion) -> None:
        """Add a reply.

        Raises:
            DataError: the file cannot be written.
        """
        entry = {"key": digest.hex(), "time": round(time.time()), **completion.to_json()}
        line = json.dumps(entry, ensure_ascii=True).encode() + b"\n"
        with self._lock:
            if self._is_closed:
                return
            if self._file is None:
                self._file = self._open()
            try:
                with self._locked(self._file):
                    self._append(self._file, digest, line)
            except OSError as error:
                raise DataError(
                    "endpoint-cache-write-failed",
                    f"cannot write {self.path}: {error.strerror}; free disk space, or add cache=off",
                ) from None
            if time.monotonic() - self._synced > _SYNC_S:
                os.fsync(self._file)
                self._synced = time.monotonic()

    def close(self) -> None:
        """Sync the file to disk and close it; a second call does nothing."""
        with self._lock:
            if self._file is not None:
                os.fsync(self._file)
                os.close(self._file)
            self._file, self._is_closed = None, True

    def reuse(self, sent: int) -> str | None:
        """One line on the replies of earlier processes that were used again; None if there are none.

        Args:
            sent: number of replies that came from the endpoint.
        """
        if not self.reused:
            return None
        times = sorted(written for written in self.reused.values() if written is not None)
        ends = [f"{datetime.fromtimestamp(time_s):%Y-%m-%d %H:%M}" for time_s in times[:1] + times[-1:]]
        when = f", written {' to '.join(dict.fromkeys(ends))}" if ends else ""
        return (
            f"{len(self.reused):,} of {len(self.reused) + sent:,} replies came from the cache {self.path}"
            f"{when}; delete the file, or add cache=off, to request them again"
        )

    def _check_folder(self, folder: Path) -> None:
        """Refuse a folder in which no file can be created, without creating anything."""
        place = next(place for place in (folder, *folder.absolute().parents) if place.exists())
        if not place.is_dir():
            raise self._unusable(f"{place} is not a folder")
        if not os.access(place, os.W_OK):
            raise self._unusable(os.strerror(errno.EACCES))

    def _open(self) -> int:
        """Open or create the file and index its lines."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise self._unusable(str(error.strerror)) from None
        with self._locked(self._file):
            self._index(self._file)
        return self._file

    def _unusable(self, reason: str) -> UsageError:
        return UsageError(
            "endpoint-cache-unusable",
            f"cannot cache replies in {self.path.parent}: {reason}; choose another folder with cache=DIR, "
            "or turn the cache off with cache=off",
        )

    def _append(self, file: int, digest: bytes, line: bytes) -> None:
        position = os.fstat(file).st_size
        if os.write(file, line) < len(line):
            os.ftruncate(file, position)
            raise OSError(0, "the disk is full")
        self._positions[digest] = (position, len(line))

    def _index(self, file: int) -> None:
        """Record the position of every complete line, and cut off an incomplete line at the end."""
        position = damaged = 0
        with open(file, "rb", closefd=False) as lines:
            lines.seek(0)
            for line in lines:
                if not line.endswith(b"\n"):
                    os.ftruncate(file, position)
                    break
                try:
                    self._positions[bytes.fromhex(json.loads(line)["key"])] = (position, len(line))
                except (ValueError, KeyError, TypeError, RecursionError):
                    damaged += 1
                position += len(line)
        if damaged:
            _LOG.warning("%s has %d damaged lines: they are ignored and requested again", self.path, damaged)

    @contextmanager
    def _locked(self, file: int) -> Iterator[None]:
        """Hold a lock on the file, so that no other process appends or cuts."""
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)


def _file_name(endpoint: str, model: str) -> str:
    """A readable name that is distinct for distinct endpoints and models."""
    words = re.sub(r"[^A-Za-z0-9.]+", "-", f"{endpoint.partition('://')[2]}-{model}").strip("-.")[:80]
    return f"{words}-{blake2b(f'{endpoint}#{model}'.encode(), digest_size=6).hexdigest()}.jsonl"
