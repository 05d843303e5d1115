"""The parameters of a ``uci:`` reference: which are limits of w2s, which are options of the engine.

Knows nothing about what an engine declares.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from w2s.errors import UsageError
from w2s.models.confidence import TEMPERATURE_CP
from w2s.models.parameters import amount, count
from w2s.models.reference import shown
from w2s.models.uci.answering import TIMEOUT_S, Terms
from w2s.models.uci.protocol import Limits

_OURS = ("nodes", "depth", "movetime", "temperature_cp", "timeout_s")


def read_settings(reference: str, parameters: Mapping[str, str]) -> tuple[Terms, dict[str, str]]:
    """What holds for every answer, and the options left for the engine. Our names are in small letters.

    Raises:
        UsageError: one of ours is not a positive number.
    """
    ours = {name: parameters[name] for name in _OURS if name in parameters}
    limits = Limits(
        count(reference, ours, "nodes"),
        count(reference, ours, "depth"),
        count(reference, ours, "movetime"),
    )
    options = {name: value for name, value in parameters.items() if name not in _OURS}
    terms = Terms(
        limits,
        amount(reference, ours, "temperature_cp", TEMPERATURE_CP),
        amount(reference, ours, "timeout_s", TIMEOUT_S),
    )
    return terms, options


def split_command(reference: str, command: str) -> list[str]:
    """Program and arguments, quoted as in a shell; no shell is involved.

    A command that as a whole is the path of a file is that program, spaces and all.

    Raises:
        UsageError: nothing is there, a quote is not closed, or a NUL byte stands in it.
    """
    if "\0" in command:
        raise UsageError(
            "uci-invalid-command", f"the command of {shown(reference)} contains a NUL byte; remove it"
        )
    if os.sep in command and Path(command).expanduser().is_file():
        return [command]
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(
            "uci-invalid-command", f"the command of {shown(reference)} cannot be read: {error}"
        ) from None
    if not words:
        raise UsageError(
            "uci-invalid-command", f"{shown(reference)} names no program; write uci:stockfish?nodes=1000"
        )
    return words
