"""An engine process: lines, bounded buffers, and a complete kill."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.doubles.engines import processes_with
from w2s.models.uci.process import MAX_LINE_BYTES, EngineProcess

Start = Callable[..., EngineProcess]
WAIT_S = 20


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a Python program; all started programs are killed at the end."""
    started: list[EngineProcess] = []

    def python(code: str, *arguments: str) -> EngineProcess:
        started.append(
            EngineProcess([sys.executable, "-S", "-c", f"import os, sys, time\n{code}", *arguments])
        )
        return started[-1]

    yield python
    for process in started:
        process.kill()


def wait(process: EngineProcess) -> None:
    """Wait until there is something to read or write."""
    poll = select.poll()
    for fd, events in process.wait_fds():
        poll.register(fd, events)
    assert poll.poll(WAIT_S * 1000), "nothing came"


def lines_of(process: EngineProcess, count: int) -> list[bytes]:
    """At least ``count`` lines, or all lines until the output ends."""
    lines: list[bytes] = []
    while len(lines) < count and not process.output_closed:
        wait(process)
        process.fill(b"\n")
        lines += process.lines()
    return lines


@pytest.mark.parametrize("pieces", [["one\ntwo\n"], ["on", "e\ntw", "o", "\n"], list("one\ntwo\n")])
def test_lines_are_assembled_from_pieces(start: Start, pieces: list[str]) -> None:
    process = start("for piece in sys.argv[1:]: os.write(1, piece.encode()); time.sleep(0.01)", *pieces)
    assert lines_of(process, 2) == [b"one", b"two"]


@pytest.mark.parametrize(
    ("pieces", "news"),
    [
        (["info\n", "info\nbestmove a\n"], [False, True]),
        (["info\n", "info\nbest", "move a\n"], [False, False, True]),
        (["bestmove", " a", "\n"], [False, False, True]),
        (["info\nbestmo", "ve", " a", "b\n"], [False, False, False, True]),
        (["info\nbestmove a", "b\n"], [True, True]),
        (["bestmove a\n", "info\n"], [True, False]),
    ],
)
def test_fill_reports_only_awaited_line(start: Start, pieces: list[str], news: list[bool]) -> None:
    process = start("for piece in sys.argv[1:]: os.write(1, piece.encode()); sys.stdin.readline()", *pieces)
    found, lines = [], []
    for _ in pieces:
        wait(process)
        found.append(process.fill(b"bestmove"))
        lines += process.lines() if found[-1] else []
        process.send(b"\n")
    assert found == news
    assert b"\n".join([*lines, *process.lines()]) == "".join(pieces).strip().encode()
    while not process.output_closed:  # what closes first may be standard error
        wait(process)
        assert process.fill(b"bestmove") == process.output_closed  # the end is always news


def test_fill_reports_full_buffer(start: Start) -> None:
    process = start("os.write(1, b'x\\n' * 200_000)")
    news = 0
    while not process.output_closed:
        wait(process)
        if process.fill(b"never"):
            news += len(process.lines())
    assert news == 200_000


def test_incomplete_line_is_not_returned(start: Start) -> None:
    process = start("os.write(1, b'one\\ntwo')")
    assert lines_of(process, 2) == [b"one"]
    assert process.output_closed


def test_large_writes_are_delivered(start: Start) -> None:
    process = start("print(len(sys.stdin.buffer.readline()), flush=True); time.sleep(60)")
    process.send(b"x" * 3_000_000 + b"\n")
    assert lines_of(process, 1) == [b"3000001"]


def test_writes_keep_their_order(start: Start) -> None:
    process = start(
        "print(hash(sys.stdin.buffer.readline()) == hash(eval(sys.argv[1])), flush=True)", EXPECTED
    )
    for number in range(20_000):
        process.send(b"%d " % number)
    process.send(b"\n")
    assert lines_of(process, 1) == [b"True"]


EXPECTED = "b''.join(b'%d ' % n for n in range(20_000)) + b'\\n'"


def test_long_line_is_cut_and_next_line_is_complete(start: Start) -> None:
    process = start("os.write(1, b'x' * 1_000_000 + b'\\nnext\\n' + b'y' * 70_000 + b'\\nlast\\n')")
    long, following, also_long, last = lines_of(process, 4)
    assert (set(long), following, set(also_long), last) == (set(b"x"), b"next", set(b"y"), b"last")
    assert MAX_LINE_BYTES <= len(long) <= 2 * MAX_LINE_BYTES
    assert process.read_bytes == 1_070_012


def test_discard_drops_output_and_incomplete_line(start: Start) -> None:
    process = start("os.write(1, b'old\\nhalf'); sys.stdin.readline(); os.write(1, b' old\\nnew\\n')")
    wait(process)
    time.sleep(0.05)
    process.discard()
    process.send(b"go\n")
    assert lines_of(process, 1) == [b"new"]


def test_standard_error_is_drained_and_last_line_kept(start: Start) -> None:
    process = start("os.write(2, b'noise\\n' * 200_000 + b'the cause\\n\\n'); os.write(1, b'done\\n')")
    assert lines_of(process, 1) == [b"done"]
    assert process.last_error_line() == "the cause"


def test_last_error_line_is_short_and_decoded(start: Start) -> None:
    process = start("os.write(2, b'\\xff' + b'x' * 1000)")
    lines_of(process, 1)
    assert process.last_error_line() == "\ufffd" + "x" * 199


@pytest.mark.parametrize(
    ("code", "how"),
    [
        ("sys.exit(3)", "exited with code 3"),
        ("pass", "exited with code 0"),
        ("os.kill(os.getpid(), 9)", "was killed by SIGKILL"),
        ("os.kill(os.getpid(), 40)", "was killed by signal 40"),
        ("os.close(1); time.sleep(60)", "closed its output"),
    ],
)
def test_exit_reason_names_code_signal_or_pipe(start: Start, code: str, how: str) -> None:
    process = start(code)
    assert lines_of(process, 1) == []
    assert process.exit_reason() == how


def test_closed_input_is_detected_by_write(start: Start) -> None:
    process = start("os.close(0); os.write(1, b'deaf\\n'); time.sleep(60)")
    assert lines_of(process, 1) == [b"deaf"]
    process.send(b"hello\n")
    assert process.input_closed
    assert process.exit_reason() == "closed its input"


def test_process_leads_group_in_session_of_parent(start: Start) -> None:
    """Ctrl-C goes to the group of the parent; another session would be scheduled separately."""
    process = start("os.write(1, b'up\\n'); time.sleep(60)")
    lines_of(process, 1)
    assert os.getpgid(process.pid) == process.pid
    assert os.getsid(process.pid) == os.getsid(0)


FAMILY = """
import signal
for leave in (lambda: None, lambda: os.setpgid(0, 0), os.setsid):
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        leave()
        if os.fork() == 0:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
        time.sleep(600)
os.write(1, b'up\\n')
sys.stdin.readline()
"""


@pytest.mark.parametrize("polite", [b"", b"quit\n"])
@pytest.mark.parametrize("leader", ["runs", "has left"])
def test_kill_ends_descendants_in_other_groups_and_sessions(start: Start, polite: bytes, leader: str) -> None:
    mark = f"family-{os.getpid()}-{time.monotonic_ns()}"
    process = start(FAMILY, mark)
    lines_of(process, 1)
    deadline = time.monotonic() + WAIT_S
    while len(processes_with(mark)) < 7 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(processes_with(mark)) == 7
    if leader == "has left":
        process.send(b"quit\n")
        while process.exit_reason() != "exited with code 0":
            assert time.monotonic() < deadline
    process.kill(polite=polite)
    process.kill(polite=polite)
    while processes_with(mark) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert processes_with(mark) == {}
    assert not Path(f"/proc/{process.pid}").exists()  # reaped: not even a zombie


def test_polite_kill_lets_process_finish(start: Start, tmp_path: Path) -> None:
    target = tmp_path / "saved"
    process = start("sys.stdin.read(); open(sys.argv[1], 'w').write('saved'); os.write(1, b'x')", str(target))
    process.kill(polite=b"quit\n")
    assert target.read_text() == "saved"


def test_polite_kill_sends_sigterm_before_sigkill(start: Start, tmp_path: Path) -> None:
    target = tmp_path / "saved"
    code = """
import signal
def leave(*_):
    open(sys.argv[1], 'w').write('saved')
    os._exit(0)
signal.signal(signal.SIGTERM, leave)
os.write(1, b'up\\n')
while True: time.sleep(1)
"""
    process = start(code, str(target))
    lines_of(process, 1)
    process.kill(polite=b"quit\n")
    assert target.read_text() == "saved"


def test_forked_parent_does_not_kill(start: Start) -> None:
    """A forked worker of the parent has the object, but does not own the process."""
    process = start("os.write(1, b'up\\n'); sys.stdin.readline(); os.write(1, b'still here\\n')")
    lines_of(process, 1)
    child = os.fork()
    if child == 0:
        process.kill()
        os._exit(0)
    os.waitpid(child, 0)
    process.send(b"\n")
    assert lines_of(process, 1) == [b"still here"]


def test_kill_closes_pipes(start: Start) -> None:
    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = open_files()
    processes = [start("time.sleep(60)") for _ in range(3)]
    assert open_files() == before + 15  # three pipes, and two to the supervisor
    for process in processes:
        process.kill()
    assert open_files() == before


def test_kill_works_when_children_are_reaped_elsewhere(start: Start) -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        process = start("os.write(1, b'up\\n'); time.sleep(60)")
        lines_of(process, 1)
        process.kill(polite=b"")
        dead = start("sys.exit(1)")
        lines_of(dead, 1)
        assert dead.exit_reason() == "exited with code 1"
        dead.kill()
    finally:
        signal.signal(signal.SIGCHLD, before)
