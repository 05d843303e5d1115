"""Exceptions that w2s raises on purpose: each has a stable code, a message and an exit code.

A code is lower-case words joined by hyphens. It starts with the part of w2s that raises it, for example
``filter-null-score``. Codes do not change when messages are reworded, so programs and tests match codes.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection


class W2sError(Exception):
    """The work failed; the base class of every exception that w2s raises on purpose.

    Attributes:
        code: what went wrong, as a stable identifier.
        exit_code: the exit code of the command line.
    """

    exit_code = 1

    def __init__(self, code: str, message: str) -> None:
        """Store the code and the message, which says what is wrong, where, and the remedy."""
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[Callable[..., W2sError], tuple[type[W2sError], str, str]]:
        """Keep the code when another process raised the exception."""
        return _rebuild, (type(self), self.code, str(self))


def _rebuild(kind: type[W2sError], code: str, message: str) -> W2sError:
    error = kind.__new__(kind)
    W2sError.__init__(error, code, message)
    return error


class UsageError(W2sError):
    """An invalid option, argument or configuration; nothing was started."""

    exit_code = 2


class DataError(W2sError):
    """Invalid data: a file, row or position that cannot be used."""

    exit_code = 3


class ModelError(W2sError):
    """A model or an engine cannot be started or keeps failing."""

    exit_code = 4


class InterruptedWorkError(W2sError):
    """The user pressed Ctrl-C; the message says what was kept."""

    exit_code = 130


class UserCodeError(W2sError):
    """Code of the user, named ``module:callable``, raised an exception, which is the ``__cause__``."""


class MissingExtraError(W2sError):
    """A feature needs packages that are not installed; the message names the ``pip install``."""

    exit_code = 5

    def __init__(self, feature: str, extra: str, instead: str = "") -> None:
        """Name the feature, the optional dependency group that it needs, and what works without it."""
        text = f"{feature} needs more packages: pip install 'w2s[{extra}]'"
        super().__init__(f"missing-extra-{extra}", f"{text}; {instead}" if instead else text)


def suggest_name(name: str, known: Collection[str]) -> str:
    """The end of a message about an unknown name: the nearest known name, if any, and all known names.

    Example:
        >>> suggest_name("log_odds", ["mean", "log-odds"])
        'did you mean log-odds? known: mean, log-odds'
    """
    near = difflib.get_close_matches(name, known, n=1)
    return f"{f'did you mean {near[0]}? ' if near else ''}known: {', '.join(known)}"
