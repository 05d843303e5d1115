"""Settings of a training, checked: a number, a whole number, one of some words.

Knows nothing about what the settings are for.
"""

from __future__ import annotations

import math

from w2s.errors import UsageError


def is_number(value: object) -> bool:
    """Whether it is a finite number, and neither text nor true or false."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_whole(value: object, least: int) -> bool:
    """Whether it is a whole number from ``least`` on."""
    return type(value) is int and value >= least


def check(name: str, value: object, fits: bool, wanted: str) -> None:
    """Refuse a setting that does not fit.

    Raises:
        UsageError: names the setting, its range and its value.
    """
    if not fits:
        raise UsageError("train-invalid-setting", f"training setting {name} must be {wanted}, not {value!r}")
