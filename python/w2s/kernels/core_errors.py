"""The boundary to the compiled core: its exceptions become those of w2s, with the same codes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from w2s import _core
from w2s.errors import DataError, UsageError


def translate(error: _core.CoreError, suffix: str = "") -> UsageError | DataError:
    """The exception to raise: a UsageError if no data could make an argument valid, else a DataError.

    Args:
        error: the exception of the core.
        suffix: text appended to the message, for example the text that could not be read.
    """
    kind = UsageError if isinstance(error, _core.SettingError) else DataError
    return kind(error.code, f"{error}{suffix}")


@contextmanager
def core_errors() -> Iterator[None]:
    """Raise what the core raises as a UsageError or a DataError."""
    try:
        yield
    except _core.CoreError as error:
        raise translate(error) from None
    except UnicodeEncodeError as error:
        raise DataError("table-not-unicode", f"a text is not valid Unicode: {error.object[:80]!a}") from None
