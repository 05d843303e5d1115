"""Pieces read side by side, their results taken in order, in bounded memory.

Knows nothing about what is read.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")


class _Lane(Generic[Item]):
    """What one piece has given and nobody has taken yet."""

    def __init__(self) -> None:
        self.items: deque[tuple[Item, int]] = deque()
        self.held = 0
        self.done = False
        self.error: BaseException | None = None


class InOrder(Generic[Item]):
    """The items of many works, in their order, made by threads that run ahead."""

    def __init__(
        self,
        works: Sequence[Callable[[], Iterable[Item]]],
        size: Callable[[Item], int],
        *,
        threads: int,
        lane_bytes: int,
    ) -> None:
        """Nothing runs before it is iterated.

        Args:
            works: each gives its items when called, in one thread.
            size: bytes of an item.
            threads: how many works run side by side.
            lane_bytes: how much of a work may wait to be taken; one item always may.
        """
        self._works = works
        self._size = size
        self._threads = max(1, min(threads, len(works)))
        self._lane_bytes = lane_bytes
        self._lanes: list[_Lane[Item]] = [_Lane() for _ in works]
        self._change = threading.Condition()
        self._next = 0
        self._taken = 0
        self._stop = False

    def __iter__(self) -> Iterator[Item]:
        """The items; threads end with the iteration."""
        if self._threads == 1 and len(self._works) <= 1:
            for work in self._works:
                yield from work()
            return
        threads = [threading.Thread(target=self._run, daemon=True) for _ in range(self._threads)]
        for thread in threads:
            thread.start()
        try:
            for number in range(len(self._works)):
                yield from self._drain(number)
        finally:
            with self._change:
                self._stop = True
                self._change.notify_all()
            for thread in threads:
                thread.join()

    def _drain(self, number: int) -> Iterator[Item]:
        lane = self._lanes[number]
        while True:
            with self._change:
                self._change.wait_for(lambda: lane.items or lane.done)
                if not lane.items:
                    if lane.error is not None:
                        raise lane.error
                    self._taken = number + 1
                    self._change.notify_all()
                    return
                item, size = lane.items.popleft()
                lane.held -= size
                self._change.notify_all()
            yield item

    def _run(self) -> None:
        while (number := self._claim()) is not None:
            lane = self._lanes[number]
            try:
                for item in self._works[number]():
                    if not self._put(lane, item):
                        return
            except BaseException as error:  # noqa: BLE001 - handed to the thread that iterates
                lane.error = error
            with self._change:
                lane.done = True
                self._change.notify_all()

    def _claim(self) -> int | None:
        """The next work, once it is not too far ahead of the one that is taken from."""
        with self._change:
            self._change.wait_for(
                lambda: (
                    self._stop
                    or self._next >= len(self._works)
                    or self._next < self._taken + 2 * self._threads
                )
            )
            if self._stop or self._next >= len(self._works):
                return None
            self._next += 1
            return self._next - 1

    def _put(self, lane: _Lane[Item], item: Item) -> bool:
        size = self._size(item)
        with self._change:
            self._change.wait_for(
                lambda: self._stop or not lane.items or lane.held + size <= self._lane_bytes
            )
            lane.items.append((item, size))
            lane.held += size
            self._change.notify_all()
        return not self._stop
