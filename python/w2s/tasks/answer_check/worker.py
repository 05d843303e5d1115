"""The guarded process: reads pairs from standard input, writes verdicts, one JSON line each.

It may hang, run out of memory or crash on hostile input. Its parent kills it, and it ends itself when its CPU
time is spent. CPU time is used so that a verdict does not depend on the load of the machine.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys

from w2s.tasks.answer_check.composite import composites_equal
from w2s.tasks.answer_check.scalar import scalars_equal
from w2s.tasks.answer_check.symbolic import expressions_equal

MAX_MEMORY_BYTES = 2 << 30
_WARM_UP = ("(x+1)^2", "\\frac{1}{2}x^2 + \\sqrt{2}")
"""Compared before the first pair, so that imports and caches do not count as its time."""


def serve() -> None:
    """Compare pairs until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C and closes the input
    _limit_memory()
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="ascii")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _verdict(*_WARM_UP)
    print(json.dumps("ready"), file=replies, flush=True)
    for line in sys.stdin:
        left, right, seconds = json.loads(line)
        _alarm(seconds)
        verdict = _verdict(left, right)
        _alarm(0)
        print(json.dumps(verdict), file=replies, flush=True)


def _verdict(left: str, right: str) -> bool:
    with contextlib.suppress(Exception):
        return composites_equal(left, right, _scalars_equal) is True
    return False


def _scalars_equal(left: str, right: str) -> bool | None:
    verdict = scalars_equal(left, right)
    return expressions_equal(left, right) if verdict is None else verdict


def _alarm(seconds: float) -> None:
    """End the process after this much CPU time; 0 cancels the alarm."""
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
