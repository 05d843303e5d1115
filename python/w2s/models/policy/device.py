"""Where a net computes, and in which numbers.

Knows nothing about nets.
"""

from __future__ import annotations

from pathlib import Path

import torch

from w2s.errors import UsageError

_BATCH = {"cpu": 32, "cuda": 512}


def device_of(name: str) -> torch.device:
    """The device of ``auto``, ``cpu`` or ``cuda``.

    Raises:
        UsageError: an accelerator is asked for and there is none.
    """
    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise UsageError(
            "model-no-accelerator", "device is cuda, but torch sees no such device; use auto or cpu"
        )
    return torch.device("cuda" if there and name != "cpu" else "cpu")


def batch_of(device: torch.device) -> int:
    """Positions in one pass of a net where nothing else is asked."""
    return _BATCH[device.type]


def gains_from_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 faster than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return _has_flag(("avx512_bf16", "amx_bf16", "bf16"))


def _has_flag(names: tuple[str, ...]) -> bool:
    """Whether the system lists one of these abilities of its processor."""
    try:
        with Path("/proc/cpuinfo").open(encoding="ascii", errors="replace") as file:
            words = next((line for line in file if line.startswith(("flags", "Features"))), "").split()
    except OSError:
        return False
    return any(name in words for name in names)
