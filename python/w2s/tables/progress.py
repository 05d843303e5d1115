"""Progress of a long run, as values that any display can show."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

_LOG = logging.getLogger(__name__)
_LOG_EVERY_S = 10.0

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
    """Counts rows and reports progress a few times per second.

    Without a report, a line is logged every ten seconds. Finished steps are logged on the level DEBUG.
    """

    def __init__(self, report: Report | None, *, every_s: float = 0.2) -> None:
        self._report = _logged if report is None else report
        self._every_s = _LOG_EVERY_S if report is None else every_s
        self._rows = 0
        self.begin("reading scores", None)

    def begin(self, step: str, total: int | None) -> None:
        """Start a step."""
        self.finish()
        self._step, self._total, self._rows = step, total, 0
        self._since = time.perf_counter()
        # A report is called with the first rows at once, the log only after its interval.
        self._told = self._since - (0 if self._report is _logged else self._every_s)

    def finish(self) -> None:
        """Log the rows and the time of the step that is done."""
        if self._rows:
            seconds = time.perf_counter() - self._since
            _LOG.debug("%s: %s rows in %.1f s", self._step, f"{self._rows:,}", seconds)
        self._rows = 0

    def read(self, rows: int) -> None:
        """Add finished rows."""
        self._rows += rows
        now = time.perf_counter()
        if now - self._told >= self._every_s:
            self._told = now
            self._report(Progress(self._step, self._rows, self._total, now - self._since))


def _logged(progress: Progress) -> None:
    of = "" if progress.total is None else f" of {progress.total:,}"
    _LOG.info("%s: %s%s rows, %.0f s", progress.step, f"{progress.rows:,}", of, progress.seconds)
