"""How many processes a launcher started, and which of them this is.

Knows nothing about training; needs no torch. ``torchrun`` and ``accelerate launch`` say it in the
environment.
"""

from __future__ import annotations

import os

from w2s.errors import UsageError


def process_count() -> int:
    """Processes that train together; 1 without a launcher."""
    return _number("WORLD_SIZE", 1)


def process_rank() -> int:
    """Which of them this is, from 0. The first writes files and speaks."""
    return _number("RANK", 0)


def device_rank() -> int:
    """Which of the devices of its machine this process takes, from 0."""
    return _number("LOCAL_RANK", 0)


def refuse_several(what: str) -> None:
    """Refuse what only one process can do.

    Raises:
        UsageError: a launcher started several.
    """
    if process_count() > 1:
        raise UsageError(
            "train-several-processes",
            f"{what} runs in one process, not in {process_count()}; start it without a launcher",
        )


def _number(name: str, default: int) -> int:
    text = os.environ.get(name, str(default))
    if not text.isdecimal():
        raise UsageError(
            "train-invalid-launcher",
            f"the environment variable {name} is {text!r}, not a whole number; unset it, or use a launcher",
        )
    return int(text)
