"""Why an engine gave no answer; such a failure ends one answer, or becomes a ModelError at the first start.

The text of each exception begins with a verb whose subject is the engine, or names the machine's fault.
"""

from __future__ import annotations

from typing import ClassVar

from w2s.models.model import Failure


class EngineError(Exception):
    """An engine gave no answer; ``failure`` is the kind of failure that its answer records."""

    failure: ClassVar[Failure]


class EngineExitError(EngineError):
    """The engine cannot be started, exited, closed a pipe or flooded it."""

    failure = "crash"


class EngineTimeoutError(EngineError):
    """The engine did not reply in time."""

    failure = "stall"


class EngineResourceError(EngineError):
    """The machine could not start a process: too many files or processes, or no memory."""

    failure = "void"
