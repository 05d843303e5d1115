"""Peak memory of a piece of work. Linux reports it for the process as a whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

_MIB = 1024  # of the KiB that Linux reports


def grown_mib(work: Callable[[], object]) -> float:
    """MiB by which the process at its peak exceeds what it held before the work."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = _kib("VmRSS")
    work()
    return (_kib("VmHWM") - before) / _MIB


def _kib(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
