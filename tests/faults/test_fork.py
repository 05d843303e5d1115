"""The core in forked children, with every start method of multiprocessing, and beside threads that fork."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork"),
]

BEGIN = """
import multiprocessing, os, signal, sys, threading, warnings
import numpy as np
import w2s
warnings.simplefilter("ignore", DeprecationWarning)  # Python's own: forks beside threads
scores = np.random.default_rng(0).random(300_000)
groups = np.arange(len(scores)) % 100
best = w2s.top_k(scores, 5).tolist()

def check(_=0):
    assert w2s.top_k(scores, 5).tolist() == best
    return os.getpid()

def in_child(work):
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""


def run(work: str, timeout: float = 60.0) -> str:
    """Run a script after :data:`BEGIN`, in a process that has used the core."""
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + work], capture_output=True, text=True, timeout=timeout, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_forked_child_uses_every_parallel_function() -> None:
    run(
        """
positions = ["rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1"] * 50_000
def all_of_them():
    check()
    w2s.select(scores, top="10%")
    w2s.select(scores, top="10%", by=groups)
    w2s.select(scores, budget=10, cost=scores)
    w2s.aggregate(scores.reshape(-1, 3), "median")
    w2s.aggregate_votes(groups, np.arange(len(groups)) % 7, groups % 3)
    w2s.agree("chess", positions, ["e4"] * len(positions), ["e2e4"] * len(positions))
    w2s.game("othello").state().search(depth=3)
all_of_them()
in_child(all_of_them)
"""
    )


def test_children_of_children_have_threads_of_their_own() -> None:
    run("in_child(lambda: (check(), in_child(lambda: (check(), in_child(check)))))")


def test_streams_are_pushed_in_a_forked_child_by_several_threads() -> None:
    run(
        """
from w2s.kernels import Narrowing
def push():
    narrowing = Narrowing(np.float64)
    starts = range(0, len(scores), 50_000)
    push = lambda start: narrowing.push(start, scores[start : start + 50_000])
    threads = [threading.Thread(target=push, args=(start,)) for start in starts]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    narrowing.end_pass([5])
    assert narrowing.sizes.tolist() == [len(scores)]
for _ in range(10):
    in_child(push)
"""
    )


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_every_start_method_of_multiprocessing_works(method: str, tmp_path: Path) -> None:
    script = tmp_path / "work.py"  # spawned processes import it
    work = f"""
if __name__ == "__main__":
    with multiprocessing.get_context("{method}").Pool(2) as pool:
        assert os.getpid() not in pool.map(check, range(4))
"""
    script.write_text(BEGIN + work, encoding="utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_a_loader_with_workers_uses_the_core() -> None:
    pytest.importorskip("torch")
    run(
        """
from torch.utils.data import DataLoader
class Rows:
    def __len__(self):
        return 3
    def __getitem__(self, row):
        return w2s.top_k(scores, 5).tolist()
assert [rows for rows in DataLoader(Rows(), batch_size=None, num_workers=1)] == [best] * 3
"""
    )


def test_threads_call_while_another_forks() -> None:
    run(
        """
stop = threading.Event()
def call():
    while not stop.is_set():
        check()
threads = [threading.Thread(target=call) for _ in range(3)]
[thread.start() for thread in threads]
for _ in range(30):
    in_child(check)
stop.set()
[thread.join() for thread in threads]
"""
    )


def test_a_first_call_in_a_child_does_not_hinder_the_parent() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            BEGIN.replace("best = w2s.top_k(scores, 5).tolist()", "best = np.argsort(-scores)[:5].tolist()")
            + "in_child(check)\ncheck()\nin_child(check)",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_child_that_a_signal_handler_forks_during_a_call_ends_instead_of_waiting_for_ever() -> None:
    printed = run(
        """
children = []
def fork(*_):
    child = os.fork()
    if child:
        children.append(child)
        raise KeyboardInterrupt
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(30)  # ends a child that goes on nevertheless
signal.signal(signal.SIGALRM, fork)
state = w2s.game("chess").state()
parent = os.getpid()
signal.setitimer(signal.ITIMER_REAL, 0.2)
try:
    state.perft(12)
except KeyboardInterrupt:
    pass
assert os.getpid() == parent
print(os.waitstatus_to_exitcode(os.waitpid(children[0], 0)[1]))
"""
    )
    assert int(printed) == -6
