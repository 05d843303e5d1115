"""Runs a command in a fork of this process, and kills it at a moment: at a system call, or after a time."""

from __future__ import annotations

import io
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RENAMES = ("rename", "replace", "link", "symlink")
CALLS = (*RENAMES, "unlink", "remove", "rmdir", "mkdir", "fsync", "ftruncate", "truncate")
"""Functions of :mod:`os` before and after which a command is killed; so is the opening of a file to write."""


@dataclass(frozen=True)
class Moment:
    """When a command is killed: before its n-th interruption point, counted from 1, or after some seconds."""

    point: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"point {self.point}" if self.point else f"{self.seconds:.3f} s"


class _Points:
    """Counts interruption points, records their names, and kills the process at one of them."""

    def __init__(self, last: int, record: Path | None) -> None:
        self._count, self._last, self._record = 0, last, record

    def reach(self, name: str) -> None:
        self._count += 1
        if self._record is not None:
            handle = _open(self._record, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            os.write(handle, f"{name}\n".encode())
            os.close(handle)
        if self._count == self._last:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **options: Any) -> Any:
            self.reach(f"before {name}")
            try:
                return call(*args, **options)
            finally:
                self.reach(f"after {name}")

        return called


_open = os.open


def _patch(points: _Points) -> None:
    """Make every call of :data:`CALLS`, and every opening of a file to write, two interruption points."""
    for name in CALLS:
        setattr(os, name, points.around(name, getattr(os, name)))
    plain = io.open

    def opened(file: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
        if set(mode) & set("wax+"):
            points.reach("before open")
        found = plain(file, mode, *args, **options)
        if set(mode) & set("wax+"):
            points.reach("after open")
        return found

    io.open = opened  # type: ignore[assignment]  # Path.open looks it up here


def run_in_fork(work: Callable[[], int], log: Path) -> int:
    """Start work in a fork of this process, which has no threads as long as it only imports; its process id.

    Args:
        work: returns the exit code.
        log: file that gets what it prints.
    """
    pid = os.fork()
    if pid:
        return pid
    code = 99
    try:
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        code = work()
    finally:
        os._exit(code)


def run_command(
    words: Sequence[str], log: Path, moment: Moment | None = None, record: Path | None = None
) -> int:
    """Run a command in a fork, killed at a moment if one is given.

    Args:
        words: the words after ``w2s``.
        log: file that gets its output.
        moment: when it is killed.
        record: file that gets the name of each interruption point.

    Returns:
        Its exit code, or minus the signal.
    """

    def work() -> int:
        from w2s.cli.app import run

        _patch(_Points(moment.point if moment else 0, record))
        return run(list(words))

    pid = run_in_fork(work, log)
    if moment is not None and not moment.point:
        time.sleep(moment.seconds)
        os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
