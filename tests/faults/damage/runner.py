"""Starts workers, notices crashes and hangs, and collects outcomes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
BATCH = 2500
HANG_S = 60.0


@dataclass
class Summary:
    """How many cases had which outcome, and the failures."""

    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[dict[str, Any]] = field(default_factory=list)

    def add(self, case: dict[str, Any]) -> None:
        """Count one case."""
        self.outcomes[case["outcome"]] += 1
        if case["failure"] is not None:
            self.failures.append(case)


def run_cases(
    files: int, seed: int, *, begin: int = 0, only: str | None = None, keep: Path | None = None
) -> Summary:
    """Try ``files`` cases from ``begin`` on, in workers of at most ``BATCH`` cases.

    Args:
        files: number of cases.
        seed: decides, with the number of a case, how it is damaged.
        begin: the first case.
        only: name of the one format or family that is damaged.
        keep: folder in which the damaged file of the last case stays.
    """
    found = Summary()
    with tempfile.TemporaryDirectory(prefix="w2s-damage-") as folder:
        place, end = begin, begin + files
        while place < end:
            place = _run_worker(found, seed, place, min(end, place + BATCH), keep or Path(folder), only)
    return found


def _run_worker(found: Summary, seed: int, begin: int, end: int, folder: Path, only: str | None) -> int:
    """Run one worker; returns the first case that it did not try."""
    command = [sys.executable, "-m", "tests.faults.damage.worker", "--folder", str(folder)]
    command += [
        "--seed",
        str(seed),
        "--begin",
        str(begin),
        "--end",
        str(end),
        *(["--only", only] if only else []),
    ]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONFAULTHANDLER": ""}
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, env=environment)
        lines: Queue[bytes] = Queue()
        reader = threading.Thread(target=_forward, args=(process, lines), daemon=True)
        reader.start()
        last, hung = _collect(found, lines, begin, end)
        if hung:
            process.kill()
        code = process.wait()
        reader.join()
        assert process.stdout is not None
        process.stdout.close()
        errors.seek(0)
        tail = errors.read()[-2000:].decode("utf-8", "replace")
    if last is None:
        if code:
            raise RuntimeError(f"the worker ended with {code} outside of a case: {tail}")
        return end
    why = f"no answer in {HANG_S:.0f} s" if hung else f"ended with {_named(code)}: {tail}"
    found.add(last | {"outcome": "hang" if hung else "crash", "failure": why})
    return int(last["number"]) + 1


def _forward(process: subprocess.Popen[bytes], lines: Queue[bytes]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line)
    lines.put(b"")


def _collect(found: Summary, lines: Queue[bytes], begin: int, end: int) -> tuple[dict[str, Any] | None, bool]:
    """Count outcomes until the worker ends; the case that it left open, and whether it hung."""
    open_case: dict[str, Any] | None = None
    while True:
        try:
            line = lines.get(timeout=HANG_S)
        except Empty:
            return open_case, True
        if not line:
            return open_case, False
        case = json.loads(line)
        if "outcome" in case:
            found.add(case)
            open_case = None
        else:
            open_case = case


def _named(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"code {code}"
