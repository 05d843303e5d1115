"""Algebra in a process of its own, which is killed when it takes too long.

Knows nothing about mathematics. A signal would stop only the main thread, and no thread can be stopped from
outside while it multiplies two huge numbers; a process can. One is started when it is first needed and used
again for every comparison. A fork of this process starts its own.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib.util import find_spec

from w2s.errors import MissingExtraError, ModelError

START_S = 120.0
"""How long the process may take to start: it imports sympy."""
PATIENCE = 6.0
"""How many seconds may pass on the clock for one of the processor, on a machine with other things to do."""
_CALL = "from w2s.tasks.checking.worker import serve; serve()"


class Guard:
    """One process that compares; safe to use from many threads, which take turns."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def same(self, left: str, right: str, timeout_s: float) -> bool:
        """Whether two answers are equal by algebra; False where the time-out passed or the process died.

        The time-out is in seconds of the processor; the clock may show :data:`PATIENCE` times as many.

        Raises:
            MissingExtraError: math-verify is not installed.
            ModelError: the process cannot be started.
        """
        with self._lock, self._stopped_by_exceptions():
            process = self._running()
            reply = self._asked(process, json.dumps([left, right, timeout_s]), PATIENCE * timeout_s)
            if reply is None:
                self._stop()
            return reply is True

    def close(self) -> None:
        """End the process; the next comparison starts another."""
        with self._lock:
            self._stop()

    @property
    def pid(self) -> int | None:
        """Number of the process, None where none runs."""
        return None if self._process is None else self._process.pid

    def after_fork(self) -> None:
        """In the child of a fork: the process is the parent's, and whoever held the lock is not here."""
        process, self._process, self._lock = self._process, None, threading.Lock()
        if process is not None:
            process.returncode = 0  # nobody here waits for it
            _close(process)

    @contextlib.contextmanager
    def _stopped_by_exceptions(self) -> Iterator[None]:
        """Ctrl-C may come between a question and its answer, which the next one must not take for its own."""
        try:
            yield
        except BaseException:
            self._stop()
            raise

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._stop()
        if find_spec("math_verify") is None:
            raise MissingExtraError("comparing expressions", "models")
        self._process = _started()
        if self._asked(self._process, None, START_S) != "ready":
            self._stop()
            raise ModelError(
                "the process that compares expressions does not start: "
                "python -c 'import math_verify' shows why"
            )
        return self._process

    def _asked(self, process: subprocess.Popen[bytes], line: str | None, seconds: float) -> object:
        """The process's reply to a line, None where there was none in time."""
        assert process.stdin is not None and process.stdout is not None
        reply: object = None
        with _killed_after(process, seconds) as late, contextlib.suppress(OSError, ValueError):
            if line is not None:
                process.stdin.write(line.encode() + b"\n")
            reply = json.loads(process.stdout.readline())
        return None if late.is_set() else reply

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            _close(process)


@contextlib.contextmanager
def _killed_after(process: subprocess.Popen[bytes], seconds: float) -> Iterator[threading.Event]:
    """Kills the process unless the block ends in time; the event then says so."""
    late = threading.Event()

    def kill() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(seconds, kill)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()
        timer.join()


def _close(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def _started() -> subprocess.Popen[bytes]:
    path = os.pathsep.join(entry or "." for entry in sys.path)
    return subprocess.Popen(  # noqa: S603 - a list, never a shell; nothing of it comes from outside
        [sys.executable, "-P", "-c", _CALL],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        env={**os.environ, "PYTHONPATH": path},
    )


GUARD = Guard()
"""The one process of this program."""
atexit.register(GUARD.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=GUARD.after_fork)
