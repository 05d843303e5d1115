"""``python -m tests.faults.soak``: everything again and again, with memory and open files level at the end.

Calls of the library repeat in this process, which is measured, while the suites of damaged files, kills
and several writers run in child processes with a new seed each time.
"""

from __future__ import annotations

import argparse
import gc
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import w2s
from w2s.errors import W2sError

WARM_UP = 0.2
"""The share of the time after which memory and open files are measured first."""
DAMAGED_FILES = 1_000
"""Damaged files of each family in one round of the suites."""
KILLS = 5
"""Kills of each command in one round of the suites."""
GROWTH_MIB = 32
"""Growth of memory that is tolerated: allocators keep some of it."""


@dataclass(frozen=True)
class Use:
    """What this process uses.

    Attributes:
        memory: resident memory, in MiB.
        files: number of open files.
        threads: number of Python threads.
    """

    memory: float
    files: int
    threads: int

    @classmethod
    def now(cls) -> Use:
        """Measure this process."""
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        memory = pages * resource.getpagesize() / (1 << 20)
        return cls(memory, len(list(Path("/proc/self/fd").iterdir())), threading.active_count())

    def is_level(self, first: Use) -> bool:
        """Whether this is no more than an earlier measurement, but for what allocators keep."""
        return (
            self.memory <= first.memory + GROWTH_MIB
            and self.files <= first.files
            and self.threads <= first.threads
        )


def calls(folder: Path) -> list[Callable[[], object]]:
    """Calls of the library, each of which frees what it takes."""
    count = 4000
    draw = np.random.default_rng(0)
    scores = draw.random((100_000, 4))
    table = pa.table({"s": draw.random(count), "text": [f"row {n}" * 5 for n in range(count)]})
    pq.write_table(table, folder / "rows.parquet", row_group_size=500)
    rows, damaged, text = folder / "rows.parquet", folder / "damaged.parquet", folder / "rows.jsonl.gz"
    damaged.write_bytes(rows.read_bytes()[:-50])
    w2s.filter(rows, text, score="s", top="100%")
    (folder / "cut.jsonl.gz").write_bytes(text.read_bytes()[:-20])
    chess = w2s.game("chess").state()

    def refused(path: Path) -> None:
        try:
            w2s.filter(path, folder / "none.parquet", score="s", top=1)
        except W2sError:
            return
        raise AssertionError(f"{path} was not refused")

    return [
        lambda: w2s.filter(rows, folder / "kept.parquet", score="s", top=5, overwrite=True),
        lambda: w2s.filter(rows, folder / "kept.parquet", score="s", top=6, overwrite=True),
        lambda: w2s.filter(text, folder / "kept", score="s", top=7, shards=2, overwrite=True),
        lambda: w2s.filter(text, folder / "kept", score="s", top=8, shards=2, overwrite=True),
        lambda: refused(damaged),
        lambda: refused(folder / "cut.jsonl.gz"),
        lambda: w2s.select(scores[:, 0], top="10%"),
        lambda: w2s.aggregate(scores),
        lambda: chess.search(depth=3),
        lambda: _in_child(lambda: w2s.top_k(scores[:, 1], 10)),
        lambda: pq.read_table(rows),
        lambda: pa.default_memory_pool().release_unused(),
    ]


def _in_child(work: Callable[[], object]) -> None:
    """Do some work in a forked child."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0


@contextmanager
def suites(seconds: float, first_seed: int) -> Iterator[list[str]]:
    """Run the other suites one after another beside the calls; yields the list of failures.

    What they tried is printed as they end: a line for each family of damaged files and each killed command.
    """
    failures: list[str] = []
    end = time.monotonic() + seconds

    def run() -> None:
        seed = first_seed
        while time.monotonic() < end:
            for words in (
                f"tests.faults.damage --family each --files {DAMAGED_FILES} --seed {seed}",
                f"tests.faults.kills --moments {KILLS} --seed {seed}",
                "pytest -q tests/faults/test_contention.py",
            ):
                process = subprocess.Popen(
                    [sys.executable, "-m", *words.split()],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                    start_new_session=True,
                )
                try:
                    out, error = process.communicate(timeout=max(1.0, end - time.monotonic()))
                except subprocess.TimeoutExpired:  # the time is over; what it tried so far counts
                    os.killpg(process.pid, signal.SIGKILL)
                    print(f"{words}\n{process.communicate()[0]}(ended with the soak)", flush=True)
                    break
                print(f"{words}\n{out}", flush=True)
                if process.returncode:
                    failures.append(f"{words}\n{out[-3000:]}{error[-1000:]}")
            seed += 1

    thread = threading.Thread(target=run)
    thread.start()
    yield failures
    thread.join()


def main() -> int:
    """Run for some time; 1 if a suite failed, or memory or open files grew."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600.0, help="how long to run")
    parser.add_argument(
        "--seed", type=int, default=1, help="of the first round of suites; the next has the next"
    )
    given = parser.parse_args()
    first: Use | None = None
    begin, rounds = time.monotonic(), 0
    with (
        tempfile.TemporaryDirectory(prefix="w2s-soak-") as folder,
        suites(given.seconds, given.seed) as failures,
    ):
        work = calls(Path(folder))
        while (elapsed := time.monotonic() - begin) < given.seconds:
            for call in work:
                call()
            rounds += 1
            if first is None and elapsed > WARM_UP * given.seconds:
                first = Use.now()
                print(f"after {elapsed:.0f} s and {rounds} rounds: {first}", flush=True)
        last = Use.now()
    print(f"after {time.monotonic() - begin:.0f} s and {rounds} rounds: {last}")
    for failure in failures:
        print(f"FAILED {failure}")
    is_level = first is not None and last.is_level(first)
    print("level" if is_level else "NOT level: memory, files or threads grew")
    return 0 if is_level and not failures else 1


if __name__ == "__main__":
    raise SystemExit(main())
