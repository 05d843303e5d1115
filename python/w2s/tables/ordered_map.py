"""A parallel map that yields results in order and uses bounded memory."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")


class _Queue(Generic[Item]):
    """Items that one task has produced and that are not consumed yet."""

    def __init__(self) -> None:
        self.items: deque[tuple[Item, int]] = deque()
        self.held = 0
        self.done = False
        self.error: BaseException | None = None


class OrderedMap(Generic[Item]):
    """The items of many tasks in the order of the tasks, produced by threads that run ahead."""

    def __init__(
        self,
        tasks: Sequence[Callable[[], Iterable[Item]]],
        size: Callable[[Item], int],
        *,
        threads: int,
        queue_bytes: int,
    ) -> None:
        """Prepare the map; threads start when it is iterated.

        Args:
            tasks: tasks; each yields its items when called, in one thread.
            size: the number of bytes of an item.
            threads: number of tasks that run in parallel.
            queue_bytes: bytes that may wait per task; one item always may.
        """
        self._tasks = tasks
        self._size = size
        self._threads = max(1, min(threads, len(tasks)))
        self._queue_bytes = queue_bytes
        self._queues: list[_Queue[Item]] = [_Queue() for _ in tasks]
        self._change = threading.Condition()
        self._next = 0
        self._taken = 0
        self._stop = False

    def __iter__(self) -> Iterator[Item]:
        """Yield the items; the threads end with the iteration."""
        if self._threads == 1 and len(self._tasks) <= 1:
            for task in self._tasks:
                yield from task()
            return
        threads = [threading.Thread(target=self._run, daemon=True) for _ in range(self._threads)]
        for thread in threads:
            thread.start()
        try:
            for number in range(len(self._tasks)):
                yield from self._drain(number)
        finally:
            with self._change:
                self._stop = True
                self._change.notify_all()
            for thread in threads:
                thread.join()

    def _drain(self, number: int) -> Iterator[Item]:
        queue = self._queues[number]
        while True:
            with self._change:
                self._change.wait_for(lambda: queue.items or queue.done)
                if not queue.items:
                    if queue.error is not None:
                        raise queue.error
                    self._taken = number + 1
                    self._change.notify_all()
                    return
                item, size = queue.items.popleft()
                queue.held -= size
                self._change.notify_all()
            yield item

    def _run(self) -> None:
        while (number := self._claim()) is not None:
            queue = self._queues[number]
            try:
                for item in self._tasks[number]():
                    if not self._put(queue, item):
                        return
            except BaseException as error:  # noqa: BLE001 - handed to the thread that iterates
                queue.error = error
            with self._change:
                queue.done = True
                self._change.notify_all()

    def _claim(self) -> int | None:
        """The next task, once it is close enough to the task that is being consumed."""
        with self._change:
            self._change.wait_for(
                lambda: (
                    self._stop
                    or self._next >= len(self._tasks)
                    or self._next < self._taken + 2 * self._threads
                )
            )
            if self._stop or self._next >= len(self._tasks):
                return None
            self._next += 1
            return self._next - 1

    def _put(self, queue: _Queue[Item], item: Item) -> bool:
        size = self._size(item)
        with self._change:
            self._change.wait_for(
                lambda: self._stop or not queue.items or queue.held + size <= self._queue_bytes
            )
            queue.items.append((item, size))
            queue.held += size
            self._change.notify_all()
        return not self._stop
