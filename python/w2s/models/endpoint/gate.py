"""When the next request may go out: a steady rate, and pauses that the server asks for.

Knows nothing about requests.
"""

from __future__ import annotations

import threading


class Gate:
    """Hands out moments of a clock, at least a minute's share apart; for all threads together.

    Args:
        rpm: requests a minute, None for no limit.
    """

    def __init__(self, rpm: int | None) -> None:
        self._every_s = 60 / rpm if rpm else 0.0
        self._next = 0.0
        self._lock = threading.Lock()

    def reserve(self, now: float) -> float:
        """Seconds to wait before the request that asks."""
        with self._lock:
            start = max(now, self._next)
            self._next = start + self._every_s
            return start - now

    def hold(self, until: float) -> None:
        """No request before this moment, beside those that have theirs already."""
        with self._lock:
            self._next = max(self._next, until)
