"""Replies that were paid for, one a line, in a file that only grows.

Knows nothing about requests: a reply is found by the digest of what was asked. A line that is torn costs that
line. Several processes may share a file.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

from w2s.errors import DataError, UsageError
from w2s.models.endpoint.completion import Completion

_SYNC_S = 5.0
_LOG = logging.getLogger(__name__)


class Cache:
    """The file of one endpoint and model; read once, in memory only where each line is.

    Every reply is one write to the end of the file; all of it is on the disk every few seconds and at the
    end. What other processes add after this one has begun is not seen.

    Args:
        folder: made where it is missing.
        endpoint: its address.
        model: the name of the model there.

    Raises:
        UsageError: the folder or the file cannot be made or read.
    """

    def __init__(self, folder: Path, endpoint: str, model: str) -> None:
        self.path = folder / _file_name(endpoint, model)
        self._lock = threading.Lock()
        self._places: dict[bytes, tuple[int, int]] = {}
        self._synced = time.monotonic()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file: int | None = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise UsageError(
                "endpoint-cache-unusable",
                f"cannot cache replies in {folder}: {error.strerror}; choose another folder with cache=DIR, "
                "or turn the cache off with cache=off",
            ) from None
        with self._alone(self._file):
            self._index(self._file)

    def get(self, digest: bytes) -> Completion | None:
        """The reply to what has this digest, None where there is none."""
        with self._lock:
            place = self._places.get(digest)
            if place is None or self._file is None:
                return None
            line = os.pread(self._file, place[1], place[0])
        try:
            return Completion.from_json(json.loads(line))
        except (ValueError, KeyError, TypeError, RecursionError):  # some other program has been at the file
            return None

    def put(self, digest: bytes, completion: Completion) -> None:
        """Keep a reply.

        Raises:
            DataError: the disk does not take it.
        """
        line = json.dumps({"key": digest.hex(), **completion.to_json()}, ensure_ascii=True).encode() + b"\n"
        with self._lock:
            if self._file is None:
                return
            try:
                with self._alone(self._file):
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
        """Put everything on the disk; a second call does nothing."""
        with self._lock:
            if self._file is not None:
                os.fsync(self._file)
                os.close(self._file)
            self._file = None

    def _append(self, file: int, digest: bytes, line: bytes) -> None:
        place = os.fstat(file).st_size
        if os.write(file, line) < len(line):
            os.ftruncate(file, place)
            raise OSError(0, "the disk is full")
        self._places[digest] = (place, len(line))

    def _index(self, file: int) -> None:
        """Remember where every whole line is, and cut off what a kill left at the end."""
        place = damaged = 0
        with open(file, "rb", closefd=False) as lines:
            lines.seek(0)
            for line in lines:
                if not line.endswith(b"\n"):
                    os.ftruncate(file, place)
                    break
                try:
                    self._places[bytes.fromhex(json.loads(line)["key"])] = (place, len(line))
                except (ValueError, KeyError, TypeError, RecursionError):
                    damaged += 1
                place += len(line)
        if damaged:
            _LOG.warning("%s has %d damaged lines: they are ignored and asked for again", self.path, damaged)

    @contextmanager
    def _alone(self, file: int) -> Iterator[None]:
        """No other process appends or cuts meanwhile."""
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)


def _file_name(endpoint: str, model: str) -> str:
    """Readable, and distinct for distinct endpoints and models."""
    words = re.sub(r"[^A-Za-z0-9.]+", "-", f"{endpoint.partition('://')[2]}-{model}").strip("-.")[:80]
    return f"{words}-{blake2b(f'{endpoint}#{model}'.encode(), digest_size=6).hexdigest()}.jsonl"
