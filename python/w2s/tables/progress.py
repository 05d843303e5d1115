"""Progress of a long run, as values that any display can show."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

Report = Callable[["Progress"], None]


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of one step.

    Attributes:
        step: name of the step, for example ``copying rows``.
        rows: rows finished in this step.
        total: rows of the step; None if unknown.
        seconds: since the step began.
    """

    step: str
    rows: int
    total: int | None
    seconds: float

    @property
    def rows_per_s(self) -> float:
        """Rows per second in this step so far."""
        return self.rows / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Estimated seconds until the step ends; None if unknown."""
        if self.total is None or not self.rows:
            return None
        return max(0, self.total - self.rows) / self.rows_per_s


class ProgressCounter:
    """Counts rows and reports progress a few times per second."""

    def __init__(self, report: Report | None, *, every_s: float = 0.2) -> None:
        self._report = report
        self._every_s = every_s
        self.begin("reading scores", None)

    def begin(self, step: str, total: int | None) -> None:
        """Start a step."""
        self._step, self._total, self._rows = step, total, 0
        self._since = time.perf_counter()
        self._told = self._since - self._every_s  # report the first rows at once

    def read(self, rows: int) -> None:
        """Add finished rows."""
        self._rows += rows
        now = time.perf_counter()
        if self._report is not None and (now - self._told >= self._every_s):
            self._told = now
            self._report(Progress(self._step, self._rows, self._total, now - self._since))
