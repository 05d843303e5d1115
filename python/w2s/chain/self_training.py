"""Self-training: a student that learned gold labels gold and pool itself, and trust selects from its labels.

Each fold of gold is labelled by a student that trained on the other folds, so trust in the student's labels
is fitted on rows that did not train the student that labelled them.

    self/fold-K/   student/, and labels/ of the gold rows in the fold
    self/labels/   of the pool, by the student of the arm gold
    self/trust/    as in a round
    self/arm/      the student after it learned its own trusted labels
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from w2s.chain.data.splits import group_kfold
from w2s.chain.plan import LabelPlan, PlannedArm, PlannedFold, PlannedTraining
from w2s.chain.student import StudentTrainer
from w2s.chain.training_inputs import TrainingInputs
from w2s.chain.trust_step import TrustSelection, TrustSettings, fit_and_select
from w2s.chain.weak_labels import RoundLabels, label_examples
from w2s.evidence import Labels
from w2s.labelling.files import concat_labels
from w2s.resume import digest


@dataclass(frozen=True)
class TrustedLabels:
    """Labels and the selection from them."""

    labels: RoundLabels
    selection: TrustSelection


def label_itself(
    planned: PlannedArm, trainer: StudentTrainer, trust: TrustSettings, inputs: TrainingInputs
) -> TrustedLabels:
    """A student's labels of gold and pool, and trust in them; computed once and then read from disk.

    Args:
        planned: the arm.
        trainer: trainer of students.
        trust: how trust is fitted and what it keeps.
        inputs: gold and pool.
    """
    own = planned.own_labels
    assert own is not None
    assert own.trust is not None
    teacher = own.pool.teacher
    assert isinstance(teacher, PlannedTraining)
    context = trainer.context
    first = trainer.train(teacher, inputs)
    pool, identity = label_examples(
        own.pool, context, first.model, inputs.pool, inputs.gold, {"training": first.digest}
    )
    gold, identities = _label_folds(own, trainer, trust.spec.folds, inputs)
    labels = RoundLabels(gold, pool, digest([identity, *identities]))
    return TrustedLabels(labels, fit_and_select(own.trust, context, trust, labels, inputs.seed))


def _label_folds(
    own: LabelPlan, trainer: StudentTrainer, folds: int, inputs: TrainingInputs
) -> tuple[Labels, list[str]]:
    """Labels of gold, each by a student that did not train on it, and the identities of the steps."""
    inputs = replace(inputs, folds=[int(fold) for fold in group_kfold(inputs.gold, folds, inputs.seed)])
    found = [_label_fold(fold, number, trainer, inputs) for number, fold in enumerate(own.folds)]
    return concat_labels([labels for labels, _ in found]), [identity for _, identity in found]


def _label_fold(
    planned: PlannedFold, number: int, trainer: StudentTrainer, inputs: TrainingInputs
) -> tuple[Labels, str]:
    student = trainer.train(planned.training, inputs)
    examples = [one for one, fold in zip(inputs.gold, inputs.folds, strict=True) if fold == number]
    return label_examples(
        planned.labels, trainer.context, student.model, examples, inputs.gold, {"training": student.digest}
    )
