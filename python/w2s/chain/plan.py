"""A chain's steps in order: who labels, who trains on what, who is evaluated, and where that is saved. The
run carries out these steps and the estimate adds up their cost, so both have the same steps. A step is
identified by its folder in the run.

    round-1/matches/                what teacher and student played, if examples come from matches
    gold-labels/                    labels of gold of another game; those of another task are in round-1/
    fixed/                          reference arms: teacher/, STUDENT/base/, STUDENT/seed-S/ARM/
    fixed/audit/, round-1/seed-0/audit/   answers to the audit, by the first teacher and by students
    fixed/STUDENT/seed-S/warm/      the warm start; other arms start there
    round-1/labels/                 labels with their evidence; in later rounds round-N/seed-S/labels/
    round-1/seed-0/                 trust/ and ARM-arm/
    round-2/seed-0/ARM-labels/      labels by the student of an arm with an own chain
    budget/N/seed-0/                the same with N gold rows
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from w2s.chain.arms import Arm
from w2s.chain.training_data import Sizes, Stage

WorkKind = Literal["label", "evidence", "train", "test"]


@dataclass(frozen=True)
class Work:
    """A part of a step that costs time.

    Attributes:
        kind: ``label``, ``evidence`` of another model, ``train`` or ``test``.
        arm: the arm, or the purpose of labels.
        model: the model that does the work, as the configuration names it.
        rows: number of examples.
        evidence: evidence that the model gives with its labels.
    """

    kind: WorkKind
    arm: str
    model: str
    rows: int
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PlannedStep:
    """A step whose result is saved in a folder of the run.

    Attributes:
        folder: relative to the folder of the run.
        round: counted from 1; 0 for steps that belong to no round.
        arm: the arm, or the purpose of the step.
        title: round and seed, for messages; empty for a step of neither.
        taught_by: the arm whose student is the teacher, in a round with several teachers; else empty.
        work: the parts that take time.
    """

    kind: ClassVar[str]
    folder: str
    round: int
    arm: str
    title: str = ""
    taught_by: str = ""
    work: tuple[Work, ...] = ()

    @property
    def subject(self) -> str:
        """The step in messages, such as ``round 2 of 3, seed 0, random, taught by trust``."""
        taught = f"taught by {self.taught_by}" if self.taught_by else ""
        return ", ".join(part for part in (self.title, self.arm, taught) if part)


@dataclass(frozen=True, kw_only=True)
class PlannedMatches(PlannedStep):
    """Matches of a teacher and a student, whose positions become examples."""

    kind: ClassVar[str] = "matches"


@dataclass(frozen=True, kw_only=True)
class PlannedTest(PlannedStep):
    """The evaluation of a model that is not trained here."""

    kind: ClassVar[str] = "test"
    model: str


@dataclass(frozen=True, kw_only=True)
class PlannedAudit(PlannedStep):
    """Answers of a teacher to the gold that decides whether a round is rejected."""

    kind: ClassVar[str] = "audit"
    model: Model


@dataclass(frozen=True, kw_only=True)
class PlannedTraining(PlannedStep):
    """A training, and the evaluation of the student.

    Attributes:
        student: the untrained student, for messages and the estimate.
        start: the model from which it starts: a reference, or the training that makes it.
        stage: the data that it learns.
        is_later: whether the student has learned before, so that the learning rate is lower.
        is_tested: whether the student is evaluated.
    """

    kind: ClassVar[str] = "train"
    student: str
    start: str | PlannedTraining
    stage: Stage
    is_later: bool = False
    is_tested: bool = True


Model = str | PlannedTraining
"""A model of the configuration, or the student of a training."""


@dataclass(frozen=True, kw_only=True)
class PlannedLabels(PlannedStep):
    """Labels of gold, of the pool or of both, with their evidence.

    Attributes:
        teacher: the model that labels.
        student: the model whose view of each label is evidence, if ``evidence`` includes it.
        evidence: evidence that is stored for each label, see :class:`w2s.chain.config.ChainConfig`.
        oracles: oracles that add their findings.
        reward: the reward model, if any.
        proposals: labels per example.
        improved: whether the policy that looking ahead improves is saved with the labels.
    """

    kind: ClassVar[str] = "label"
    teacher: Model
    student: str
    evidence: tuple[str, ...]
    oracles: tuple[str, ...]
    reward: str | None
    proposals: int
    improved: bool = False


@dataclass(frozen=True, kw_only=True)
class PlannedTrust(PlannedStep):
    """Fitting trust on labelled gold, scoring the pool and selecting from it."""

    kind: ClassVar[str] = "trust"

    @property
    def subject(self) -> str:
        """The step in messages; the arm trust has its own name."""
        return ", ".join(part for part in (self.title, "trust function") if part)


@dataclass(frozen=True, kw_only=True)
class PlannedDistributions(PlannedStep):
    """Distributions of a model over the labels of each pool example, for soft labels."""

    kind: ClassVar[str] = "distributions"
    model: Model


@dataclass(frozen=True)
class PlannedFold:
    """One fold of gold: a student that trains on the other folds labels it."""

    training: PlannedTraining
    labels: PlannedLabels


@dataclass(frozen=True)
class LabelPlan:
    """The labels of gold and of the pool.

    Attributes:
        pool: labels of the pool, and of gold unless others label that.
        trust: the trust function that is fitted on them; None if no arm reads it.
        gold: labels of gold by its own step; None if ``pool`` or ``folds`` label it.
        folds: labels of gold by folds, for an arm that labels itself.
        has_gold: whether gold is labelled; labels that no trust function reads are those of the pool only.
    """

    pool: PlannedLabels
    trust: PlannedTrust | None
    gold: PlannedLabels | None = None
    folds: tuple[PlannedFold, ...] = ()
    has_gold: bool = True


@dataclass(frozen=True)
class PlannedTeacher:
    """A teacher of a round.

    Attributes:
        arm: the arm whose student of the round before it is; ``teacher`` for the first teacher.
        labels: its labels, and trust in them.
        distributions: of the teacher, for soft labels; None if they are not needed or saved with its labels.
        prior: policies of the untrained student, for soft labels and for arms that read them; else None.
    """

    arm: str
    labels: LabelPlan
    distributions: PlannedDistributions | None = None
    prior: PlannedDistributions | None = None


@dataclass(frozen=True)
class PlannedArm:
    """An arm of a plan.

    Attributes:
        arm: what the student learns.
        training: the last training, whose student is measured.
        own_labels: labels by the arm's own student in the same round, for an arm that labels itself.
        teacher: the teacher, one of :attr:`SeedPlan.teachers`; empty for an arm without labels of a teacher.
    """

    arm: Arm
    training: PlannedTraining
    own_labels: LabelPlan | None = None
    teacher: str = ""


@dataclass(frozen=True)
class SeedPlan:
    """What one student learns with one seed.

    Attributes:
        title: title of the round and the seed, for messages.
        round: counted from 1; 0 for reference arms.
        seed: random seed.
        student: the untrained student.
        gold_count: number of gold rows on a point of the label-budget curve; None for all.
        warm: the warm start; None if there is none.
        teachers: the teachers: first that of the arm trust, whose trust decides how many labels are kept;
            then those of arms with an own chain. Empty for reference arms.
        arms: planned arms by name.
        audit: the answers of the student of the arm trust to the audit; None without one.
    """

    title: str
    round: int
    seed: int
    student: str
    gold_count: int | None
    warm: PlannedTraining | None
    teachers: tuple[PlannedTeacher, ...]
    arms: Mapping[str, PlannedArm]
    audit: PlannedAudit | None = None


@dataclass(frozen=True)
class Scope:
    """One seed of a round or of a point of the label-budget curve, while it is planned.

    Attributes:
        title: title of the round and the seed, for messages.
        round: counted from 1; 0 for reference arms.
        seed: random seed.
        student: the untrained student.
        place: folder of its steps, relative to the folder of the run.
        reference_place: folder of the reference arms of this student and seed.
        gold_count: number of gold rows on a point of the curve; None for all.
    """

    title: str
    round: int
    seed: int
    student: str
    place: str
    reference_place: str
    gold_count: int | None = None

    @property
    def cost_round(self) -> int:
        """The round of a step in the estimate; 0 for points of the label-budget curve."""
        return 0 if self.gold_count is not None else self.round

    def cost_name(self, arm: str) -> str:
        """The name of an arm in the estimate; points of the label-budget curve name their gold rows."""
        return arm if self.gold_count is None else f"budget {self.gold_count}, {arm}"


@dataclass(frozen=True)
class Plan:
    """All steps of a chain.

    Attributes:
        arms: names of the arms, in the order of the configuration.
        left_out: why arms of the configuration are left out.
        sizes: numbers of rows in the first round.
        tests: models that are evaluated untrained, by arm.
        references: reference arms, for each seed.
        rounds: for each round and seed.
        points: for each point of the label-budget curve and seed.
        matches: in each round, if matches are played.
        audit: the answers of the first teacher to the audit; None without one.
    """

    arms: tuple[str, ...]
    left_out: Mapping[str, str]
    sizes: Sizes
    tests: Mapping[str, PlannedTest]
    references: tuple[SeedPlan, ...]
    rounds: tuple[tuple[SeedPlan, ...], ...]
    points: Mapping[int, tuple[SeedPlan, ...]]
    matches: Mapping[int, tuple[PlannedMatches, ...]] = field(default_factory=dict)
    audit: PlannedAudit | None = None

    @property
    def steps(self) -> list[PlannedStep]:
        """All steps, each once, after those that it needs."""
        found: dict[str, PlannedStep] = {}
        for step in self._walk():
            found.setdefault(step.folder, step)
        return list(found.values())

    def _walk(self) -> Iterator[PlannedStep]:
        yield from self.matches.get(1, ())
        yield from self.tests.values()
        if self.audit is not None:
            yield self.audit
        yield from _steps_of_seeds(self.references)
        for number, seeds in enumerate(self.rounds, 1):
            if number > 1:
                yield from self.matches.get(number, ())
            yield from _steps_of_seeds(seeds)
        for seeds in self.points.values():
            yield from _steps_of_seeds(seeds)


def _steps_of_seeds(seeds: Sequence[SeedPlan]) -> Iterator[PlannedStep]:
    for seed in seeds:
        for teacher in seed.teachers:
            yield from _steps_of_labels(teacher.labels)
            yield from (step for step in (teacher.distributions, teacher.prior) if step is not None)
        for planned in seed.arms.values():
            if planned.own_labels is not None:
                yield from _steps_of_labels(planned.own_labels)
            yield from _with_starts(planned.training)
        if seed.audit is not None:
            yield seed.audit


def _steps_of_labels(labels: LabelPlan) -> Iterator[PlannedStep]:
    if isinstance(labels.pool.teacher, PlannedTraining):
        yield from _with_starts(labels.pool.teacher)
    if labels.gold is not None:
        yield labels.gold
    yield labels.pool
    for fold in labels.folds:
        yield fold.training
        yield fold.labels
    if labels.trust is not None:
        yield labels.trust


def _with_starts(training: PlannedTraining) -> Iterator[PlannedTraining]:
    if isinstance(training.start, PlannedTraining):
        yield from _with_starts(training.start)
    yield training
