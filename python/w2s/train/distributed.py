"""How many processes a launcher started, and which of them this is; needs no torch.

``torchrun`` and ``accelerate launch`` set the environment variables that are read here.
"""

from __future__ import annotations

import os

from w2s.errors import UsageError


def process_count() -> int:
    """Number of processes that train together; 1 without a launcher."""
    return _read_variable("WORLD_SIZE", 1)


def process_rank() -> int:
    """Number of this process, from 0; process 0 writes files and messages."""
    return _read_variable("RANK", 0)


def device_rank() -> int:
    """Number of the device that this process uses on its machine, from 0."""
    return _read_variable("LOCAL_RANK", 0)


def require_single_process(command: str) -> None:
    """Refuse a command that cannot run in several processes, if a launcher started several.

    Args:
        command: the subject of the message, for example ``"a chain"``.

    Raises:
        UsageError: a launcher started several processes.
    """
    if process_count() > 1:
        raise UsageError(
            "train-several-processes",
            f"{command} runs in one process, not in {process_count()}; start it without a launcher",
        )


def _read_variable(name: str, default: int) -> int:
    text = os.environ.get(name, str(default))
    if not text.isdecimal():
        raise UsageError(
            "train-invalid-launcher",
            f"the environment variable {name} is {text!r}, not a whole number; unset it, or use a launcher",
        )
    return int(text)
