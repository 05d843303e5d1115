"""The program that starts one engine and ends everything that the engine started: ``LIFE STATUS PROGRAM …``.

It is a small separate process between w2s and the engine, outside of their pipes. On Linux it adopts every
descendant of the engine that loses its parent, in any group, session and environment. It ends them all when
the pipe ``LIFE`` is closed, which the death of w2s does too. To the pipe ``STATUS`` it writes lines: the
process id of the engine, or minus the error number if it could not be started, and later the wait status of
the engine, each 16 bytes long. It needs only the standard library.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import select
import signal
import sys
import time
from collections.abc import Iterator

_SET_DEATH_SIGNAL, _SET_SUBREAPER = 1, 36
_END_S = 5.0
"""The longest time that ending all descendants takes; only one that the system cannot kill is left then."""
_FIRST_LOOK_S, _LOOK_S = 0.002, 0.005


def supervise() -> None:
    """Start the program that the arguments name, and stay until all its descendants have ended."""
    life, status, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    os.set_inheritable(life, False)
    os.set_inheritable(status, False)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # w2s may be part of a program that ignores it
    _set_process(_SET_SUBREAPER, 1)
    try:
        engine = _start(command)
    except OSError as error:
        _report(status, -(error.errno or errno.EIO))
        os._exit(0)
    wake = _watch_signals(engine)
    _leave_pipes()
    _report(status, engine)
    _watch(engine, life, wake, status)
    os._exit(0)


def _start(command: list[str]) -> int:
    """Start the program as the leader of its own group; its process id."""
    own = os.getpid()
    fault, report = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.setpgid(0, 0)
            for number in (signal.SIGPIPE, signal.SIGXFSZ):  # ignored by Python, not by other programs
                signal.signal(number, signal.SIG_DFL)
            _set_process(_SET_DEATH_SIGNAL, signal.SIGKILL)
            if os.getppid() == own:
                os.execvp(command[0], command)  # noqa: S606 - a list, never a shell
        except OSError as error:
            os.write(report, b"%d" % (error.errno or 0))
        finally:
            os._exit(127)
    os.close(report)
    reason = os.read(fault, 16)
    os.close(fault)
    if reason:
        os.waitpid(pid, 0)
        raise OSError(int(reason), os.strerror(int(reason)))
    return pid


def _watch_signals(engine: int) -> int:
    """A file that can be read when a child has exited; SIGTERM is passed on to the group of the engine."""
    wake, signalled = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(signalled, False)
    signal.set_wakeup_fd(signalled, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: _kill_group(engine, signal.SIGTERM))
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    return wake


def _leave_pipes() -> None:
    """Close the pipes of the engine and leave its folder, so that their ends are those of the engine."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    os.chdir("/")


def _watch(engine: int, life: int, wake: int, status: int) -> None:
    """Wait until nothing is left, or until w2s has closed its pipe; then end all descendants."""
    poll = select.poll()
    poll.register(life, select.POLLIN)
    poll.register(wake, select.POLLIN)
    is_running = True
    while True:
        with contextlib.suppress(BlockingIOError):
            os.read(wake, 4096)
        exited, is_left = _collect()
        if engine in exited:
            is_running = False
            signal.signal(signal.SIGTERM, lambda *_: None)  # its number may name another group now
            _report(status, exited[engine])
        if not is_left:
            return
        if any(fd == life for fd, _ in poll.poll()):
            break
    if is_running:
        _kill_group(engine, signal.SIGKILL)
    _end_all()


def _collect() -> tuple[dict[int, int], bool]:
    """The wait status of each child that has exited, and whether others are left."""
    exited: dict[int, int] = {}
    with contextlib.suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            exited[found[0]] = found[1]
        return exited, True
    return exited, False


def _end_all() -> None:
    """Kill all descendants: children that are left after a moment, then those that become children."""
    deadline, pause = time.monotonic() + _END_S, _FIRST_LOOK_S
    while _collect()[1]:
        time.sleep(pause)
        if not _collect()[1] or time.monotonic() > deadline:
            return
        for pid in _children(os.getpid()):
            with contextlib.suppress(PermissionError):  # it runs as another user
                os.kill(pid, signal.SIGKILL)
        pause = _LOOK_S


def _children(parent: int) -> Iterator[int]:
    """The process ids of the children; they stay valid, because only this process collects them."""
    for name in os.listdir("/proc"):  # noqa: PTH208 - twice as fast
        try:
            with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123 - pathlib takes long to import
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue
        if len(fields) > 1 and fields[1] == b"%d" % parent:
            yield int(name)


def _kill_group(group: int, number: int) -> None:
    with contextlib.suppress(OSError):  # it has ended
        os.killpg(group, number)


def _report(status: int, number: int) -> None:
    with contextlib.suppress(BrokenPipeError):
        os.write(status, b"%15d\n" % number)


def _set_process(option: int, value: int) -> None:
    """Set an attribute of this process; Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    supervise()
