"""One engine process: its own session, raw pipes, nothing unbounded, and gone when it is told to go.

Knows nothing about UCI: it moves lines.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Sequence

MAX_LINE_BYTES = 1 << 16
"""What is kept of one line; the rest of a longer line is read and forgotten."""
MAX_ANSWER_BYTES = 1 << 26
"""What a process may write for one answer before it counts as flooding."""
_READ_BYTES = 1 << 16
_TAIL_BYTES = 2000
_GRACE_S = 0.3
_EXIT_S = 0.2
_SWEEPS = 3


class Process:
    """A process in a session of its own, so that Ctrl-C reaches the parent only and all it starts can be
    killed with it. Reading never blocks; waiting is the caller's, on :meth:`wait_fds`.

    A process that leaves the session with ``setsid`` escapes the kill; one whose parent dies by SIGKILL
    sees the end of its standard input, on which every usable engine exits.

    Raises:
        OSError: the command cannot be started.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._child = subprocess.Popen(  # noqa: S603 - a list, never a shell; the user named the command
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        self._owner = os.getpid()
        self._pipes = [pipe for pipe in (self._child.stdin, self._child.stdout, self._child.stderr) if pipe]
        self._in, self._out, self._err = (pipe.fileno() for pipe in self._pipes)
        for fd in (self._in, self._out, self._err):
            os.set_blocking(fd, False)
        self._unsent = b""
        self._partial = b""
        self._skipping = False
        self._tail = b""
        self._err_open = True
        self.alive = True
        self.ended = False
        self.deaf = False
        self.read_bytes = 0

    @property
    def pid(self) -> int:
        """Process, group and session number, all the same."""
        return self._child.pid

    def wait_fds(self) -> list[tuple[int, int]]:
        """File descriptors to poll, each with its events."""
        fds = [(self._out, select.POLLIN)]
        if self._err_open:
            fds.append((self._err, select.POLLIN))
        if self._unsent:
            fds.append((self._in, select.POLLOUT))
        return fds

    def send(self, data: bytes) -> None:
        """Write without blocking; what the pipe does not take is kept for :meth:`pump`.

        Afterwards :attr:`deaf` says whether standard input was found closed.
        """
        self._unsent = self._unsent + data if self._unsent else data
        self._flush()

    def pump(self) -> list[bytes]:
        """Move whatever can be moved now; the complete lines that came, without their ends.

        Afterwards :attr:`ended` says whether standard output was closed.
        """
        if self._unsent:
            self._flush()
        data = self._read(self._out)
        if data is None:  # then it was standard error that woke the caller; it cannot fill up unread
            self._drain_error()
            return []
        if not data:
            self.ended = True
            return []
        self.read_bytes += len(data)
        return self._split(data)

    def discard(self) -> None:
        """Drop what came unasked since the last :meth:`pump`; a line that has begun is dropped to its end."""
        self.pump()
        self._skipping = self._skipping or bool(self._partial)
        self._partial = b""
        self.read_bytes = 0

    def how_it_ended(self) -> str:
        """What can be said of a process that closed a pipe: its exit code or signal, or which pipe."""
        return self._exit(_EXIT_S) or f"closed its {'output' if self.ended else 'input'}"

    def last_words(self) -> str:
        """The last line that it wrote to standard error; at most 200 characters, maybe empty."""
        self._drain_error()
        lines = self._tail.decode("utf-8", "replace").split("\n")
        return next((line.strip()[:200] for line in reversed(lines) if line.strip()), "")

    def kill(self, *, polite: bytes = b"") -> None:
        """End the process and everything in its session; a second call does nothing.

        ``polite`` is written first and the process has a moment to leave by itself, then another after a
        SIGTERM. Without it the end is immediate.
        """
        if not self.alive or self._owner != os.getpid():
            return
        self.alive = False
        if polite:
            self.send(polite)
            self._pipes[0].close()
            if self._exit(_GRACE_S) is None:
                self._signal(signal.SIGTERM)
                self._exit(_GRACE_S)
        # The leader is not reaped yet, so its number still names its group and session and nothing else.
        self._signal(signal.SIGKILL)
        self._kill_strays()
        self._child.wait()
        for pipe in self._pipes:
            with contextlib.suppress(OSError):
                pipe.close()

    def _flush(self) -> None:
        try:
            sent = os.write(self._in, self._unsent)
        except BlockingIOError:
            return
        except OSError:
            self._unsent, self.deaf = b"", True
            return
        self._unsent = self._unsent[sent:]

    def _drain_error(self) -> None:
        data = self._read(self._err) if self._err_open else None
        if data:
            self._tail = (self._tail + data)[-_TAIL_BYTES:]
        elif data is not None:
            self._err_open = False

    @staticmethod
    def _read(fd: int) -> bytes | None:
        """What is there, empty at the end, None where nothing is there yet."""
        try:
            return os.read(fd, _READ_BYTES)
        except BlockingIOError:
            return None
        except OSError:
            return b""

    def _split(self, data: bytes) -> list[bytes]:
        lines = data.split(b"\n")
        rest = lines.pop()
        if lines:
            if self._skipping:
                del lines[0]
            else:
                lines[0] = self._partial + lines[0]
            self._partial, self._skipping = b"", False
        if not self._skipping:
            self._partial += rest
        if len(self._partial) > MAX_LINE_BYTES:
            lines.append(self._partial[:MAX_LINE_BYTES])
            self._partial, self._skipping = b"", True
        return lines

    def _exit(self, within_s: float) -> str | None:
        """How the leader exited, None where it has not; it is left unreaped."""
        end = time.monotonic() + within_s
        while True:
            try:
                exited = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:  # whoever embeds w2s reaps all children
                return "exited"
            if exited is not None:
                return _exit_text(exited.si_code, exited.si_status)
            if time.monotonic() >= end:
                return None
            time.sleep(0.002)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def _kill_strays(self) -> None:
        """Kill what has a group of its own within the session, where the system lists its processes."""
        for _ in range(_SWEEPS):
            strays = [pid for pid in _all_pids() if pid != self.pid and _session(pid) == self.pid]
            if not strays:
                return
            for pid in strays:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)


def _all_pids() -> list[int]:
    """Every process of this machine; none where there is no ``/proc``."""
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - twice as fast
    except OSError:
        return []


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


def _exit_text(code: int, status: int) -> str:
    if code == os.CLD_EXITED:
        return f"exited with code {status}"
    known = {number.value: number.name for number in signal.Signals}
    return f"was killed by {known.get(status, f'signal {status}')}"
