"""The guarded process: pairs come in on standard input, verdicts go out, one line of JSON each.

Knows nothing about who asks. It may hang, run out of memory or crash on what it is asked: whoever started it
kills it, and it ends itself when its time is over. That time is the processor's, so that a verdict does not
depend on what else the machine does.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys

from w2s.tasks.checking.parts import same_part
from w2s.tasks.checking.structures import same_parts
from w2s.tasks.checking.symbolic import same_expression

MOST_MEMORY_BYTES = 2 << 30
_FIRST = ("(x+1)^2", "\\frac{1}{2}x^2 + \\sqrt{2}")
"""Compared once before the first question: what is loaded and built then is not counted as its time."""


def serve() -> None:
    """Answer until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's; this ends with its input
    _limit_memory()
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="ascii")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _verdict(*_FIRST)
    print(json.dumps("ready"), file=replies, flush=True)
    for line in sys.stdin:
        left, right, seconds = json.loads(line)
        _alarm(seconds)
        verdict = _verdict(left, right)
        _alarm(0)
        print(json.dumps(verdict), file=replies, flush=True)


def _verdict(left: str, right: str) -> bool:
    with contextlib.suppress(Exception):
        return same_parts(left, right, _leaf) is True
    return False


def _leaf(left: str, right: str) -> bool | None:
    plain = same_part(left, right)
    return same_expression(left, right) if plain is None else plain


def _alarm(seconds: float) -> None:
    """The end of the process after so many seconds of the processor, whatever it does; 0 takes that back."""
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
