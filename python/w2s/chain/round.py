"""One student and one seed of a round: trust in the teacher's labels, and the arms that learn from them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from w2s.chain.arms import LabelledInputs, SoftTarget, TrainingInputs
from w2s.chain.config import Teach
from w2s.chain.data.splits import Splits, disjoint_from, subsample
from w2s.chain.plan import SeedPlan
from w2s.chain.self_training import TrustedLabels, label_itself
from w2s.chain.soft_labels import label_distributions, teacher_targets, trust_targets
from w2s.chain.student import StudentTrainer, TrainResult
from w2s.chain.trust_step import TrustReport, TrustSelection, TrustSettings, first_candidates, fit_and_select
from w2s.chain.weak_labels import RoundLabels


@dataclass(frozen=True)
class SeedRun:
    """Carries out the plan of one student and one seed; each step is done once and then read from disk.

    Attributes:
        planned: the steps.
        trainer: trainer of students.
        trust: how trust is fitted and what it keeps.
        teach: how students are taught.
        splits: the examples; on a point of the label-budget curve with fewer gold rows.
        labels: the teacher's labels; None for reference arms.
        teacher: reference of the teacher.
    """

    planned: SeedPlan
    trainer: StudentTrainer
    trust: TrustSettings
    teach: Teach
    splits: Splits
    labels: RoundLabels | None = None
    teacher: str = ""

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
        """Trust in the teacher's labels."""
        planned, labels = self.planned.labels, self.labels
        assert planned is not None
        assert labels is not None
        return fit_and_select(planned.trust, self.trainer.context, self.trust, labels, self.planned.seed)

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
            inputs = self._with_labels(self._own_labels(arm), None)
        elif planned.arm.is_labelled:
            inputs = self._with_teacher_labels
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
            made_of={"examples": self.trainer.context.examples_digest(self.splits)},
        )

    @cached_property
    def _with_teacher_labels(self) -> TrainingInputs:
        assert self.labels is not None
        return self._with_labels(TrustedLabels(self.labels, self.selection), self._soft_target())

    def _with_labels(self, found: TrustedLabels, soft: SoftTarget | None) -> TrainingInputs:
        """True answers and labels."""
        selection = found.selection
        labelled = LabelledInputs(
            first_candidates(found.labels.gold),
            first_candidates(found.labels.pool),
            selection.labels,
            selection.rows,
            selection.weights,
            soft,
            soften_all=self.teach.soft == "teacher",
            made_of={
                "trust": selection.digest,
                "keep": self.trust.keep.model_dump(),
                "teach": self.teach.model_dump(),
            },
        )
        return replace(self._answers, labelled=labelled)

    def _soft_target(self) -> SoftTarget | None:
        """Soft labels as configured; None for hard ones."""
        step = self.planned.distributions
        if step is None:
            return None
        assert self.labels is not None
        by_teacher = self.teach.soft == "teacher"
        model = self.teacher if by_teacher else self.planned.student
        found = label_distributions(
            step,
            self.trainer.context,
            model,
            self.splits.pool,
            self.splits.gold,
            {"labels": self.labels.digest} if by_teacher else {},
        )
        return teacher_targets(found) if by_teacher else trust_targets(found, self.selection)
