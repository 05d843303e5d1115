"""One engine process: its own process group, non-blocking pipes, bounded buffers, a complete kill.

It moves lines and knows nothing about UCI.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
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
_SUPERVISOR = Path(__file__).with_name("supervisor.py")
_START_S = 60.0
_SUPERVISOR_S = 10.0
_REPORT_BYTES = 16

_VARIABLES = frozenset((
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TERM", "TMPDIR", "TMP", "TEMP",
    "LD_LIBRARY_PATH", "LD_PRELOAD", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CONDA_PREFIX", "JAVA_HOME",
    "WINEPREFIX",
))  # fmt: skip
"""The environment variables that an engine gets."""
_FAMILIES = (
    "LC_", "XDG_", "DYLD_", "OMP_", "GOMP_", "KMP_", "MKL_", "OPENBLAS_", "CUDA_", "NVIDIA_", "HIP_", "ROCR_"
)  # fmt: skip
"""It also gets all that begin with one of these, unless their names look like secrets."""
_SECRET = re.compile("KEY|TOKEN|SECRET|PASS|CREDENTIAL", re.IGNORECASE)


class EngineProcess:
    """An engine process that leads its own process group, so that Ctrl-C reaches only the parent.

    Reading never blocks; the caller waits on :meth:`wait_fds`. Everything that the process starts ends with
    it, and it ends with its parent: on Linux a supervisor (:mod:`w2s.models.uci.supervisor`) starts it and
    adopts what it leaves behind. Elsewhere, descendants in its group are killed. The process stays in the
    session of its parent, because Linux would schedule another session separately, and the two exchange
    thousands of lines a second.

    Args:
        command: program and arguments; no shell is involved.
        variables: names of environment variables that the process gets besides those of
            :func:`engine_environment`.

    Attributes:
        pid: the process id, which is also the id of its group.
        is_alive: False once :meth:`kill` was called.
        output_closed: whether standard output was found closed.
        input_closed: whether standard input was found closed.
        read_bytes: bytes read since the counter was last reset.

    Raises:
        OSError: the command cannot be started.
    """

    def __init__(self, command: Sequence[str], variables: Sequence[str] = ()) -> None:
        self._mark = f"{_MARK}={os.getpid()}.{time.monotonic_ns()}"
        environment = {**engine_environment(variables), _MARK: self._mark.partition("=")[2]}
        self._child, self._supervisor, self.pid = _start(command, environment)
        self._exited: str | None = None
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
        if self._supervisor is None:
            # The leader is not reaped yet, so its number still names its group and nothing else.
            self._signal(signal.SIGKILL)
            self._kill_strays()
            self._child.wait()
        else:
            self._end_supervisor(self._supervisor)
        self._exited = self._exited or "exited"
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
        """How the process exited, None where it has not; without a supervisor it is not reaped."""
        if self._exited is not None:
            return self._exited
        if self._supervisor is not None:
            if (status := self._supervisor.number(within_s)) is not None:
                self._exited = _exit_text(os.WIFEXITED(status), _code(status))
            return self._exited
        end = time.monotonic() + within_s
        while True:
            try:
                exited = os.waitid(os.P_PID, self._child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:  # the program that embeds w2s reaps all children
                return "exited"
            if exited is not None:
                return _exit_text(exited.si_code == os.CLD_EXITED, exited.si_status)
            if time.monotonic() >= end:
                return None
            time.sleep(0.002)

    def _signal(self, number: int) -> None:
        """Send a signal to the group of the process; a supervisor passes it on."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._supervisor is None:
                os.killpg(self.pid, number)
            else:
                os.kill(self._child.pid, number)

    def _end_supervisor(self, supervisor: _Supervisor) -> None:
        """Let the supervisor end everything; one that was killed or stopped is replaced by a search."""
        supervisor.close()
        try:
            self._child.wait(_SUPERVISOR_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        if self._child.returncode == -signal.SIGKILL:
            self._kill_strays()

    def _kill_strays(self) -> None:
        """Kill processes that have left the group, where ``/proc`` lists processes and their environments."""
        for _ in range(_SWEEPS):
            strays = [pid for pid in _all_pids() if pid != self.pid and _has_mark(pid, self._mark)]
            for pid in strays:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            if not strays:
                return


# Starting ---------------------------------------------------------------------------------------------------


def engine_environment(variables: Sequence[str] = ()) -> dict[str, str]:
    """The environment of an engine: what programs need to run, and no keys.

    Args:
        variables: names of further variables that the engine gets, even if they look like secrets.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if name in variables
        or name in _VARIABLES
        or (name.startswith(_FAMILIES) and not _SECRET.search(name))
    }


@dataclass(frozen=True, slots=True)
class _Supervisor:
    """The pipes to a supervisor: it ends when ``life`` is closed, and reports by lines of ``status``."""

    life: int
    status: int

    def number(self, within_s: float) -> int | None:
        """The next number that it reports; None where there is none in time, or it has ended."""
        poll = select.poll()
        poll.register(self.status, select.POLLIN)
        text = os.read(self.status, _REPORT_BYTES) if poll.poll(within_s * 1000) else b""
        return int(text) if text else None

    def close(self) -> None:
        """Let it end everything."""
        os.close(self.life)
        os.close(self.status)


def _start(
    command: Sequence[str], environment: dict[str, str]
) -> tuple[subprocess.Popen[bytes], _Supervisor | None, int]:
    """The child, its pipes if it is a supervisor, and the process id of the engine."""
    program = _supervisor_command()
    if not program:
        child = _popen(command, environment)
        return child, None, child.pid
    (life, own_life), (own_status, status) = os.pipe(), os.pipe()
    supervisor = _Supervisor(own_life, own_status)
    try:
        child = _popen([*program, str(life), str(status), *command], environment, (life, status))
    except OSError:
        supervisor.close()
        raise
    finally:
        os.close(life)
        os.close(status)
    number = supervisor.number(_START_S) or -errno.EIO
    if number > 0:
        return child, supervisor, number
    supervisor.close()
    child.kill()
    child.wait()
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()
    raise OSError(-number, os.strerror(-number))


def _popen(
    command: Sequence[str], environment: dict[str, str], fds: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - a list, never a shell; the user named the command
        list(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        process_group=0,
        pass_fds=fds,
        env=environment,
    )


def _supervisor_command() -> list[str]:
    """The command of the supervisor; empty where it cannot run: not on Linux, or inside another program."""
    program = Path(sys.executable or "")
    is_python = program.name.startswith(("python", "pypy"))
    if sys.platform != "linux" or not is_python or not _SUPERVISOR.is_file():
        return []
    return [str(program), "-I", "-S", str(_SUPERVISOR)]


# Strays -----------------------------------------------------------------------------------------------------


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


def _code(status: int) -> int:
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else os.WTERMSIG(status)


def _exit_text(has_exited: bool, status: int) -> str:
    if has_exited:
        return f"exited with code {status}"
    known = {number.value: number.name for number in signal.Signals}
    return f"was killed by {known.get(status, f'signal {status}')}"
