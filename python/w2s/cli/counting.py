"""So many of so many: one line redrawn on a terminal, a plain line now and then in a log.

Knows nothing about what is counted.
"""

from __future__ import annotations

import sys
import time

from w2s.cli import screen

_LOG_EVERY_S = 10.0


class CountLine:
    """Called with how many of how many are done."""

    def __init__(self, word: str) -> None:
        self._word = word
        self._terminal = screen.is_terminal()
        self._told = self._began = time.monotonic()
        self._ended = self._began
        self._done = self._total = 0

    def __call__(self, done: int, total: int) -> None:
        """Show it, if it is time; the line is cleared once all are done. Another total begins anew."""
        now = time.monotonic()
        if self._total and (total != self._total or done < self._done):
            self._began = self._ended
        self._done, self._total, self._ended = done, total, now
        rate = done / max(now - self._began, 1e-9)
        shown = f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"
        text = f"{done:,} of {total:,} {self._word}, {shown}/s"
        if self._terminal:
            sys.stderr.write("\r\x1b[K" + (text if done < total else ""))
            sys.stderr.flush()
        elif now - self._told >= _LOG_EVERY_S:
            self._told = now
            screen.note(text)
