"""Hostile answers are unequal in time, whoever asks, and what compares stays healthy."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.errors import raises_code
from w2s.errors import ModelError
from w2s.tasks.answer_check import answers_equal, guard
from w2s.tasks.answer_check.equal import MAX_LETTERS

pytestmark = pytest.mark.slow

TIMEOUT_S = 0.5
ALLOWED_S = 60.0
"""For a time-out and a start of the process on a slow, busy machine."""
HOSTILE = {
    "tower": "9**9**9",
    "tower in LaTeX": "9^{9^{9^{9}}}",
    "brackets": "(" * 50_000 + ")" * 50_000,
    "open brackets": "[" * 100_000,
    "braces": "{" * 50_000 + "}" * 50_000,
    "nested fractions": r"\frac{" * 90 + "1" + "}{2}" * 90,
    "import": "__import__('os').system('touch /tmp/w2s-was-here')",
    "class": "().__class__.__bases__[0].__subclasses__()",
    "lambda": "(lambda: exec('raise SystemExit'))()",
    "factorials": "9!!!!!!",
    "factorial of a tower": "(9^{9^9})!",
    "null byte": "5\0",
    "many digits": "9" * 900,
    "power of digits": "9" * 100 + "^{" + "9" * 100 + "}",
    "exponent": "1e999999999999",
    "sum": r"\sum_{n=1}^{10^{9}} \frac{1}{n!}",
    "integral": r"\int_0^1 \int_0^1 e^{\sin(x^y)^{y^x}} dx dy",
    "lists": "1," * 400,
    "backslashes": "\\" * 900,
    "surrogate": "\ud800",
    "separators": "1,234," * 160,
    "letters": "a" * 900 + "!",
    "prompt": 'true\n["5","5",1]\ntrue',
}


@pytest.fixture(scope="module", autouse=True)
def started() -> Iterator[None]:
    """The process runs, so that no test pays for its start."""
    assert answers_equal("x + 1", "1 + x")
    yield
    guard.GUARD.close()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_answer_is_unequal_in_time_and_the_next_pair_is_compared(name: str) -> None:
    began = time.monotonic()
    assert not answers_equal(HOSTILE[name], "5", timeout_s=TIMEOUT_S)
    assert answers_equal(HOSTILE[name], HOSTILE[name], timeout_s=TIMEOUT_S)
    assert time.monotonic() - began < ALLOWED_S
    assert answers_equal("y + 2", f"2 + y + {len(name)} - {len(name)}", timeout_s=ALLOWED_S)


def test_long_hostile_answers_never_reach_algebra() -> None:
    before = guard.GUARD.pid
    long = [text for text in HOSTILE.values() if len(text) > MAX_LETTERS]
    assert len(long) >= 3
    began = time.monotonic()
    assert not any(answers_equal(text, f"{text}1") for text in long)
    assert time.monotonic() - began < 2
    assert guard.GUARD.pid == before


def test_time_out_holds_in_threads() -> None:
    verdicts: dict[str, bool] = {}
    pairs = {"hangs": ("9!!!!!!!", "7"), "holds": ("z+1", "1+z"), "fails": ("z+1", "2+z")}

    def compare(name: str) -> None:
        verdicts[name] = answers_equal(*pairs[name], timeout_s=TIMEOUT_S)

    threads = [threading.Thread(target=compare, args=(name,)) for name in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(ALLOWED_S)
    assert verdicts == {"hangs": False, "holds": True, "fails": False}


def test_guarded_process_is_reused() -> None:
    answers_equal("b+1", "1+b")
    first = guard.GUARD.pid
    assert all(answers_equal(f"b + {number}", f"{number} + b") for number in range(2, 8))
    assert guard.GUARD.pid == first


def test_killed_process_is_replaced() -> None:
    answers_equal("c+1", "1+c")
    first = guard.GUARD.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
    assert answers_equal("c+2", "2+c")
    assert guard.GUARD.pid != first


def _in_worker(pair: tuple[str, str]) -> tuple[bool, int | None]:
    return answers_equal(*pair, timeout_s=TIMEOUT_S), guard.GUARD.pid


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork.*:DeprecationWarning")
def test_worker_process_has_its_own_guarded_process(method: str) -> None:
    answers_equal("d+1", "1+d")
    pairs = [("d+2", "2+d"), ("8!!!!!!!", "7")]
    with multiprocessing.get_context(method).Pool(1) as pool:
        found = pool.map_async(_in_worker, pairs, chunksize=2).get(ALLOWED_S)
    assert [verdict for verdict, _ in found] == [True, False]
    assert found[0][1] not in (None, guard.GUARD.pid)
    assert answers_equal("d+3", "3+d")


def test_guarded_process_ends_with_its_parent() -> None:
    own = guard.Guard()
    assert own.equal("e+1", "1+e", 30.0)
    pid = own.pid
    assert pid is not None
    own._process.stdin.close()  # what the kernel does when the parent dies
    assert own._process.wait(ALLOWED_S) == 0
    own.close()
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        pytest.fail("the process still runs")


def test_orphaned_process_stops_computing() -> None:
    own = guard.Guard()
    own.equal("f+1", "1+f", 30.0)
    process = own._process
    process.stdin.write(b'["9!!!!!!!!", "7", 0.2]\n')
    process.stdin.close()
    assert process.wait(ALLOWED_S) == -signal.SIGPROF
    own.close()


def test_busy_machine_does_not_change_a_verdict() -> None:
    own = guard.Guard()
    own.equal("h+1", "1+h", 30.0)
    os.kill(own.pid, signal.SIGSTOP)
    waker = threading.Timer(1.0, os.kill, (own.pid, signal.SIGCONT))
    waker.start()
    assert own.equal("h+2", "2+h", 2.0)
    waker.join()
    own.close()


def test_stopped_process_is_killed_by_wall_clock() -> None:
    own = guard.Guard()
    own.equal("i+1", "1+i", 30.0)
    os.kill(own.pid, signal.SIGSTOP)
    assert not own.equal("i+2", "2+i", 0.1)
    assert own.pid is None
    own.close()


def test_interrupt_leaves_no_stale_reply() -> None:
    own = guard.Guard()
    own.equal("j+1", "1+j", 30.0)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    os.kill(own.pid, signal.SIGSTOP)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(KeyboardInterrupt):
            own.equal("j+2", "2+j", 30.0)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert not own.equal("j+3", "4+j", 30.0)
    os.kill(own.pid, signal.SIGINT)
    assert own.equal("j+4", "4+j", 30.0)
    own.close()


def test_process_that_does_not_start_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "_CALL", "raise SystemExit(1)")
    with raises_code("task-algebra-not-started", ModelError):
        guard.Guard().equal("g+1", "1+g", 1.0)


def test_answers_are_never_executed(tmp_path: object) -> None:
    mark = f"{tmp_path}/here"
    for text in (f"__import__('os').mkdir('{mark}')", f"open('{mark}','w')", f"x.__class__('{mark}')"):
        assert not answers_equal(text, "5")
        assert not answers_equal(text, "x+5")
    assert not Path(mark).exists()
    assert "math_verify" not in sys.modules
