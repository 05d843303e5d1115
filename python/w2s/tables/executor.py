"""Executors: where a function runs on partitions, whose results come in the order of the partitions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from w2s.tables.ordered_map import OrderedMap

Item = TypeVar("Item")
Piece = TypeVar("Piece")


class Executor(ABC):
    """Runs a function on partitions side by side.

    The results do not depend on the executor or on its number of workers. What waits to be taken is limited,
    so memory does not grow with the number of partitions.

    Attributes:
        workers: number of partitions that are worked on at once.
    """

    def __init__(self, workers: int) -> None:
        """Prepare; nothing is started before the first run."""
        self.workers = workers

    def run(
        self,
        function: Callable[[Piece], Iterable[Item]],
        partitions: Sequence[Piece],
        *,
        size: Callable[[Item], int],
        queue_bytes: int,
        done: Callable[[int], None] | None = None,
    ) -> Iterator[Item]:
        """Yield what the function gives for each partition, in order.

        Args:
            function: gives the items of a partition; outside of threads, it must be of a module.
            partitions: partitions, or values that hold them.
            size: the number of bytes of an item.
            queue_bytes: bytes that may wait per partition; one item always may.
            done: called with the number of a partition after its last item, in any thread.

        Raises:
            UsageError: see :meth:`start`.
        """

        def task(number: int) -> Iterator[Item]:
            yield from self.items(function, partitions[number])
            if done is not None:
                done(number)

        self.start()
        tasks = [lambda number=number: task(number) for number in range(len(partitions))]
        return iter(OrderedMap(tasks, size, threads=self.workers, queue_bytes=queue_bytes))

    @abstractmethod
    def items(self, function: Callable[[Piece], Iterable[Item]], partition: Piece) -> Iterable[Item]:
        """The items of one partition; called in a separate thread."""

    def start(self) -> None:  # noqa: B027 - threads start with each run
        """Start what all runs need.

        Raises:
            UsageError: it cannot be started; no partition has been read.
        """

    def close(self) -> None:  # noqa: B027 - threads end with each run
        """End what was started."""


class ThreadExecutor(Executor):
    """Runs in threads of this process.

    Example:
        >>> list(ThreadExecutor(2).run(range, [2, 3], size=lambda _: 8, queue_bytes=64))
        [0, 1, 0, 1, 2]
    """

    def items(self, function: Callable[[Piece], Iterable[Item]], partition: Piece) -> Iterable[Item]:
        """The items, made in the thread that asks."""
        return function(partition)
