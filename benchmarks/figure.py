"""What a figure is: pieces of work, each measured for w2s and for a peer, with a target."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


class SkippedError(Exception):
    """A figure that this machine cannot measure; the message says what it lacks."""


@dataclass(frozen=True)
class Target:
    """A target: the ``least`` or ``most`` of the ratio to the peer, or of our number."""

    least: float | None = None
    most: float | None = None
    of_ratio: bool = True

    def is_met(self, value: float) -> bool:
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    def text(self, unit: str) -> str:
        sign, bound = ("≥", self.least) if self.least is not None else ("≤", self.most)
        return f"{sign} {bound:.4g}{'×' if self.of_ratio else ' ' + unit}"


@dataclass(frozen=True)
class Row:
    """One piece of work. ``ours`` and ``theirs`` are in ``unit``; more is better unless ``unit`` is ``s``."""

    work: str
    unit: str
    ours: float
    peer: str = ""
    theirs: float | None = None
    target: Target | None = None

    @property
    def ratio(self) -> float | None:
        """Ours over theirs."""
        return None if self.theirs is None else self.ours / self.theirs

    @property
    def is_met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if self.target is None:
            return None
        value = self.ratio if self.target.of_ratio else self.ours
        return value is not None and self.target.is_met(value)


@dataclass(frozen=True)
class Measurement:
    """The result of one run of a figure: its rows, and remarks.

    ``shown`` goes to the screen and nowhere else: real inputs are not copied into the project.
    """

    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()

    @property
    def misses(self) -> bool:
        """Whether a target is missed."""
        return any(row.is_met is False for row in self.rows)


@dataclass(frozen=True)
class Figure:
    """A question about speed or strength.

    ``how`` describes what is measured, and on what. ``peers`` are the packages whose versions belong to the
    answer. ``explain`` describes where the time goes; it is called when a target is missed.
    """

    name: str
    title: str
    how: str
    measure: Callable[[], Measurement]
    peers: tuple[str, ...] = ()
    explain: Callable[[], str] | None = None
