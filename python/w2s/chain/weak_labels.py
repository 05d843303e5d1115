"""Labels of gold and pool by a teacher, with the evidence that trust reads; cached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from w2s.chain.context import RunContext
from w2s.chain.data.splits import Splits
from w2s.chain.plan import LabelPlan, PlannedLabels
from w2s.chain.shift import shared_columns
from w2s.evidence import Labels, read_labels
from w2s.evidence_kinds import STATES
from w2s.labelling import LabelSpec, label_file
from w2s.labelling.evidence import as_judge, load_oracles_by_prefix
from w2s.models import load_model
from w2s.models.few_shot import labelled_shots
from w2s.resume import digest
from w2s.tasks import Example

FILE = "labels.parquet"


@dataclass(frozen=True)
class RoundLabels:
    """Labels of gold and pool in the order of their examples, with all candidates of each.

    Attributes:
        gold: labels of gold.
        pool: labels of the pool.
        digest: identity of their inputs.
    """

    gold: Labels
    pool: Labels
    digest: str

    def with_gold(self, ids: set[str]) -> RoundLabels:
        """Only the gold labels of some examples."""
        known = np.array([id_ in ids for id_ in self.gold.example_ids], bool)
        return RoundLabels(self.gold.take(known), self.pool, self.digest)

    def unanswered(self, splits: Splits) -> int:
        """Number of examples that have no label, of gold and pool that are labelled."""
        answered = {*self.gold.example_ids, *self.pool.example_ids}
        return len(splits.gold) + len(splits.pool) - len(answered)


def label_round(
    planned: LabelPlan,
    context: RunContext,
    splits: Splits,
    teacher: str,
    made_of: Mapping[str, object],
) -> RoundLabels:
    """The teacher's labels of gold and pool, computed once and then read from disk.

    Examples whose label holds no answer are left out. If gold has its own step, because it belongs to
    another game or task, only the columns are kept that both have. Gold has no labels if nothing reads them.

    Args:
        planned: the plan of the labels.
        context: context of the run.
        splits: the examples of the round.
        teacher: reference of the teacher.
        made_of: identity of the teacher and the examples, as named JSON values.
    """
    if planned.gold is None:
        examples = [*(splits.gold if planned.has_gold else ()), *splits.pool]
        labels, identity = label_examples(planned.pool, context, teacher, examples, splits.gold, made_of)
        gold_ids = {example.id for example in splits.gold}
        is_gold = np.array([id_ in gold_ids for id_ in labels.example_ids], bool)
        return RoundLabels(labels.take(is_gold), labels.take(~is_gold), identity)
    own_teacher = isinstance(planned.gold.teacher, str) and planned.gold.teacher != planned.pool.teacher
    if own_teacher:  # labels gold once for all rounds
        first_made_of: Mapping[str, object] = {"gold": [example.id for example in splits.gold]}
        gold_teacher = str(planned.gold.teacher)
    else:
        first_made_of, gold_teacher = made_of, teacher
    gold, first = label_examples(planned.gold, context, gold_teacher, splits.gold, splits.gold, first_made_of)
    pool, second = label_examples(planned.pool, context, teacher, splits.pool, splits.gold, made_of)
    return RoundLabels(*shared_columns(gold, pool, vectors=not own_teacher), digest([first, second]))


def label_examples(
    step: PlannedLabels,
    context: RunContext,
    teacher: str,
    examples: Sequence[Example],
    shots: Sequence[Example],
    made_of: Mapping[str, object],
) -> tuple[Labels, str]:
    """Labels of examples in their order, and the identity of the step; computed once and then read.

    Args:
        step: the evidence that is kept.
        context: context of the run.
        teacher: reference of the teacher.
        examples: what it labels; those without an answer have no label.
        shots: gold, from which few-shot examples are drawn.
        made_of: identity of teacher and examples, as named JSON values.
    """

    def work(folder: Path) -> dict[str, Any]:
        model = load_model(teacher, seed=context.seed, cache=context.replies)
        judge = load_model(step.student, seed=context.seed) if "student" in step.evidence else None
        oracles = load_oracles_by_prefix(step.oracles)
        try:
            request = LabelSpec(
                model,
                frozenset(step.evidence) & {"hidden", "afterstate", "deliberation"},
                None if judge is None else as_judge(judge),
                oracles,
                tuple(name for name in step.evidence if name not in STATES),
                labelled_shots(shots),
                step.reward,
                step.proposals,
                step.improved,
            )
            label_file(examples, request, folder / FILE, overwrite=True, progress=context.count)
        finally:
            for one in (model, judge, *oracles.values()):
                if one is not None:
                    one.close()
        return {"teacher": teacher, "student": step.student}

    inputs = {
        **made_of,
        "teacher": teacher,
        "student": step.student,
        "evidence": step.evidence,
        "oracles": step.oracles,
        "reward": step.reward,
        "proposals": step.proposals,
        **({"improved": True} if step.improved else {}),
    }
    record = context.cached(step, inputs, work, f"{teacher} labels {len(examples):,} examples")
    labels = read_labels(context.folder(step) / FILE)
    given = labels.table.column("label").is_valid().to_numpy()
    return (labels if given.all() else labels.take(given)), record.digest
