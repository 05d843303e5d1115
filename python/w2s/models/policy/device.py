"""The torch device of a network, its default batch size, and whether it is fast in bfloat16."""

from __future__ import annotations

from pathlib import Path

import torch

from w2s.errors import UsageError

_BATCH_SIZES = {"cpu": 32, "cuda": 512}


def select_device(name: str) -> torch.device:
    """The device for ``auto``, ``cpu`` or ``cuda``; ``auto`` is an accelerator where there is one.

    Raises:
        UsageError: the name is ``cuda`` and torch sees no accelerator.
    """
    has_cuda = torch.cuda.is_available()
    if name == "cuda" and not has_cuda:
        raise UsageError(
            "model-no-accelerator", "device is cuda, but torch sees no such device; use auto or cpu"
        )
    return torch.device("cuda" if has_cuda and name != "cpu" else "cpu")


def default_batch_size(device: torch.device) -> int:
    """Positions in one forward pass of a policy network where the user sets no batch size."""
    return _BATCH_SIZES[device.type]


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 faster than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return _has_flag(("avx512_bf16", "amx_bf16", "bf16"))


def _has_flag(names: tuple[str, ...]) -> bool:
    """Whether the operating system lists one of these processor features."""
    try:
        with Path("/proc/cpuinfo").open(encoding="ascii", errors="replace") as file:
            words = next((line for line in file if line.startswith(("flags", "Features"))), "").split()
    except OSError:
        return False
    return any(name in words for name in names)
