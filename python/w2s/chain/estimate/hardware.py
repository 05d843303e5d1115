"""Compute rate, memory bandwidth and memory of a machine: measured, or from a data sheet."""

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
class Hardware:
    """A device.

    Attributes:
        name: shown to people.
        flops: floating-point operations per second in a large matrix product.
        bandwidth: memory bandwidth, bytes per second.
        memory: bytes.
        pass_tokens: tokens of a pass of labelling; see :mod:`w2s.models.hf.batching`.
        source: origin of the numbers.
    """

    name: str
    flops: float
    bandwidth: float
    memory: float
    pass_tokens: int
    source: str


def _from_data_sheet(name: str, peak_tflops: float, gb_per_s: float, gib: float) -> Hardware:
    """From a data sheet; large products reach about 0.7 of the peak, memory reads 0.8."""
    return Hardware(
        name,
        0.7 * peak_tflops * 1e12,
        0.8 * gb_per_s * 1e9,
        gib * _GIB,
        PASS_TOKENS,
        f"stated: 0.7 of {peak_tflops:g} TFLOP/s in bfloat16, 0.8 of {gb_per_s:g} GB/s",
    )


MACHINES: dict[str, Hardware] = {
    "h100": _from_data_sheet("one H100 SXM", 989, 3350, 80),
    "a100": _from_data_sheet("one A100 SXM 80 GB", 312, 2039, 80),
    "rtx4090": _from_data_sheet("one RTX 4090", 165, 1008, 24),
}
"""Machines with data sheets, by name."""


def machine_named(name: str) -> Hardware:
    """A machine by its name.

    Raises:
        UsageError: it is unknown; the message lists the known ones.
    """
    if name not in MACHINES:
        raise UsageError(
            "chain-unknown-machine",
            f"unknown machine {name!r}; known: {', '.join(MACHINES)}; leave --hardware out for this machine",
        )
    return MACHINES[name]


def this_machine() -> Hardware | None:
    """This machine, measured for about a second; None without torch."""
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

    flops = 2 * size**3 / _call_seconds(lambda: left @ right, wait)
    bandwidth = 2 * 4 * cells / _call_seconds(lambda: copied.copy_(filled), wait)
    name, memory = _name_and_memory(device.type)
    held = PASS_TOKENS if device.type == "cuda" else _ON_PROCESSORS
    return Hardware(
        name, flops, bandwidth, memory, held, f"measured here in {str(kind).removeprefix('torch.')}"
    )


def _call_seconds(work: Callable[[], object], wait: Callable[[], None]) -> float:
    """Mean seconds of a call, over calls of a third of a second after a warm-up call."""
    work()
    wait()
    began, calls = time.perf_counter(), 0
    while time.perf_counter() - began < _SECONDS:
        work()
        wait()
        calls += 1
    return (time.perf_counter() - began) / calls


def _name_and_memory(kind: str) -> tuple[str, float]:
    if kind == "cuda":
        import torch

        about = torch.cuda.get_device_properties(0)
        return f"this machine, {about.name}", float(about.total_memory)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 0
    return f"this machine, {os.cpu_count()} cores", float(memory)
