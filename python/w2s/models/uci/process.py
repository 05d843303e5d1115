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


class Process:
    """A process in a session of its own, so that Ctrl-C reaches the parent only and all it starts can be
    killed with it. Reading never blocks; waiting is the caller's, on :attr:`wait_fds`.

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
        self.read_bytes = 0

    @property
    def pid(self) -> int:
        """Process, group and session number, all the same."""
        return self._child.pid

    @property
    def said_on_error(self) -> str:
        """The last line of what the process wrote to standard error; at most 200 characters."""
        lines = self._tail.decode("utf-8", "replace").split("\n")
        return next((line.strip()[:200] for line in reversed(lines) if line.strip()), "")

    def wait_fds(self) -> list[tuple[int, int]]:
        """File descriptors to poll, each with its events."""
        fds = [(self._out, select.POLLIN)]
        if self._err_open:
            fds.append((self._err, select.POLLIN))
        if self._unsent:
            fds.append((self._in, select.POLLOUT))
        return fds

    def send(self, data: bytes) -> None:
        """Write without blocking; what the pipe does not take is kept for :meth:`pump`."""
        self._unsent += data
        self._flush()

    def pump(self) -> list[bytes]:
        """Move whatever can be moved now; the complete lines that came, without their ends.

        Afterwards :attr:`ended` says whether standard output was closed.
        """
        if self._unsent:
            self._flush()
        if self._err_open:
            self._drain_error()
        data = self._read(self._out)
        if data is None:
            return []
        if not data:
            self.ended = True
            return []
        self.read_bytes += len(data)
        return self._split(data)

    def drain_error(self) -> None:
        """Take what stands in standard error, so that a message is complete."""
        if self._err_open:
            self._drain_error()

    def kill(self, *, polite: bytes = b"") -> None:
        """End the process and everything in its group; a second call does nothing.

        ``polite`` is written first and the process has a moment to leave by itself.
        """
        if not self.alive or self._owner != os.getpid():
            return
        self.alive = False
        if polite and not self.ended:
            self.send(polite)
            self._pipes[0].close()
            self._exited_within(_GRACE_S)
        if not self._exited_within(0):
            self._signal(signal.SIGTERM)
            self._exited_within(_GRACE_S)
        # The leader is not reaped yet, so its number still names the group and nothing else.
        self._signal(signal.SIGKILL)
        self._child.wait()
        for pipe in self._pipes:
            with contextlib.suppress(OSError):
                pipe.close()

    def _flush(self) -> None:
        try:
            sent = os.write(self._in, self._unsent)
        except BlockingIOError:
            return
        except OSError:  # nobody reads any more: the end of its output will say so
            self._unsent = b""
            return
        self._unsent = self._unsent[sent:]

    def _drain_error(self) -> None:
        data = self._read(self._err)
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
        if self._skipping and len(lines) > 1:
            lines[0] = b""
            self._skipping = False
        lines[0] = self._partial + lines[0]
        self._partial = b"" if self._skipping else lines.pop()
        if self._skipping:
            return []
        if len(self._partial) > MAX_LINE_BYTES:
            lines.append(self._partial[:MAX_LINE_BYTES])
            self._partial, self._skipping = b"", True
        return lines

    def _exited_within(self, seconds: float) -> bool:
        """Whether the leader has exited; it is left unreaped."""
        end = time.monotonic() + seconds
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        while True:
            try:
                if os.waitid(os.P_PID, self.pid, flags) is not None:
                    return True
            except ChildProcessError:
                return True
            if time.monotonic() >= end:
                return False
            time.sleep(0.002)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)
