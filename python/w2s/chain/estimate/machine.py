"""How fast a machine multiplies and reads, and how much memory it has: measured here, or stated by name.

Knows nothing about chains.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

from w2s.errors import UsageError

_SECONDS = 0.3
_GIB = 1024**3
PASS_TOKENS = 32_768
_ON_PROCESSORS = 4096


@dataclass(frozen=True)
class Machine:
    """A device.

    Attributes:
        name: for people.
        flops: floating-point operations in a second of a large product of matrices.
        bandwidth: bytes in a second that its memory gives.
        memory: bytes.
        pass_tokens: of a pass of labelling; see :mod:`w2s.models.hf.batching`.
        source: where the numbers are from.
    """

    name: str
    flops: float
    bandwidth: float
    memory: float
    pass_tokens: int
    source: str


def _stated(name: str, peak_tflops: float, gb_per_s: float, gib: float) -> Machine:
    """Of a data sheet; large products reach about 0.7 of the peak, reading 0.8."""
    return Machine(
        name,
        0.7 * peak_tflops * 1e12,
        0.8 * gb_per_s * 1e9,
        gib * _GIB,
        PASS_TOKENS,
        f"stated: 0.7 of {peak_tflops:g} TFLOP/s in bfloat16, 0.8 of {gb_per_s:g} GB/s",
    )


MACHINES = {
    "h100": _stated("one H100 SXM", 989, 3350, 80),
    "a100": _stated("one A100 SXM 80 GB", 312, 2039, 80),
    "rtx4090": _stated("one RTX 4090", 165, 1008, 24),
}
"""Machines that can be named instead of the one at hand."""


def machine_named(name: str) -> Machine:
    """A machine by its name.

    Raises:
        UsageError: there is none; the message lists those that exist.
    """
    if name not in MACHINES:
        raise UsageError(
            "chain-unknown-machine",
            f"unknown machine {name!r}; known: {', '.join(MACHINES)}; leave --on out for this machine",
        )
    return MACHINES[name]


def this_machine() -> Machine | None:
    """The machine at hand, measured for about a second; None without torch."""
    if find_spec("torch") is None:
        return None
    import torch

    from w2s.models.policy.device import has_fast_bfloat16, select_device

    device = select_device("auto")
    kind = torch.bfloat16 if has_fast_bfloat16(device) else torch.float32
    size, cells = (8192, 2**28) if device.type == "cuda" else (1024, 2**25)
    left, right = (torch.ones(size, size, dtype=kind, device=device) for _ in range(2))
    filled, copied = (torch.ones(cells, dtype=torch.float32, device=device) for _ in range(2))

    def wait() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize()

    flops = 2 * size**3 / _seconds_of(lambda: left @ right, wait)
    bandwidth = 2 * 4 * cells / _seconds_of(lambda: copied.copy_(filled), wait)
    name, memory = _about(device.type)
    held = PASS_TOKENS if device.type == "cuda" else _ON_PROCESSORS
    return Machine(
        name, flops, bandwidth, memory, held, f"measured here in {str(kind).removeprefix('torch.')}"
    )


def _seconds_of(work: Callable[[], object], wait: Callable[[], None]) -> float:
    """Seconds of one call, of calls over a third of a second behind a first one that is not counted."""
    work()
    wait()
    began, calls = time.perf_counter(), 0
    while time.perf_counter() - began < _SECONDS:
        work()
        wait()
        calls += 1
    return (time.perf_counter() - began) / calls


def _about(kind: str) -> tuple[str, float]:
    """What it is called, and its memory."""
    if kind == "cuda":
        import torch

        about = torch.cuda.get_device_properties(0)
        return f"this machine, {about.name}", float(about.total_memory)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 0
    return f"this machine, {os.cpu_count()} cores", float(memory)
