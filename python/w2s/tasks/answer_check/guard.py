"""Algebra in a separate process, which is killed when it takes too long.

A signal would stop only the main thread, and a thread that multiplies two huge numbers cannot be stopped from
outside; a process can. It is started on first use and reused. A fork of this process starts its own.
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
"""Seconds that the process may take to start, because it imports sympy."""
PATIENCE = 6.0
"""Wall-clock seconds allowed per CPU second, because the machine may be busy."""
_CALL = "from w2s.tasks.answer_check.worker import serve; serve()"


class Guard:
    """A process that compares answers; threads may share it and take turns."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def equal(self, left: str, right: str, timeout_s: float) -> bool:
        """Whether two answers are equal by algebra; False if the time-out passed or the process died.

        The time-out is in CPU seconds; the wall-clock limit is :data:`PATIENCE` times as long.

        Raises:
            MissingExtraError: math-verify is not installed.
            ModelError: the process cannot be started.
        """
        with self._lock, self._stop_on_exception():
            process = self._live_process()
            reply = self._exchange(process, json.dumps([left, right, timeout_s]), PATIENCE * timeout_s)
            if reply is None:
                self._stop()
            return reply is True

    def close(self) -> None:
        """End the process; the next comparison starts a new one."""
        with self._lock:
            self._stop()

    @property
    def pid(self) -> int | None:
        """Process id; None if no process runs."""
        return None if self._process is None else self._process.pid

    def after_fork(self) -> None:
        """In the child of a fork: drop the parent's process and its lock, whose holder is not here."""
        process, self._process, self._lock = self._process, None, threading.Lock()
        if process is not None:
            process.returncode = 0  # only the parent can wait for it
            _close(process)

    @contextlib.contextmanager
    def _stop_on_exception(self) -> Iterator[None]:
        """After Ctrl-C the reply is still on its way, and the next question must not read it."""
        try:
            yield
        except BaseException:
            self._stop()
            raise

    def _live_process(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._stop()
        if find_spec("math_verify") is None:
            raise MissingExtraError("comparing expressions", "models")
        self._process = _start()
        if self._exchange(self._process, None, START_S) != "ready":
            self._stop()
            raise ModelError(
                "task-algebra-not-started",
                "the process that compares expressions does not start; to see why, run "
                "python -c 'import math_verify'",
            )
        return self._process

    def _exchange(self, process: subprocess.Popen[bytes], line: str | None, seconds: float) -> object:
        """Send a line and return the reply; None if none came in time."""
        assert process.stdin is not None and process.stdout is not None
        reply: object = None
        with _kill_after(process, seconds) as late, contextlib.suppress(OSError, ValueError):
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
def _kill_after(process: subprocess.Popen[bytes], seconds: float) -> Iterator[threading.Event]:
    """Kill the process unless the block ends in time; the event is set if it was killed."""
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


def _start() -> subprocess.Popen[bytes]:
    path = os.pathsep.join(entry or "." for entry in sys.path)
    return subprocess.Popen(  # noqa: S603 - a fixed list, no shell
        [sys.executable, "-P", "-c", _CALL],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        env={**os.environ, "PYTHONPATH": path},
    )


GUARD = Guard()
"""The guarded process of this program."""
atexit.register(GUARD.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=GUARD.after_fork)
