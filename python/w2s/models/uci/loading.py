"""The kind of model ``uci``: a reference → its settings → a running engine."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from w2s.errors import UsageError
from w2s.models.confidence import TEMPERATURE_CP
from w2s.models.model import ModelKind
from w2s.models.reference import Reference, local_path, quote
from w2s.models.reference_options import parse_count, parse_number
from w2s.models.uci.finder import resolve
from w2s.models.uci.model import UciModel
from w2s.models.uci.play import DEFAULT_TIMEOUT_S, SearchSettings
from w2s.models.uci.protocol import SearchLimits

_OPTIONS = {
    "nodes": "nodes per search; default 1,000 where there is neither a limit nor a clock",
    "depth": "plies per search",
    "movetime": "milliseconds per search",
    "temperature_cp": "temperature of the softmax that turns scores into evidence; default 100",
    "timeout_s": "seconds to wait for the engine beyond its limits; default 60",
    "variables": "environment variables that the engine gets besides PATH, HOME and the like: A,B",
}
"""What each option means that w2s reads itself; all others are UCI options of the engine."""


@dataclass(frozen=True)
class UciSettings:
    """The parts of a ``uci:`` reference.

    Attributes:
        command: the program and its arguments.
        search: limits, temperature and timeout.
        engine_options: UCI options by name.
        variables: names of further environment variables that the engine gets.
    """

    command: tuple[str, ...]
    search: SearchSettings
    engine_options: Mapping[str, str]
    variables: tuple[str, ...] = ()

    @classmethod
    def from_reference(cls, reference: Reference) -> Self:
        """The settings of a reference; names of our own options are in small letters.

        Raises:
            UsageError: the command cannot be read, or one of our own options is not a positive number.
        """
        text, options = str(reference), reference.options
        own = {name: options[name] for name in _OPTIONS if name in options}
        limits = SearchLimits(
            parse_count(text, own, "nodes"),
            parse_count(text, own, "depth"),
            parse_count(text, own, "movetime"),
        )
        search = SearchSettings(
            limits,
            parse_number(text, own, "temperature_cp", TEMPERATURE_CP),
            parse_number(text, own, "timeout_s", DEFAULT_TIMEOUT_S),
        )
        engine_options = {name: value for name, value in options.items() if name not in _OPTIONS}
        command = tuple(_split_command(text, reference.target))
        return cls(command, search, engine_options, _variables(text, own.get("variables")))


def _variables(reference: str, names: str | None) -> tuple[str, ...]:
    """The names of environment variables in an option; each must be set."""
    if names is None:
        return ()
    found = tuple(name.strip() for name in names.split(","))
    for name in found:
        if name not in os.environ:
            raise UsageError(
                "model-invalid-option",
                f"variables of {quote(reference)} names {quote(name)}, which is not set; write names of "
                "environment variables, separated by commas",
            )
    return found


def _split_command(reference: str, command: str) -> list[str]:
    """Program and arguments, quoted as in a shell; no shell is involved.

    A command that is, as a whole, the path of a file is that program, even if it contains spaces.
    """
    if "\0" in command:
        raise UsageError(
            "uci-invalid-command", f"the command of {quote(reference)} contains a NUL byte; remove it"
        )
    if os.sep in command and local_path(command).is_file():
        return [command]
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(
            "uci-invalid-command", f"the command of {quote(reference)} cannot be read: {error}"
        ) from None
    if not words:
        raise UsageError(
            "uci-invalid-command", f"{quote(reference)} names no program; write uci:stockfish?nodes=1000"
        )
    return words


def load(reference: Reference, *, seed: int, concurrency: int, cache: Path | None = None) -> UciModel:
    """The engine of ``uci:COMMAND?nodes=N``, started once to check its options.

    ``seed`` has no effect, because engines draw their own random numbers.
    """
    del seed, cache
    settings = UciSettings.from_reference(reference)
    program, *arguments = settings.command
    return UciModel(
        str(reference),
        [resolve(program), *arguments],
        settings.search,
        settings.engine_options,
        concurrency=concurrency,
        variables=settings.variables,
    )


KIND = ModelKind(
    "uci",
    "a UCI engine; nodes, depth and movetime limit it",
    "uci:stockfish?nodes=2000&Skill Level=3",
    load,
    options=_OPTIONS,
    note="every UCI option that the engine declares, for example Hash=64, MultiPV=3 or Skill Level=3",
)
