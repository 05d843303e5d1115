"""Processes as an executor: each has a pipe to this process, and ends when the pipe is closed.

Items are sent between processes of one program; nothing that another program wrote is read this way.
"""

from __future__ import annotations

import multiprocessing
import queue
import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from w2s.errors import W2sError
from w2s.tables.executor import Executor, Item, Piece

_ATTEMPTS = 3
_END_S = 5.0
"""Seconds that a worker has to end by itself."""


class _WorkerDiedError(Exception):
    """The process of a worker ended without an answer."""


@dataclass
class _Worker:
    """A process and the pipe to it."""

    process: BaseProcess
    pipe: Connection

    def items(self, function: Callable[[Any], Iterable[Any]], partition: object) -> Iterator[Any]:
        """The items of a partition.

        Raises:
            _WorkerDiedError: the process was killed.
            Exception: what the function raised.
        """
        try:
            self.pipe.send((function, partition))
            while True:
                is_item, found = self.pipe.recv()
                if not is_item:
                    break
                yield found
        except (EOFError, ConnectionError):
            raise _WorkerDiedError from None
        if found is not None:
            raise found

    def end(self) -> None:
        """Close the pipe and wait until the process ends; kill it if it does not."""
        self.pipe.close()
        self.process.join(_END_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


class ProcessExecutor(Executor):
    """Runs in processes of this machine, which start with the first partition.

    A partition whose process is killed is given to another one, three times in all.
    """

    def __init__(self, workers: int) -> None:
        """Prepare; no process is started yet."""
        super().__init__(workers)
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()

    def items(self, function: Callable[[Piece], Iterable[Item]], partition: Piece) -> Iterator[Item]:
        """The items, made in another process.

        Raises:
            W2sError: process after process was killed.
        """
        taken = 0
        for _ in range(_ATTEMPTS):
            worker = self._worker()
            is_idle = False
            try:
                for number, item in enumerate(worker.items(function, partition)):
                    if number >= taken:
                        taken += 1
                        yield item
                is_idle = True
                return
            except _WorkerDiedError:
                continue
            except Exception:
                is_idle = True
                raise
            finally:
                if is_idle:
                    self._idle.put(worker)
                else:
                    worker.process.kill()
                    worker.end()
        raise W2sError(
            "filter-worker-died",
            f"{_ATTEMPTS} processes ended while they read one partition; if memory was short, use fewer "
            "`threads`; a script must call w2s under if __name__ == '__main__':",
        )

    def close(self) -> None:
        """End the processes."""
        while not self._idle.empty():
            self._idle.get().end()

    def _worker(self) -> _Worker:
        """A process that waits, or a new one."""
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            pass
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs,), daemon=True)
        process.start()
        theirs.close()
        return _Worker(process, ours)


def _serve(pipe: Connection) -> None:
    """Answer requests until the other end of the pipe is closed, also by a kill."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process decides
    try:
        while True:
            function, partition = pipe.recv()
            pipe.send((False, _answered(pipe, function, partition)))
    except (EOFError, ConnectionError):
        return


def _answered(
    pipe: Connection, function: Callable[[Any], Iterable[Any]], partition: object
) -> Exception | None:
    """Send the items of a partition; gives what the function raised."""
    items = iter(function(partition))
    while True:
        try:
            item = next(items)
        except StopIteration:
            return None
        except Exception as error:  # noqa: BLE001 - raised again in the first process
            return error
        pipe.send((True, item))
