"""One batch of examples → one row per label, with the vectors that were asked for.

Knows nothing about files or resuming.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from w2s.arena.oracles import Oracle
from w2s.errors import ModelError, UsageError
from w2s.evidence import Labels
from w2s.labelling.oracles import found_by
from w2s.labelling.rows import label_rows
from w2s.labelling.student import seen_by
from w2s.models import Answer, Judges, Model, Want
from w2s.tasks import MoveExample


@dataclass(frozen=True, slots=True)
class Request:
    """Who labels, and what is kept of it.

    ``vectors``: ``hidden``, ``afterstate`` or both. ``student`` is the model whose view of each label is
    kept. ``oracles`` by the name that heads their columns.
    """

    model: Model
    vectors: frozenset[str] = frozenset()
    student: Judges | None = None
    oracles: dict[str, Oracle] = field(default_factory=dict)

    @property
    def want(self) -> Want:
        """What the model is asked for; its label is always a legal move."""
        return Want(
            evidence=True,
            mask=True,
            hidden="hidden" in self.vectors,
            afterstate="afterstate" in self.vectors,
        )


def label_batch(examples: Sequence[MoveExample], request: Request) -> Labels:
    """The labels of some examples, in their order.

    Raises:
        ModelError: the model did not answer an example.
        UsageError: the model has no such vectors.
    """
    answers = request.model.answer(examples, request.want)
    _check_answered(request.model.reference, examples, answers)
    rows = label_rows(examples, answers, request.model.reference)
    vectors = {name: _vectors(name, answers, request.model.reference) for name in sorted(request.vectors)}
    for name, oracle in request.oracles.items():
        rows = _with(rows, found_by(oracle, name, examples, rows.column("label").to_pylist()))
    if request.student is not None:
        columns, vectors["student"] = seen_by(request.student, examples, rows.column("label").to_pylist())
        rows = _with(rows, columns)
    return Labels(rows, vectors)


def _with(rows: pa.Table, columns: dict[str, pa.Array]) -> pa.Table:
    for name, values in columns.items():
        rows = rows.append_column(name, values)
    return rows


def _check_answered(reference: str, examples: Sequence[MoveExample], answers: Sequence[Answer]) -> None:
    for example, answer in zip(examples, answers, strict=True):
        if answer.failure is not None:
            why = f"{answer.failure}, {answer.raw}" if answer.raw else answer.failure
            raise ModelError(f"{reference} did not answer example {example.id!r}: {why}")


def _vectors(name: str, answers: Sequence[Answer], reference: str) -> npt.NDArray[np.float32]:
    """n × d float32; a row of NaN where one label has none."""
    found: list[npt.NDArray[np.float16] | None] = [getattr(answer, name) for answer in answers]
    width = max((len(vector) for vector in found if vector is not None), default=0)
    if not width:
        raise UsageError(f"{reference} has no {name} states: leave {name} out, or name a policy or lc0 net")
    rows = np.full((len(found), width), np.nan, np.float32)
    for row, vector in enumerate(found):
        if vector is not None:
            rows[row] = vector
    return rows
