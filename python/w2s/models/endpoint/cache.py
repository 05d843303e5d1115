"""The cache of replies: an append-only JSONL file, one reply per line, found by the digest of its request.

A damaged line loses only that line. Several processes may share a file.
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
from w2s.models.endpoint.chat_completions import Completion

_SYNC_S = 5.0
_LOG = logging.getLogger(__name__)


class ReplyCache:
    """The cache file of one endpoint and model; only the position of each line is in memory.

    Every reply is one write to the end of the file; the file is synced to disk every few seconds and at the
    end. Replies that other processes add after the file was opened are not seen.

    Args:
        folder: created where it is missing.
        endpoint: the address of the endpoint.
        model: the name of the model at the endpoint.

    Attributes:
        path: the cache file.

    Raises:
        UsageError: the folder or the file cannot be created or read.
    """

    def __init__(self, folder: Path, endpoint: str, model: str) -> None:
        self.path = folder / _file_name(endpoint, model)
        self._lock = threading.Lock()
        self._positions: dict[bytes, tuple[int, int]] = {}
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
        with self._locked(self._file):
            self._index(self._file)

    def get(self, digest: bytes) -> Completion | None:
        """The reply to the request with this digest; None where it is not cached."""
        with self._lock:
            position = self._positions.get(digest)
            if position is None or self._file is None:
                return None
            line = os.pread(self._file, position[1], position[0])
        try:
            return Completion.from_json(json.loads(line))
        except (ValueError, KeyError, TypeError, RecursionError):  # another program has changed the file
            return None

    def put(self, digest: bytes, completion: Completion) -> None:
        """Add a reply.

        Raises:
            DataError: the file cannot be written.
        """
        line = json.dumps({"key": digest.hex(), **completion.to_json()}, ensure_ascii=True).encode() + b"\n"
        with self._lock:
            if self._file is None:
                return
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
            self._file = None

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
