"""What can go wrong, and the exit code of each.

Knows nothing about why it went wrong: the message says what, where and the remedy.
"""

from __future__ import annotations


class W2sError(Exception):
    """The work failed; the base of every error that w2s raises on purpose."""

    exit_code = 1


class UsageError(W2sError):
    """An option or a configuration that makes no sense; nothing was started."""

    exit_code = 2


class DataError(W2sError):
    """Bad data: a file, row or position that cannot be used."""

    exit_code = 3


class ModelError(W2sError):
    """A model or an engine that cannot be started or that keeps failing."""

    exit_code = 4


class InterruptedWorkError(W2sError):
    """Somebody pressed Ctrl-C; the message says what is left."""

    exit_code = 130


class MissingExtraError(W2sError):
    """A feature whose packages are not installed; the message names the ``pip install``."""

    exit_code = 5

    def __init__(self, feature: str, extra: str) -> None:
        """Name the feature and the extra that brings it."""
        super().__init__(f"{feature} needs more packages: pip install 'w2s[{extra}]'")
