"""One line of progress: redrawn on a terminal, printed every ten seconds in a log."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from w2s.cli import output

if TYPE_CHECKING:
    from w2s.tables.progress import Progress

_LOG_EVERY_S = 10.0


class ProgressLine:
    """A line of text that replaces itself."""

    def __init__(self) -> None:
        self._terminal = output.is_terminal()
        self._printed = time.monotonic()
        self._drawn = False

    def show(self, text: str) -> None:
        """Draw the text on a terminal; in a log, print it if the last line is ten seconds old."""
        if output.is_quiet():
            return
        now = time.monotonic()
        if self._terminal:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
            self._drawn = True
        elif now - self._printed >= _LOG_EVERY_S:
            self._printed = now
            output.note(text)

    def clear(self) -> None:
        """Remove the line from a terminal."""
        if self._drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._drawn = False


class RowProgress(ProgressLine):
    """Shows the progress of a filter."""

    def __call__(self, progress: Progress) -> None:
        """Show rows, rate and time left."""
        of = f" of {progress.total:,}" if progress.total is not None else ""
        left = f", {output.duration(progress.seconds_left)} left" if progress.seconds_left is not None else ""
        self.show(f"{progress.step}: {progress.rows:,}{of} rows, {progress.rows_per_s:,.0f} rows/s{left}")


class CountProgress(ProgressLine):
    """Shows how many of a known number of things are done."""

    def __init__(self, word: str) -> None:
        """Name what is counted, for example ``labelled``."""
        super().__init__()
        self._word = word
        self._title = ""
        self._began = time.monotonic()
        self._first = self._done = self._total = 0

    def __call__(self, done: int, total: int) -> None:
        """Show the count, the rate and the time left; the line is cleared at the end.

        Another total starts a new count. The rate is that since its first call, because what an earlier
        process did may be counted there.
        """
        now = time.monotonic()
        if total != self._total or done < self._done:
            self._began, self._first = now, done
        self._done, self._total = done, total
        self.show(f"{self._title}{done:,} of {total:,} {self._word}{self._pace(now)}")
        if done >= total:
            self.clear()

    def _pace(self, now: float) -> str:
        """The rate and the time left, once they are known."""
        if now <= self._began or self._done <= self._first:
            return ""
        rate = (self._done - self._first) / (now - self._began)
        shown = f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"
        left = output.duration((self._total - self._done) / rate)
        return f", {shown}/s" if self._done >= self._total else f", {shown}/s, {left} left"


class StepProgress(CountProgress):
    """Shows which step runs, and its count; each finished step gets its own line."""

    def begin(self, step: str) -> None:
        """Show a step that begins; counts that follow belong to it."""
        self._title = f"{step}: "
        self.show(step)

    def say(self, text: str) -> None:
        """Print a line that stays."""
        self.clear()
        output.note(text)
