"""One engine process: its own process group, non-blocking pipes, bounded buffers, a complete kill.

It moves lines and knows nothing about UCI.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

MAX_LINE_BYTES = 1 << 16
"""The length to which a line is cut; the rest of a longer line is read and dropped."""
MAX_ANSWER_BYTES = 1 << 26
"""The most that a process may write for one answer; more counts as flooding."""
_READ_BYTES = 1 << 14
_TAIL_BYTES = 2000
_LAST_READS = 8
_GRACE_S = 0.3
_EXIT_S = 0.2
_SWEEPS = 3
_MARK = "W2S_ENGINE"


class EngineProcess:
    """An engine process that leads its own process group, so that Ctrl-C reaches only the parent.

    Reading never blocks; the caller waits on :meth:`wait_fds`. Everything that the process starts can be
    killed with it: it inherits a mark in its environment, by which it is found even in another group or
    session. The process stays in the session of its parent, because Linux would schedule another session
    separately, and the two exchange thousands of lines a second. If the parent dies by SIGKILL, the process
    sees the end of its standard input, on which every usable engine exits.

    Args:
        command: program and arguments; no shell is involved.

    Attributes:
        is_alive: False once :meth:`kill` was called.
        output_closed: whether standard output was found closed.
        input_closed: whether standard input was found closed.
        read_bytes: bytes read since the counter was last reset.

    Raises:
        OSError: the command cannot be started.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._mark = f"{_MARK}={os.getpid()}.{time.monotonic_ns()}"
        self._child = subprocess.Popen(  # noqa: S603 - a list, never a shell; the user named the command
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            process_group=0,
            env={**os.environ, _MARK: self._mark.partition("=")[2]},
        )
        self._owner = os.getpid()
        self._pipes = [pipe for pipe in (self._child.stdin, self._child.stdout, self._child.stderr) if pipe]
        self._in, self._out, self._err = (pipe.fileno() for pipe in self._pipes)
        for fd in (self._in, self._out, self._err):
            os.set_blocking(fd, False)
        self._out_poll = select.poll()
        self._out_poll.register(self._out, select.POLLIN)
        self._unsent = b""
        self._buffer = b""
        self._skipping = False
        self._tail = b""
        self._err_open = True
        self.is_alive = True
        self.output_closed = False
        self.input_closed = False
        self.read_bytes = 0

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its group."""
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
        """Write without blocking; what the pipe does not accept is kept for :meth:`fill`.

        Sets :attr:`input_closed`.
        """
        self._unsent = self._unsent + data if self._unsent else data
        self._flush()

    def fill(self, awaited: bytes) -> bool:
        """Read and write what is possible now.

        Sets :attr:`output_closed`. Most output of an engine is not what its parent waits for; it is read
        here at little cost.

        Returns:
            Whether to call :meth:`lines`: the awaited line has come, the buffer is full, or the output has
            ended.
        """
        if self._unsent:
            self._flush()
        data = self._read(self._out)
        if data is None:  # standard error woke the caller; it is drained, so that it cannot fill up
            self._drain_error()
            return False
        if not data:
            self.output_closed = True
            return True
        self.read_bytes += len(data)
        self._buffer += data
        return (b"\n" in data and awaited in self._buffer) or len(self._buffer) > MAX_LINE_BYTES

    def lines(self) -> list[bytes]:
        """The complete lines that have come, without line ends; each is returned once."""
        lines = self._buffer.split(b"\n")
        self._buffer = lines.pop()
        if self._skipping and lines:
            del lines[0]
            self._skipping = False
        if self._skipping:
            self._buffer = b""
        elif len(self._buffer) > MAX_LINE_BYTES:
            lines.append(self._buffer[:MAX_LINE_BYTES])
            self._buffer, self._skipping = b"", True
        return lines

    def discard(self) -> None:
        """Drop all output so far; an incomplete line is dropped to its end."""
        if self._out_poll.poll(0):  # cheaper than the exception of a read without data
            self.fill(b"\n")
        self.lines()
        self._skipping = self._skipping or bool(self._buffer)
        self._buffer = b""
        self.read_bytes = 0

    def exit_reason(self) -> str:
        """Why the process closed a pipe: its exit code or signal, or else which pipe it closed."""
        return self._exit(_EXIT_S) or f"closed its {'output' if self.output_closed else 'input'}"

    def last_error_line(self) -> str:
        """The last line on standard error, cut to 200 characters; empty where there is none."""
        for _ in range(_LAST_READS):  # more than a pipe holds; bounded, in case it is being flooded
            self._drain_error()
        lines = self._tail.decode("utf-8", "replace").split("\n")
        return next((line.strip()[:200] for line in reversed(lines) if line.strip()), "")

    def kill(self, *, polite: bytes = b"") -> None:
        """End the process and everything that it started; a second call does nothing.

        Args:
            polite: if not empty, this is written first; the process then has a moment to exit by itself, and
                another one after SIGTERM.
        """
        if not self.is_alive or self._owner != os.getpid():
            return
        self.is_alive = False
        if polite:
            self.send(polite)
            self._pipes[0].close()
            if self._exit(_GRACE_S) is None:
                self._signal(signal.SIGTERM)
                self._exit(_GRACE_S)
        # The leader is not reaped yet, so its number still names its group and nothing else.
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
            self._unsent, self.input_closed = b"", True
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
        """The available data: empty at the end of the output, None where there is none yet."""
        try:
            return os.read(fd, _READ_BYTES)
        except BlockingIOError:
            return None
        except OSError:
            return b""

    def _exit(self, within_s: float) -> str | None:
        """How the leader exited, None where it has not; the leader is not reaped."""
        end = time.monotonic() + within_s
        while True:
            try:
                exited = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:  # the program that embeds w2s reaps all children
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
        """Kill processes that have left the group, where ``/proc`` lists processes and their environments."""
        for _ in range(_SWEEPS):
            strays = [pid for pid in _all_pids() if pid != self.pid and _has_mark(pid, self._mark)]
            for pid in strays:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            if not strays:
                return


def _all_pids() -> list[int]:
    """The ids of all processes of this machine; empty where there is no ``/proc``."""
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - twice as fast
    except OSError:
        return []


def _has_mark(pid: int, mark: str) -> bool:
    """Whether a process has the mark in its environment; False where that cannot be read."""
    try:
        return mark.encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False


def _exit_text(code: int, status: int) -> str:
    if code == os.CLD_EXITED:
        return f"exited with code {status}"
    known = {number.value: number.name for number in signal.Signals}
    return f"was killed by {known.get(status, f'signal {status}')}"
