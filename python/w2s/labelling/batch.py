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
from w2s.labelling.asked import asked_for, check_asked
from w2s.labelling.oracles import found_by
from w2s.labelling.proposals import proposed
from w2s.labelling.rows import label_rows
from w2s.labelling.student import seen_by
from w2s.models import Answer, Failure, Model, SupportsScoring, Want, check_task
from w2s.models.few_shot import Shots
from w2s.tasks import Example

_WHY: dict[Failure, str] = {
    "crash": "it died",
    "stall": "it hung",
    "time": "its time ran out",
    "void": "it cannot be used here",
    "reply": "its reply holds no label",
}
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Request:
    """Who labels, and what is kept of it.

    ``vectors``: ``hidden``, ``afterstate`` or both. ``student`` is the model whose view of each label is
    kept. ``oracles`` by the name that heads their columns. ``asked``: evidence that the model is asked for,
    ``icl:4`` say, each a column or two; ``shots`` are solved examples for it, ``reward`` names a reward
    model. ``proposals``: how many labels the model gives of each example, the likeliest after its answer.
    """

    model: Model
    vectors: frozenset[str] = frozenset()
    student: SupportsScoring | None = None
    oracles: dict[str, Oracle] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    shots: Shots = ()
    reward: str | None = None
    proposals: int = 1

    @property
    def want(self) -> Want:
        """What the model is asked for; its label is always a legal move."""
        return Want(
            evidence=True,
            mask=True,
            hidden="hidden" in self.vectors,
            afterstate="afterstate" in self.vectors,
        )


def label_batch(examples: Sequence[Example], request: Request) -> Labels:
    """The labels of some examples, in their order; null where an answer holds none.

    Of several proposals each is a row, see :class:`w2s.labelling.proposals.Proposals`.

    Args:
        examples: at least one, all of one task.
        request: who labels, and what is kept.

    Raises:
        ModelError: the model answered none of them.
        UsageError: the model has no such vectors or evidence, or does not answer such examples.
    """
    check_task(request.model, examples)
    check_asked(request)
    if request.proposals > 1:
        several = proposed(examples, request.model, request.proposals, request.want)
        return _labels(several.examples, several.answers, request, several.columns)
    return _labels(examples, request.model.answer(examples, request.want), request, {})


def _labels(
    examples: Sequence[Example], answers: Sequence[Answer], request: Request, columns: dict[str, pa.Array]
) -> Labels:
    _check_answered(request.model.reference, examples, answers)
    rows = _with(label_rows(examples, answers, request.model.reference), columns)
    given: list[str | None] = rows.column("label").to_pylist()
    silent = all(label is None for label in given)
    vectors = {
        name: _vectors(name, answers, request.model.reference, silent) for name in sorted(request.vectors)
    }
    for name, oracle in request.oracles.items():
        rows = _with(rows, found_by(oracle, name, examples, given))
    if request.asked:
        rows = _with(rows, asked_for(request, examples, given, rows.column("raw").to_pylist()))
    if request.student is not None:
        columns, vectors["student"] = seen_by(request.student, examples, given)
        rows = _with(rows, columns)
    return Labels(rows, vectors)


def _with(rows: pa.Table, columns: dict[str, pa.Array]) -> pa.Table:
    for name, values in columns.items():
        rows = rows.append_column(name, values)
    return rows


def _check_answered(reference: str, examples: Sequence[Example], answers: Sequence[Answer]) -> None:
    """Refuse a model that answers nothing at all; one that fails now and then has labels that are null."""
    if not all(answer.failure is not None for answer in answers):
        return
    answer = answers[0]
    why = _WHY[answer.failure or "reply"] + (f", {answer.raw[:_SHOWN]}" if answer.raw else "")
    raise ModelError(
        "label-model-answers-nothing", f"{reference} answered no example; example {examples[0].id!r}: {why}"
    )


def _vectors(name: str, answers: Sequence[Answer], reference: str, silent: bool) -> npt.NDArray[np.float32]:
    """n × d float32; a row of NaN where one label has none. Where no answer holds a label, nobody knows d."""
    found: list[npt.NDArray[np.float16] | None] = [getattr(answer, name) for answer in answers]
    width = max((len(vector) for vector in found if vector is not None), default=0)
    if not width and not silent:
        raise UsageError(
            "label-no-vectors",
            f"{reference} has no {name} states: leave {name} out, or name a policy:, lc0: or hf: model",
        )
    rows = np.full((len(found), max(width, 1)), np.nan, np.float32)
    for row, vector in enumerate(found):
        if vector is not None:
            rows[row] = vector
    return rows
