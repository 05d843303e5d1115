"""The executors by name, as ``--engine`` gives it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from w2s.errors import UsageError, suggest_name
from w2s.tables.executor import Executor, ThreadExecutor
from w2s.tables.process_executor import ProcessExecutor
from w2s.tables.ray_executor import RayExecutor

_DEFAULT_WORKERS = 4
EXECUTORS: Mapping[str, Callable[[int | None], Executor]] = {
    "threads": lambda workers: ThreadExecutor(workers or _cores()),
    "processes": lambda workers: ProcessExecutor(workers or _cores()),
    "ray": RayExecutor,
}
"""How an executor is made from the number of its workers."""


def _cores() -> int:
    return min(_DEFAULT_WORKERS, os.cpu_count() or 1)


def open_executor(engine: str, workers: int | None) -> Executor:
    """The executor with a name; it starts nothing before it is used.

    Args:
        engine: ``threads``, ``processes`` or ``ray``.
        workers: number of partitions that are worked on at once; None for the number of cores, at most 4;
            with Ray, for the free CPUs of the cluster but two.

    Raises:
        UsageError: the name is unknown, or the number is not positive.

    Example:
        >>> open_executor("threads", 3).workers
        3
    """
    if engine not in EXECUTORS:
        raise UsageError(
            "filter-unknown-engine", f"unknown engine {engine!r}; {suggest_name(engine, EXECUTORS)}"
        )
    if workers is not None and workers < 1:
        raise UsageError("filter-invalid-threads", f"`threads` is {workers}; give at least 1")
    return EXECUTORS[engine](workers)
