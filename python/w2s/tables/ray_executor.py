"""Ray as an executor: each partition is a task of a cluster. Only this module imports ray.

A task reads its partition itself, so every machine of the cluster must see the files under the same paths.
What it reads comes back as objects of Ray, in order. Ray starts a task again if its process or machine dies.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from w2s.errors import MissingExtraError, UsageError, W2sError
from w2s.tables.executor import Executor, Item, Piece

_RETRIES = 3
_AHEAD = 2
"""Objects that a task makes before the first one is taken."""
_RESERVE = 2
"""CPUs that are left free for other work of the cluster; without any, nothing moves."""
_MOST_WORKERS = 64
_CONNECT_S = 5.0
_FREE_S = 5.0
"""Seconds to wait for CPUs to become free."""
_LOCAL_WORKERS = 4
_ADDRESS = "RAY_ADDRESS"


class RayExecutor(Executor):
    """Runs as tasks of Ray: on the cluster of ``RAY_ADDRESS``, or on one that it starts on this machine.

    A connection of ``ray.init`` that the process has is used, and left open.
    """

    def __init__(self, workers: int | None) -> None:
        """Prepare; nothing is connected yet.

        Args:
            workers: number of tasks at once, one CPU each; None for the free CPUs of the cluster but two, at
                most 64; on this machine, for its cores, at most 4.
        """
        super().__init__(workers or min(_LOCAL_WORKERS, os.cpu_count() or 1))
        self._wanted = workers
        self._ray: Any = None
        self._task: Any = None
        self._is_ours = False

    def start(self) -> None:
        """Connect, and check that enough CPUs are free.

        Raises:
            MissingExtraError: ray is not installed.
            UsageError: the cluster cannot be reached, or has too few free CPUs.
        """
        if self._ray is not None:
            return
        ray = _import_ray()
        if not ray.is_initialized():
            _connect(ray, self.workers)
            self._is_ours = True
        self._ray = ray
        try:
            self.workers = _workers(ray, self._wanted)
        except UsageError:
            self.close()
            raise
        self._task = ray.remote(num_returns="streaming", num_cpus=1, max_retries=_RETRIES)(_answer)

    def items(self, function: Callable[[Piece], Iterable[Item]], partition: Piece) -> Iterator[Item]:
        """The items, made by a task.

        Raises:
            W2sError: the task failed again and again, for lack of memory or of machines.
        """
        ray = self._ray
        task = self._task.options(_generator_backpressure_num_objects=_AHEAD)
        found = task.remote(function, partition)
        try:
            for reference in found:
                yield ray.get(reference)
        except ray.exceptions.RayTaskError as error:
            raise error.cause from None
        except ray.exceptions.RayError as error:
            reason = str(error).partition("\n")[0].rstrip(". ")
            raise W2sError(
                "filter-worker-died",
                f"a task of Ray failed {_RETRIES + 1} times: {reason}; if memory was short, use fewer "
                "`threads`",
            ) from None
        except GeneratorExit:
            ray.cancel(found)
            raise

    def close(self) -> None:
        """Disconnect, which ends a cluster that was started here."""
        if self._ray is not None and self._is_ours:
            self._ray.shutdown()
        self._ray, self._task, self._is_ours = None, None, False


def _answer(function: Callable[[Any], Iterable[Any]], partition: object) -> Iterator[Any]:
    yield from function(partition)


def _import_ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError:
        raise MissingExtraError("`engine='ray'`", "ray") from None
    return ray


def _connect(ray: Any, workers: int) -> None:
    address = os.environ.get(_ADDRESS, "")
    if address.startswith("ray://"):
        raise UsageError(
            "filter-ray-unreachable",
            f"{_ADDRESS} is {address}, an address for Ray Client; run on a machine of the cluster, with "
            f"{_ADDRESS}=HOST:6379",
        )
    _check_reachable(address)
    options: dict[str, Any] = {"address": address}
    if address in {"", "local"}:
        options = {"address": "local", "num_cpus": workers + _RESERVE, "include_dashboard": False}
    with contextlib.redirect_stdout(sys.stderr):  # standard output may be the output
        try:
            ray.init(log_to_driver=False, configure_logging=False, **options)
        except (ConnectionError, RuntimeError, ValueError, OSError) as error:
            reason = str(error).partition("\n")[0].rstrip(". ")
            raise _unreachable(options["address"], reason) from None


def _check_reachable(address: str) -> None:
    """Refuse an address where nothing answers; Ray itself would try for minutes and then end the process.

    Raises:
        UsageError: names the address.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_S).close()
    except (OSError, OverflowError) as error:
        raise _unreachable(address, str(error)) from None


def _unreachable(address: str, reason: str) -> UsageError:
    return UsageError(
        "filter-ray-unreachable",
        f"cannot use the cluster {address}: {reason}; correct {_ADDRESS}, or unset it to start one here",
    )


def _workers(ray: Any, wanted: int | None) -> int:
    """The number of tasks at once; waits a little, since the CPUs of tasks that have ended become free late.

    Raises:
        UsageError: too few CPUs are free, so the tasks could wait for ever.
    """
    total = int(ray.cluster_resources().get("CPU", 0))
    until = time.monotonic() + _FREE_S
    while True:
        free = int(ray.available_resources().get("CPU", 0))
        workers = wanted or max(1, min(_MOST_WORKERS, total - _RESERVE))
        if free >= workers + _RESERVE or total < workers + _RESERVE or time.monotonic() >= until:
            break
        time.sleep(0.1)
    workers = wanted or max(1, min(_MOST_WORKERS, free - _RESERVE))
    if free < workers + _RESERVE:
        raise UsageError(
            "filter-ray-too-few-cpus",
            f"the cluster has {free} free CPUs, and {workers} workers need {workers + _RESERVE}, "
            f"{_RESERVE} of them in reserve; use fewer `threads`, or wait until others end",
        )
    return workers
