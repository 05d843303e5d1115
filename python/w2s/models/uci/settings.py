"""The parameters of a ``uci:`` reference: which are limits of w2s, which are options of the engine.

Knows nothing about what an engine declares.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping

from w2s.errors import UsageError
from w2s.models.uci.answering import Terms
from w2s.models.uci.protocol import Limits

TEMPERATURE_CP = 100.0
"""Default softmax temperature in centipawns: a pawn more is a factor of e in probability."""

_OURS = ("nodes", "depth", "movetime", "temperature_cp")


def read_settings(reference: str, parameters: Mapping[str, str]) -> tuple[Terms, dict[str, str]]:
    """Limits and temperature, and the options left for the engine. Names of limits are in lower case.

    Raises:
        UsageError: a limit that is not a positive number.
    """
    ours = {name: parameters[name] for name in _OURS if name in parameters}
    limits = Limits(
        _count(reference, "nodes", ours),
        _count(reference, "depth", ours),
        _count(reference, "movetime", ours),
    )
    options = {name: value for name, value in parameters.items() if name not in _OURS}
    return Terms(limits, _temperature(reference, ours)), options


def split_command(reference: str, command: str) -> list[str]:
    """Program and arguments, quoted as in a shell; no shell is involved.

    Raises:
        UsageError: nothing is there, or a quote is not closed.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"the command of {reference!r} cannot be read: {error}") from None
    if not words:
        raise UsageError(f"{reference!r} names no program: write uci:stockfish?nodes=1000")
    return words


def _count(reference: str, name: str, parameters: Mapping[str, str]) -> int | None:
    value = parameters.get(name)
    if value is None:
        return None
    if value.isascii() and value.isdigit() and 0 < int(value) < 2**63:
        return int(value)
    raise UsageError(f"{name} of {reference!r} is a whole number from 1 on, not {value!r}")


def _temperature(reference: str, parameters: Mapping[str, str]) -> float:
    value = parameters.get("temperature_cp")
    if value is None:
        return TEMPERATURE_CP
    try:
        temperature = float(value)
    except ValueError:
        temperature = math.nan
    if not (math.isfinite(temperature) and temperature > 0):
        raise UsageError(f"temperature_cp of {reference!r} is a number above 0, not {value!r}")
    return temperature
