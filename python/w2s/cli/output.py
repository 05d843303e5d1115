"""Output of the command line: results on stdout; notes, progress and the log on stderr."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Sequence
from typing import Any

_LOGGER = logging.getLogger("w2s")


def data(value: Any, *, as_json: bool, text: str) -> None:
    """Print a result on stdout, as JSON or as text."""
    print(json.dumps(value, allow_nan=False) if as_json else text)


class _StandardError(logging.Handler):
    """Prints log records on the current stderr."""

    def emit(self, record: logging.LogRecord) -> None:
        start = "\r\x1b[K" if is_terminal() else ""  # removes a line of progress
        print(start + self.format(record), file=sys.stderr, flush=True)


def set_log_level(level: int) -> None:
    """Print log records of w2s from this level on; notes and progress are on the level INFO."""
    _LOGGER.setLevel(level)
    if not any(isinstance(handler, _StandardError) for handler in _LOGGER.handlers):
        _LOGGER.addHandler(_StandardError())


def is_quiet() -> bool:
    """Whether notes and progress are not printed (``--quiet``)."""
    return _LOGGER.level > logging.INFO


def is_verbose() -> bool:
    """Whether everything is printed (``--verbose``)."""
    return _LOGGER.level == logging.DEBUG


def note(text: str) -> None:
    """Print a line on stderr, unless the user wants quiet."""
    if not is_quiet():
        print(text, file=sys.stderr, flush=True)


def is_terminal() -> bool:
    """Whether stderr is a terminal, on which progress can be redrawn."""
    return sys.stderr.isatty()


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A plain-text table; the first column is aligned left, the others right."""
    cells = [[str(cell) for cell in row] for row in [header, *rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    lines = []
    for row in cells:
        first, *others = (
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join([first, *others]).rstrip())
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def duration(seconds: float) -> str:
    """Seconds as ``3 s``, ``4 min 05 s`` or ``2 h 03 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
