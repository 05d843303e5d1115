"""Conversations with processes, many at a time, in one thread.

Knows nothing about what is said: a conversation is a generator that yields when it needs more input.
"""

from __future__ import annotations

import math
import select
import time
from collections import deque
from collections.abc import Generator, Iterable
from typing import TypeVar

from w2s.models.uci.process import Process

T = TypeVar("T")

Wait = tuple[Process, float]
"""The process whose output is awaited, and until when (seconds of ``time.monotonic``)."""

_LONGEST_POLL_S = 3600.0
"""The system's counter of milliseconds has 31 bits; a longer wait is several."""

Talk = Generator[Wait, None, T]
"""A conversation: resumed when its process has something to read or write; it returns a result."""


class SilenceError(Exception):
    """A process said nothing until the end of a wait."""


def drive(talks: Iterable[Talk[None]], width: int) -> None:
    """Run conversations to their ends, at most ``width`` at a time, the first ones first.

    A wait that runs out raises :class:`SilenceError` inside its conversation. Whatever a conversation
    raises ends all of them: those still going are closed.
    """
    queue = deque(talks)
    going: list[tuple[Talk[None], Wait]] = []
    try:
        while queue or going:
            while queue and len(going) < width:
                _step(queue.popleft(), going, silent=False)
            if going:
                going = _round(going)
    finally:
        for talk, _ in going:
            talk.close()
        for talk in queue:
            talk.close()


def _round(going: list[tuple[Talk[None], Wait]]) -> list[tuple[Talk[None], Wait]]:
    """Wait once, and resume whoever has news or has waited too long; who is still going afterwards."""
    poll = select.poll()
    owner: dict[int, int] = {}
    soonest = math.inf
    for index, (_, (process, deadline)) in enumerate(going):
        soonest = min(soonest, deadline)
        for fd, events in process.wait_fds():
            poll.register(fd, events)
            owner[fd] = index
    left_s = max(0.0, min(soonest - time.monotonic(), _LONGEST_POLL_S))
    ready = {owner[fd] for fd, _ in poll.poll(left_s * 1000)}
    now = time.monotonic()
    after: list[tuple[Talk[None], Wait]] = []
    for index, entry in enumerate(going):
        if index in ready or now >= entry[1][1]:
            _step(entry[0], after, silent=index not in ready)
        else:
            after.append(entry)
    return after


def _step(talk: Talk[None], going: list[tuple[Talk[None], Wait]], *, silent: bool) -> None:
    try:
        wait = talk.throw(SilenceError()) if silent else next(talk)
    except StopIteration:
        return
    going.append((talk, wait))
