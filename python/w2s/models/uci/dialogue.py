"""Dialogues with processes, many at a time, in one thread.

A dialogue is a generator that yields whenever it needs more output of a process.
"""

from __future__ import annotations

import math
import select
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from typing import NamedTuple, TypeVar

from w2s.models.uci.process import EngineProcess

T = TypeVar("T")


class Wait(NamedTuple):
    """What a dialogue waits for.

    Attributes:
        process: the process whose output is awaited.
        deadline: until when, in seconds of ``time.monotonic``.
        awaited: the beginning of the awaited line.
        silent_at: when a process that has written nothing at all is reported, in the same seconds.
        report_silence: reports it.
    """

    process: EngineProcess
    deadline: float
    awaited: bytes
    silent_at: float = math.inf
    report_silence: Callable[[], None] = lambda: None


Dialogue = Generator[Wait, None, T]
"""A dialogue; it is resumed when the awaited output, or much other output, has come. It returns a result."""

_MAX_POLL_S = 3600.0
"""The operating system counts milliseconds in 31 bits; a longer wait is split."""

_Active = tuple[Dialogue[None], Wait]


def run_dialogues(dialogues: Iterable[Dialogue[None]], width: int) -> None:
    """Run dialogues to their ends, in order, at most ``width`` at a time.

    A wait that passes its deadline raises TimeoutError inside its dialogue. An exception that leaves a
    dialogue ends all of them: those that are still active are closed.
    """
    queue = deque(dialogues)
    active: list[_Active] = []
    try:
        while queue or active:
            while queue and len(active) < width:
                _resume(queue.popleft(), active, timed_out=False)
            if active:
                active = _poll_once(active)
    finally:
        for dialogue, _ in active:
            dialogue.close()
        for dialogue in queue:
            dialogue.close()


def _poll_once(active: list[_Active]) -> list[_Active]:
    """Wait once and resume each dialogue that has output or has timed out; those still active afterwards."""
    poll = select.poll()
    owner: dict[int, int] = {}
    soonest = math.inf
    for index, (_, wait) in enumerate(active):
        soonest = min(soonest, wait.deadline, wait.silent_at)
        for fd, events in wait.process.wait_fds():
            poll.register(fd, events)
            owner[fd] = index
    left_s = max(0.0, min(soonest - time.monotonic(), _MAX_POLL_S))
    ready = {owner[fd] for fd, _ in poll.poll(left_s * 1000)}
    now = time.monotonic()
    after: list[_Active] = []
    for index, (dialogue, wait) in enumerate(active):
        has_output = index in ready and wait.process.fill(wait.awaited)
        if has_output or now >= wait.deadline:
            _resume(dialogue, after, timed_out=not has_output)
        else:
            after.append((dialogue, _without_report(wait) if now >= wait.silent_at else wait))
    return after


def _without_report(wait: Wait) -> Wait:
    """The same wait after its process was reported, if it has written nothing."""
    if not wait.process.read_bytes:
        wait.report_silence()
    return wait._replace(silent_at=math.inf)


def _resume(dialogue: Dialogue[None], active: list[_Active], *, timed_out: bool) -> None:
    try:
        wait = dialogue.throw(TimeoutError()) if timed_out else next(dialogue)
    except StopIteration:
        return
    active.append((dialogue, wait))
