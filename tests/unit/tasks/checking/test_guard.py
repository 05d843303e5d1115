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

from w2s.errors import ModelError
from w2s.tasks.checking import guard, same_answer
from w2s.tasks.checking.comparing import MOST_LETTERS

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
    assert same_answer("x + 1", "1 + x")
    yield
    guard.GUARD.close()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_is_unequal_in_time_and_the_next_one_is_compared(name: str) -> None:
    began = time.monotonic()
    assert not same_answer(HOSTILE[name], "5", timeout_s=TIMEOUT_S)
    assert same_answer(HOSTILE[name], HOSTILE[name], timeout_s=TIMEOUT_S)
    assert time.monotonic() - began < ALLOWED_S
    assert same_answer("y + 2", f"2 + y + {len(name)} - {len(name)}", timeout_s=ALLOWED_S)


def test_every_pair_of_hostile_answers_is_unequal_without_algebra_being_asked_for_the_long_ones() -> None:
    before = guard.GUARD.pid
    long = [text for text in HOSTILE.values() if len(text) > MOST_LETTERS]
    assert len(long) >= 3
    began = time.monotonic()
    assert not any(same_answer(text, f"{text}1") for text in long)
    assert time.monotonic() - began < 2
    assert guard.GUARD.pid == before


def test_a_time_out_holds_in_a_thread_and_others_are_answered() -> None:
    verdicts: dict[str, bool] = {}
    pairs = {"hangs": ("9!!!!!!!", "7"), "holds": ("z+1", "1+z"), "fails": ("z+1", "2+z")}

    def compare(name: str) -> None:
        verdicts[name] = same_answer(*pairs[name], timeout_s=TIMEOUT_S)

    threads = [threading.Thread(target=compare, args=(name,)) for name in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(ALLOWED_S)
    assert verdicts == {"hangs": False, "holds": True, "fails": False}


def test_one_process_is_used_again_for_every_pair() -> None:
    same_answer("b+1", "1+b")
    first = guard.GUARD.pid
    assert all(same_answer(f"b + {number}", f"{number} + b") for number in range(2, 8))
    assert guard.GUARD.pid == first


def test_a_process_that_was_killed_is_replaced() -> None:
    same_answer("c+1", "1+c")
    first = guard.GUARD.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
    assert same_answer("c+2", "2+c")
    assert guard.GUARD.pid != first


def _in_worker(pair: tuple[str, str]) -> tuple[bool, int | None]:
    return same_answer(*pair, timeout_s=TIMEOUT_S), guard.GUARD.pid


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork.*:DeprecationWarning")
def test_a_worker_process_has_a_time_out_and_a_process_of_its_own(method: str) -> None:
    same_answer("d+1", "1+d")
    pairs = [("d+2", "2+d"), ("8!!!!!!!", "7")]
    with multiprocessing.get_context(method).Pool(1) as pool:
        found = pool.map_async(_in_worker, pairs, chunksize=2).get(ALLOWED_S)
    assert [verdict for verdict, _ in found] == [True, False]
    assert found[0][1] not in (None, guard.GUARD.pid)
    assert same_answer("d+3", "3+d")


def test_the_process_ends_with_whoever_started_it() -> None:
    own = guard.Guard()
    assert own.same("e+1", "1+e", 30.0)
    pid = own.pid
    assert pid is not None
    own._process.stdin.close()  # what the kernel does when the parent dies
    assert own._process.wait(ALLOWED_S) == 0
    own.close()
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        pytest.fail("the process still runs")


def test_a_process_whose_parent_is_gone_does_not_compute_for_ever() -> None:
    own = guard.Guard()
    own.same("f+1", "1+f", 30.0)
    process = own._process
    process.stdin.write(b'["9!!!!!!!!", "7", 0.2]\n')
    process.stdin.close()
    assert process.wait(ALLOWED_S) == -signal.SIGPROF
    own.close()


def test_a_busy_machine_does_not_change_a_verdict() -> None:
    own = guard.Guard()
    own.same("h+1", "1+h", 30.0)
    os.kill(own.pid, signal.SIGSTOP)
    waker = threading.Timer(1.0, os.kill, (own.pid, signal.SIGCONT))
    waker.start()
    assert own.same("h+2", "2+h", 2.0)
    waker.join()
    own.close()


def test_a_process_that_waits_for_ever_is_killed_by_the_clock() -> None:
    own = guard.Guard()
    own.same("i+1", "1+i", 30.0)
    os.kill(own.pid, signal.SIGSTOP)
    assert not own.same("i+2", "2+i", 0.1)
    assert own.pid is None
    own.close()


def test_ctrl_c_leaves_no_answer_behind_for_the_next_question() -> None:
    own = guard.Guard()
    own.same("j+1", "1+j", 30.0)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    os.kill(own.pid, signal.SIGSTOP)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(KeyboardInterrupt):
            own.same("j+2", "2+j", 30.0)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert not own.same("j+3", "4+j", 30.0)
    os.kill(own.pid, signal.SIGINT)
    assert own.same("j+4", "4+j", 30.0)
    own.close()


def test_a_process_that_does_not_start_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "_CALL", "raise SystemExit(1)")
    with pytest.raises(ModelError, match="does not start"):
        guard.Guard().same("g+1", "1+g", 1.0)


def test_nothing_of_an_answer_is_run(tmp_path: object) -> None:
    mark = f"{tmp_path}/here"
    for text in (f"__import__('os').mkdir('{mark}')", f"open('{mark}','w')", f"x.__class__('{mark}')"):
        assert not same_answer(text, "5")
        assert not same_answer(text, "x+5")
    assert not Path(mark).exists()
    assert "math_verify" not in sys.modules
