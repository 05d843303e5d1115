"""One student and one seed of a round: trust in the labels of its teachers, and the arms that learn from
them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from w2s.chain.data.splits import Splits, disjoint_from, subsample
from w2s.chain.plan import PlannedDistributions, PlannedTeacher, SeedPlan
from w2s.chain.self_training import TrustedLabels, label_itself
from w2s.chain.settings import Teach
from w2s.chain.soft_labels import (
    Distributions,
    improved_policies,
    improved_targets,
    label_distributions,
    move_values,
    teacher_targets,
    trust_targets,
)
from w2s.chain.student import StudentTrainer, TrainResult
from w2s.chain.training_inputs import LabelledInputs, TrainingInputs
from w2s.chain.training_rows import SoftTarget
from w2s.chain.trust_step import TrustReport, TrustSelection, TrustSettings, first_candidates, fit_and_select
from w2s.chain.weak_labels import RoundLabels


@dataclass(frozen=True)
class TeacherLabels:
    """A teacher of a round and its labels.

    Attributes:
        planned: its steps.
        model: its reference.
        labels: its labels.
    """

    planned: PlannedTeacher
    model: str
    labels: RoundLabels


@dataclass(frozen=True)
class SeedRun:
    """Carries out the plan of one student and one seed; each step is done once and then read from disk.

    Attributes:
        planned: the steps.
        trainer: trainer of students.
        trust: how trust is fitted and what it keeps.
        teach: how students are taught.
        splits: the examples; on a point of the label-budget curve with fewer gold rows.
        teachers: the teachers and their labels, first that of the arm trust; empty for reference arms.
        joined: rows of the pool that come from matches, without answers, next to rows from files.
    """

    planned: SeedPlan
    trainer: StudentTrainer
    trust: TrustSettings
    teach: Teach
    splits: Splits
    teachers: tuple[TeacherLabels, ...] = ()
    joined: int = 0

    @property
    def main(self) -> TeacherLabels:
        """The teacher of the arm trust, and of all arms without an own chain."""
        return self.teachers[0]

    @cached_property
    def warm_rows(self) -> list[int]:
        """Positions of the gold rows of the warm start, ascending."""
        gold = self.splits.gold
        rows = subsample(gold, round(self.teach.warm_start * len(gold)), self.planned.seed)
        return [int(row) for row in rows]

    @cached_property
    def gold_ids_outside_warm_start(self) -> set[str]:
        """Ids of the gold rows that share nothing with those of the warm start."""
        gold = self.splits.gold
        return {gold[row].id for row in disjoint_from(gold, self.warm_rows)}

    @cached_property
    def selection(self) -> TrustSelection:
        """Trust in the labels of the main teacher."""
        found = self._select(self.main)
        assert found is not None
        return found

    def _select(self, teacher: TeacherLabels) -> TrustSelection | None:
        """Trust in a teacher's labels; None if no arm reads it."""
        step, seed = teacher.planned.labels.trust, self.planned.seed
        if step is None:
            return None
        return fit_and_select(step, self.trainer.context, self.trust, teacher.labels, seed)

    @cached_property
    def trust_report(self) -> TrustReport:
        """How good trust is."""
        return self.selection.report(self.planned.seed)

    @cached_property
    def collapsed(self) -> str | None:
        """Why trust has collapsed, or None."""
        return self.selection.collapse(self.planned.seed)

    def train(self, arm: str) -> TrainResult:
        """Train and evaluate the student of an arm."""
        planned = self.planned.arms[arm]
        inputs = self._answers
        if planned.own_labels is not None:
            own = self._own_labels(arm)
            inputs = self._with_labels(own.labels, own.selection, None, {})
        elif planned.teacher:
            inputs = self._inputs_of_teacher(planned.teacher)
        return self.trainer.train(planned.training, inputs)

    def own_trust(self, arm: str) -> TrustReport:
        """How good trust in an arm's own labels is."""
        return self._own_labels(arm).selection.report(self.planned.seed)

    @cached_property
    def _own_labels_by_arm(self) -> dict[str, TrustedLabels]:
        return {}

    def _own_labels(self, arm: str) -> TrustedLabels:
        """The labels of an arm that labels itself."""
        if arm not in self._own_labels_by_arm:
            planned = self.planned.arms[arm]
            found = label_itself(planned, self.trainer, self.trust, self._answers)
            self._own_labels_by_arm[arm] = found
        return self._own_labels_by_arm[arm]

    @cached_property
    def _answers(self) -> TrainingInputs:
        """True answers, which arms without labels learn."""
        return TrainingInputs(
            self.splits.gold,
            self.splits.pool,
            self.planned.seed,
            warm=self.warm_rows,
            gold_times=self.teach.gold_times,
            joined=self.joined,
            made_of={"examples": self.trainer.context.examples_digest(self.splits)},
        )

    @cached_property
    def _inputs_by_teacher(self) -> dict[str, TrainingInputs]:
        return {}

    def _inputs_of_teacher(self, arm: str) -> TrainingInputs:
        """True answers and the labels of the teacher of that name."""
        if arm not in self._inputs_by_teacher:
            (teacher,) = (one for one in self.teachers if one.planned.arm == arm)
            selection = self.selection if teacher is self.main else self._select(teacher)
            prior = self._prior(teacher)
            soft = self._soft_target(teacher, selection, prior)
            self._inputs_by_teacher[arm] = self._with_labels(teacher.labels, selection, soft, prior)
        return self._inputs_by_teacher[arm]

    def _with_labels(
        self,
        labels: RoundLabels,
        selection: TrustSelection | None,
        soft: SoftTarget | None,
        prior: Distributions,
    ) -> TrainingInputs:
        """True answers and labels; without a selection only for arms that do not read trust."""
        pool, teach = first_candidates(labels.pool), self.teach.model_dump()
        found = LabelledInputs(
            first_candidates(labels.gold),
            pool,
            pool,
            np.zeros(0, np.int64),
            None,
            len((selection or self.selection).rows),
            soft,
            self.teach.soft in ("teacher", "improved"),
            prior,
            {"labels": labels.digest, "teach": teach},
        )
        if selection is not None:
            made_of = {"trust": selection.digest, "keep": self.trust.keep.model_dump(), "teach": teach}
            found = replace(
                found,
                chosen=selection.labels,
                kept=selection.rows,
                weights=selection.weights,
                made_of=made_of,
            )
        return replace(self._answers, labelled=found)

    def _soft_target(
        self, teacher: TeacherLabels, selection: TrustSelection | None, prior: Distributions
    ) -> SoftTarget | None:
        """Soft labels as configured; None for hard ones."""
        teach, pool = self.teach, teacher.labels.pool
        if teach.soft == "teacher":
            return teacher_targets(self._teacher_distributions(teacher))
        if teach.soft == "improved":
            values = move_values(first_candidates(pool))
            return improved_targets(prior, values, teach.gain, teach.gain_threshold)
        if teach.soft == "none" or selection is None:
            return None
        return trust_targets(prior, selection)

    def _teacher_distributions(self, teacher: TeacherLabels) -> Distributions:
        """What the teacher found while it labelled, or else its distributions."""
        step = teacher.planned.distributions
        if step is None:
            return improved_policies(first_candidates(teacher.labels.pool))
        made_of = {"labels": teacher.labels.digest}
        return self._distributions(step, teacher.model, made_of)

    def _prior(self, teacher: TeacherLabels) -> Distributions:
        """The untrained student's policies; empty if nothing reads them."""
        step = teacher.planned.prior
        return {} if step is None else self._distributions(step, self.planned.student, {})

    def _distributions(
        self, step: PlannedDistributions, model: str, made_of: Mapping[str, object]
    ) -> Distributions:
        splits, context = self.splits, self.trainer.context
        return label_distributions(step, context, model, splits.pool, splits.gold, made_of)
