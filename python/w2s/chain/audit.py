"""The audit: gold that only measures whether the student of a round is worse than its teacher."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from w2s.chain.context import RunContext
from w2s.chain.leakage import assert_disjoint
from w2s.chain.plan import PlannedAudit
from w2s.chain.report import AuditReport, Measure
from w2s.chain.student import Correct, TrainResult, evaluate, read_correct
from w2s.chain.summary import CorrectMatrix
from w2s.metrics import accuracy, difference
from w2s.models.few_shot import labelled_shots
from w2s.tasks import Example


def answer_audit(
    step: PlannedAudit,
    context: RunContext,
    examples: Sequence[Example],
    model: str,
    trained: TrainResult | None,
) -> Correct:
    """Which examples of the audit a model answers right; computed once and then read from disk.

    Args:
        step: where the result is saved.
        context: context of the run.
        examples: the audit.
        model: the reference by which the model teaches.
        trained: the training of the model; None for the first teacher, which may read few-shot examples.

    Raises:
        W2sError: an example of the audit trained the model.
    """
    ids = [example.id for example in examples]
    if trained is not None:
        assert_disjoint(trained.example_ids, ids, step.subject)

    def work(folder: Path) -> dict[str, Any]:
        shots = labelled_shots(context.gold) if trained is None else ()
        evaluate(folder, model, context, shots, context.replies, examples)
        return {"model": model}

    inputs = {"examples": ids, "model": model, "training": None if trained is None else trained.digest}
    context.cached(step, inputs, work, f"{model} answers {len(ids):,} rows of the audit")
    return read_correct(context.folder(step), examples)


def compare_audits(students: Sequence[Correct], teachers: Sequence[Correct], seed: int) -> AuditReport:
    """The students of a round against their teachers, paired by row.

    Args:
        students: right answers of the students, for each seed.
        teachers: right answers of the teachers, for each seed, or once for all.
        seed: random seed of the bootstrap.

    Example:
        >>> right, wrong = np.ones(40), np.zeros(40)
        >>> compare_audits([wrong], [right], seed=0).rejected
        'the student of trust is worse than its teacher by 100.0 points (100.0 to 100.0) on 40 rows of gold'
        >>> compare_audits([right], [right], seed=0).rejected is None
        True
    """
    found: list[CorrectMatrix] = [np.stack(list(one)) for one in (students, teachers)]
    student, teacher = found
    gain = difference(student, teacher, seed=seed)
    why = None
    if gain.high < 0:
        points = [f"{-100 * value:.1f}" for value in (gain.value, gain.high, gain.low)]
        why = (
            f"the student of trust is worse than its teacher by {points[0]} points ({points[1]} to "
            f"{points[2]}) on {student.shape[1]:,} rows of gold"
        )
    seeds = len(student)
    return AuditReport(
        student.shape[1],
        Measure.of(accuracy(teacher, seed=seed), len(teacher)),
        Measure.of(accuracy(student, seed=seed), seeds),
        Measure.of(gain, seeds),
        why,
    )
