"""One batch of examples → a table with one row per label, and the requested vectors."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from w2s.errors import ModelError, UsageError
from w2s.evidence import EXAMPLE_ID, PROPOSAL, Labels
from w2s.evidence_kinds import DELIBERATION, EVIDENCE
from w2s.labelling.evidence import check_spec, elicit_evidence, student_view, verify_labels
from w2s.labelling.spec import LabelSpec
from w2s.models import Answer, Failure, Model, SupportsCandidates, Want, check_task
from w2s.schemas import LABELS
from w2s.tasks import Example, Task, task_for

_WHY: dict[Failure, str] = {
    "crash": "it died",
    "stall": "it hung",
    "time": "its time ran out",
    "void": "it cannot be used here",
    "reply": "its reply holds no label",
}
_MAX_REPLY = 200
"""Characters of a reply that an error message shows."""


def label_batch(examples: Sequence[Example], spec: LabelSpec) -> Labels:
    """Label examples, in their order; ``label`` is null where the model gives none.

    With several proposals each is a row, see :class:`w2s.labelling.label.Proposals`.

    Args:
        examples: at least one, all of one task.
        spec: who labels, and which evidence is kept.

    Returns:
        The labels, with vectors as float32 of shape (rows, width).

    Raises:
        ModelError: the model answered none of the examples.
        UsageError: the model has no such vectors or evidence, or cannot do the task of the examples.
    """
    check_task(spec.model, examples)
    check_spec(spec)
    if spec.proposals > 1:
        several = propose_labels(examples, spec.model, spec.proposals, spec.want)
        return _labels(several.examples, several.answers, spec, several.columns)
    return _labels(examples, spec.model.answer(examples, spec.want), spec, {})


def _labels(
    examples: Sequence[Example], answers: Sequence[Answer], spec: LabelSpec, columns: dict[str, pa.Array]
) -> Labels:
    _check_answered(spec.model.reference, examples, answers)
    table = _append(label_table(examples, answers, spec.model.reference), columns)
    labels: list[str | None] = table.column("label").to_pylist()
    all_null = all(label is None for label in labels)
    vectors = {name: _vectors(name, answers, spec.model.reference, all_null) for name in sorted(spec.vectors)}
    if "deliberation" in vectors:
        table = _append(table, _deliberation_columns(vectors["deliberation"]))
    if spec.improved:
        table = _append(table, _improved_columns(spec.model.reference, answers))
    for name, oracle in spec.oracles.items():
        table = _append(table, verify_labels(oracle, name, examples, labels))
    if spec.evidence:
        table = _append(table, elicit_evidence(spec, examples, labels, table.column("raw").to_pylist()))
    if spec.student is not None:
        columns, vectors["student"] = student_view(spec.student, examples, labels)
        table = _append(table, columns)
    return Labels(table, vectors)


def _append(table: pa.Table, columns: dict[str, pa.Array]) -> pa.Table:
    for name, values in columns.items():
        table = table.append_column(name, values)
    return table


def _check_answered(reference: str, examples: Sequence[Example], answers: Sequence[Answer]) -> None:
    """Refuse a model that fails at every example; where it fails at some, their labels are null."""
    if not all(answer.failure is not None for answer in answers):
        return
    answer = answers[0]
    why = _WHY[answer.failure or "reply"] + (f", {answer.raw[:_MAX_REPLY]}" if answer.raw else "")
    raise ModelError(
        "label-model-answers-nothing", f"{reference} answered no example; example {examples[0].id!r}: {why}"
    )


def _vectors(name: str, answers: Sequence[Answer], reference: str, all_null: bool) -> npt.NDArray[np.float32]:
    """Vectors as float32 of shape (n, d); NaN in rows without one. With no label at all, d is unknown: 1."""
    found: list[npt.NDArray[np.floating[Any]] | None] = [getattr(answer, name) for answer in answers]
    width = max((len(vector) for vector in found if vector is not None), default=0)
    if not width and not all_null:
        raise UsageError(
            "label-no-vectors",
            f"{reference} has no {name} states: leave {name} out, or {EVIDENCE[name].remedy}",
        )
    rows = np.full((len(found), max(width, 1)), np.nan, np.float32)
    for row, vector in enumerate(found):
        if vector is not None:
            rows[row] = vector
    return rows


def _deliberation_columns(vectors: npt.NDArray[np.float32]) -> dict[str, pa.Array]:
    """The numbers of a deliberation as columns, null in rows without one."""
    width = vectors.shape[1]
    columns = vectors.T if width == len(DELIBERATION) else np.full((len(DELIBERATION), len(vectors)), np.nan)
    return {
        f"deliberation_{name}": pa.array(column, pa.float32(), from_pandas=True)
        for name, column in zip(DELIBERATION, columns, strict=True)
    }


def _improved_columns(reference: str, answers: Sequence[Answer]) -> dict[str, pa.Array]:
    """The improved policy and the value of each legal move, as lists; empty in rows without a label."""
    if not any(answer.improved for answer in answers):
        raise UsageError(
            "label-no-improved-policy",
            f"{reference} does not look ahead; name a network with nodes=200 or think=6,6,6",
        )
    return {
        "moves": pa.array([[*answer.improved] for answer in answers], pa.list_(pa.string())),
        "improved": pa.array([[*answer.improved.values()] for answer in answers], pa.list_(pa.float64())),
        "move_values": pa.array(
            [[*answer.move_values.values()] for answer in answers], pa.list_(pa.float64())
        ),
    }


# The table of labels ----------------------------------------------------------------------------------------


def label_schema(task: Task[Any]) -> pa.Schema:
    """Columns of the labels of a task.

    They are :data:`w2s.schemas.LABELS`, the columns from which the example can be read again, its key, and
    numbers that only some models give.
    """
    more = [field for field in task.schema() if field.name not in LABELS.names]
    numbers = [pa.field("value_cp", pa.int32()), pa.field("afterstate_logit", pa.float32())]
    return pa.schema([*LABELS, *more, pa.field("key", pa.uint64()), *numbers])


def label_table(examples: Sequence[Example], answers: Sequence[Answer], reference: str) -> pa.Table:
    """One row per answer; ``label`` is null where the answer gives none, ``correct`` where there is no gold.

    Args:
        examples: at least one, all of one task.
        answers: one for each example.
        reference: reference of the model that answered.
    """
    task = task_for(examples[0])
    rows = [
        _answer_columns(task, example, answer, reference) | task.row(example) | {"key": _key(task, example)}
        for example, answer in zip(examples, answers, strict=True)
    ]
    return pa.Table.from_pylist(rows, schema=label_schema(task))


def _answer_columns(task: Task[Any], example: Example, answer: Answer, reference: str) -> dict[str, Any]:
    label = None if answer.failure else task.canonical(example, answer.label)
    return {
        "task": task.name,
        "label": label,
        "log_prob": answer.log_prob,
        "margin": answer.margin,
        "entropy": answer.entropy,
        "n_options": answer.n_options,
        "samples": list(answer.samples),
        "raw": answer.raw,
        "model": reference,
        "correct": task.judge(example, label),
        "value_cp": answer.value_cp,
        "afterstate_logit": answer.check_logit,
    }


def _key(task: Task[Any], example: Example) -> int:
    """A 64-bit identity of the question: the position's own key, else a hash of the text."""
    state = getattr(example, "state", None)
    if state is not None:
        return int(state.key)
    return int.from_bytes(hashlib.blake2b(task.key(example).encode(), digest_size=8).digest(), "big")


# Several labels per example -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Proposals:
    """Several answers per example, as rows.

    Attributes:
        examples: each example once per answer. The first has the example's own id, the second ``ID#2``, and
            all have one group.
        answers: the answers, those of one example in order of likelihood.
        columns: ``example_id``, the example's own id; and ``proposal``, the rank of the answer, from 1.
    """

    examples: list[Example]
    answers: list[Answer]
    columns: dict[str, pa.Array]


def propose_labels(examples: Sequence[Example], model: Model, count: int, want: Want) -> Proposals:
    """Up to ``count`` labels per example, those of one example in consecutive rows.

    Raises:
        UsageError: the model gives only one label per example.
    """
    if not isinstance(model, SupportsCandidates):
        raise UsageError(
            "label-no-proposals",
            f"{model.reference} gives only one label per example; leave proposals out, or name a policy:, "
            "lc0: or hf: model",
        )
    found = model.propose(examples, count, want)
    ranked = [
        (example, rank)
        for example, answers in zip(examples, found, strict=True)
        for rank in range(1, len(answers) + 1)
    ]
    return Proposals(
        [_proposal_row(example, rank) for example, rank in ranked],
        [answer for answers in found for answer in answers],
        {
            EXAMPLE_ID: pa.array([example.id for example, _ in ranked], pa.string()),
            PROPOSAL: pa.array([rank for _, rank in ranked], pa.int32()),
        },
    )


def _proposal_row(example: Example, rank: int) -> Example:
    name = f"{example.id}#{rank}" if rank > 1 else example.id
    return replace(example, id=name, group=example.group or example.id)
