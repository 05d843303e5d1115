"""What an analysis found: results, one sentence of meaning, and notes, by measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from w2s.analysis.result import Result

RowColumns = dict[str, npt.NDArray[Any]]
"""Columns of the rows of one seed, by name, shape (n,)."""


@dataclass(frozen=True)
class MeasureReport:
    """What one measure found.

    Attributes:
        name: name of the measure.
        question: the question that it answers.
        results: the numbers.
        meaning: one sentence on what they say about this run.
        notes: how they were computed, one sentence each.
    """

    name: str
    question: str
    results: Sequence[Result]
    meaning: str
    notes: Sequence[str] = ()

    def find(self, name: str, group: str) -> Result:
        """The result with this name about these rows."""
        return next(one for one in self.results if (one.name, one.group) == (name, group))

    def to_json(self) -> dict[str, Any]:
        """The entry of the measure in ``analysis.json``."""
        return {
            "question": self.question,
            "meaning": self.meaning,
            "notes": list(self.notes),
            "results": [one.to_json() for one in self.results],
        }

    @classmethod
    def from_json(cls, name: str, found: Mapping[str, Any]) -> MeasureReport:
        """The inverse of :meth:`to_json`."""
        results = [Result(**one) for one in found["results"]]
        return cls(name, found["question"], results, found["meaning"], tuple(found["notes"]))


@dataclass(frozen=True)
class Measurement:
    """What the work of a measure returns.

    Attributes:
        results: the numbers.
        meaning: one sentence on what they say about this run.
        notes: how they were computed, one sentence each.
        columns: columns of the rows of each seed; empty if the measure is not about rows of the pool.
    """

    results: Sequence[Result]
    meaning: str
    notes: Sequence[str] = ()
    columns: Sequence[RowColumns] = ()


@dataclass(frozen=True)
class AnalysisReport:
    """What ``analysis.json`` holds.

    Attributes:
        run: folder of the run.
        round: number of the round.
        seeds: seeds of the chain.
        rows: labels of the pool, over all seeds.
        kept: labels that trust keeps.
        measures: reports in the order of the table of measures.
        left_out: why other measures are left out, by name.
    """

    run: str
    round: int
    seeds: Sequence[int]
    rows: int
    kept: int
    measures: Sequence[MeasureReport]
    left_out: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The content of ``analysis.json``; it does not name the folder of the run."""
        return {
            "round": self.round,
            "seeds": list(self.seeds),
            "rows": self.rows,
            "kept": self.kept,
            "measures": {one.name: one.to_json() for one in self.measures},
            "left_out": dict(self.left_out),
        }


def join_sentences(parts: Sequence[str]) -> str:
    """Clauses as one sentence with a capital letter and a full stop.

    Example:
        >>> join_sentences(["kept rows are easier", "dropped rows are not"])
        'Kept rows are easier; dropped rows are not.'
    """
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."


def shown(value: float | None) -> str:
    """A number for a sentence or a table, with about three digits.

    Example:
        >>> shown(0.123456), shown(0.0123), shown(12.34), shown(1234.5), shown(None)
        ('0.12', '0.012', '12.3', '1,234', '–')
    """
    if value is None or not np.isfinite(value):
        return "–"
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 0.1 or size == 0 else 3
    return f"{value:,.{digits}f}"


def percent(value: float | None) -> str:
    """A share as a percentage: ``12 %``.

    Example:
        >>> percent(0.123456), percent(0.013)
        ('12 %', '1.3 %')
    """
    share = 100 * (value or 0.0)
    return f"{share:.{0 if share >= 10 else 1}f} %"
