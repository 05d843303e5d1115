"""How far a long run is: one line redrawn on a terminal, a plain line now and then in a log.

Knows nothing about what runs.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from w2s.cli import screen

if TYPE_CHECKING:
    from w2s.tables.progress import Progress

_LOG_EVERY_S = 10.0


class ProgressLine:
    """Called with the progress."""

    def __init__(self) -> None:
        self._terminal = screen.is_terminal()
        self._told = time.monotonic()
        self._drawn = False

    def __call__(self, progress: Progress) -> None:
        """Show it, if it is time."""
        if self._terminal:
            sys.stderr.write(f"\r\x1b[K{_line(progress)}")
            sys.stderr.flush()
            self._drawn = True
        elif time.monotonic() - self._told >= _LOG_EVERY_S:
            self._told = time.monotonic()
            screen.note(_line(progress))

    def clear(self) -> None:
        """Wipe the line."""
        if self._drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._drawn = False


def _line(progress: Progress) -> str:
    of = f" of {progress.total:,}" if progress.total is not None else ""
    left = f", {screen.duration(progress.seconds_left)} left" if progress.seconds_left is not None else ""
    return f"{progress.step}: {progress.rows:,}{of} rows, {progress.rows_per_s:,.0f} rows/s{left}"
