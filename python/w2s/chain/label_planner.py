"""Plans the labels of teachers: who labels what, with which evidence, and what reads it."""

from __future__ import annotations

import re
from dataclasses import replace

from w2s.chain.arms import ARMS, TEACHER, TEACHING_ARM, Arm
from w2s.chain.config import ChainConfig
from w2s.chain.plan import (
    LabelPlan,
    Model,
    PlannedDistributions,
    PlannedLabels,
    PlannedTeacher,
    PlannedTraining,
    PlannedTrust,
    Scope,
    Work,
)
from w2s.chain.training_data import LabelUse, Sizes
from w2s.evidence_kinds import REQUESTS, STATES, parse_evidence
from w2s.models.policy.settings import is_lookahead
from w2s.resume import digest


def folder_name(arm: str) -> str:
    """The name of an arm in folders: letters, digits and hyphens.

    Example:
        >>> folder_name("gold+trust"), folder_name("naive (same teacher)")
        ('gold-and-trust', 'naive-same-teacher')
    """
    return re.sub(r"\W+", "-", arm.replace("+", "-and-")).strip("-")


def _reads(arm: Arm, evidence: str) -> bool:
    """Whether an arm reads evidence of the configuration, such as ``samples:8``."""
    kind = parse_evidence(evidence, [*STATES, *REQUESTS]).kind
    return not arm.evidence.isdisjoint({kind.name, *kind.columns})


class LabelPlanner:
    """Plans the labels of a chain, and trust in them.

    Args:
        config: the chain.
        sizes: numbers of rows.
    """

    def __init__(self, config: ChainConfig, sizes: Sizes) -> None:
        """Keep what all plans share."""
        self._config = config
        self._sizes = sizes

    def main_teacher(self, scope: Scope, student: PlannedTraining | None) -> PlannedTeacher:
        """The teacher of the arm trust: a student of the round before; None is the first teacher."""
        labels = self._label_plan(scope, student)
        arm = TEACHER.name if student is None else TEACHING_ARM
        return PlannedTeacher(arm, labels, self._distributions(scope, labels), self._prior(scope))

    def own_teacher(
        self, scope: Scope, arm: Arm, student: PlannedTraining, main: PlannedTeacher
    ) -> PlannedTeacher:
        """The student of an arm as its next teacher: labels with the evidence that the arm reads.

        Args:
            scope: the round and the seed.
            arm: the arm.
            student: the training of the arm in the round before.
            main: the teacher of the arm trust.
        """
        config, place = self._config, f"{scope.place}/{folder_name(arm.name)}"
        has_gold = arm.use >= LabelUse.GOLD
        common = main.labels.pool
        name, what = config.teacher_of(scope.round), f"labels by {arm.name}"
        if arm.use is not LabelUse.TRUST and config.regime.gold_teacher is None:
            read = tuple(one for one in common.evidence if _reads(arm, one))
            oracles = common.oracles if "search" in arm.evidence else ()
            common = replace(common, evidence=read, oracles=oracles, proposals=1)
        joint = has_gold and main.labels.gold is None

        def labels(folder: str, arm_name: str, rows: int) -> PlannedLabels:
            work = self._label_work(arm_name, name, rows, scope.student, common.evidence, common.proposals)
            return replace(common, folder=folder, arm=arm_name, teacher=student, work=work, title=scope.title)

        pool = labels(f"{place}-labels", what, self._sizes.pool + joint * self._sizes.gold)
        gold = None
        if has_gold and main.labels.gold is not None:  # gold of another game is labelled once for all rounds
            gold = main.labels.gold
            if config.regime.gold_teacher is None:
                gold = labels(f"{place}-gold-labels", f"labels of gold by {arm.name}", self._sizes.gold)
        trust = None
        if arm.use is LabelUse.TRUST:
            trust = replace(self.trust(scope, f"{place}-trust"), taught_by=arm.name)
        plan = LabelPlan(pool, trust, gold, has_gold=has_gold)
        soft = main.distributions
        if soft is not None:
            soft = replace(soft, folder=f"{place}-distributions", model=student, taught_by=arm.name)
        reads_prior = trust is not None or config.teach.soft == "improved"
        return PlannedTeacher(arm.name, plan, soft, main.prior if reads_prior else None)

    def _label_plan(self, scope: Scope, teacher: PlannedTraining | None) -> LabelPlan:
        """The teacher's labels of gold and pool, and trust in them.

        Gold of another game is labelled by its own teacher, without evidence that only one game has; gold of
        another task by the same teacher in a separate step.
        """
        config, sizes = self._config, self._sizes
        folder = "round-1/labels" if scope.round == 1 else f"{scope.place}/labels"
        own_teacher, other_task = config.regime.gold_teacher, config.regime.name == "ood_domain"
        pool_rows = sizes.pool if own_teacher or other_task else sizes.gold + sizes.pool
        name = config.teacher_of(scope.round)
        labels = self.labels(scope, folder, teacher or config.teacher, name, "labels", pool_rows)
        labels = replace(labels, improved=self._saves_improved)
        gold = None
        if own_teacher:
            others = self._other_proposals(name, pool_rows, config.proposals)
            labels = replace(labels, evidence=(), work=(replace(labels.work[0], evidence=()), *others))
            gold = replace(
                labels,
                folder="gold-labels",
                round=0,
                title="",
                arm="labels of gold",
                teacher=own_teacher,
                student="",
                work=(
                    Work("label", "labels of gold", own_teacher, sizes.gold),
                    *self._other_proposals(own_teacher, sizes.gold, config.proposals),
                ),
            )
        elif other_task:
            folder = folder.replace("labels", "gold-labels")
            gold = self.labels(scope, folder, teacher or config.teacher, name, "labels of gold", sizes.gold)
        return LabelPlan(labels, self.trust(scope), gold)

    def labels(
        self, scope: Scope, folder: str, teacher: Model, name: str, arm: str, rows: int
    ) -> PlannedLabels:
        """Labels with all evidence of the chain.

        Args:
            scope: the round and the seed.
            folder: where they are saved.
            teacher: the model that labels.
            name: this model, as the configuration names it.
            arm: the purpose of the labels.
            rows: number of examples.
        """
        config = self._config
        work = self._label_work(arm, name, rows, scope.student, config.evidence, config.proposals)
        return PlannedLabels(
            folder=folder,
            round=scope.round,
            arm=arm,
            title=scope.title if scope.round != 1 else f"round 1 of {config.rounds}",
            work=work,
            teacher=teacher,
            student=scope.student,
            evidence=config.evidence,
            oracles=config.oracles,
            reward=config.reward,
            proposals=config.proposals,
        )

    def _label_work(
        self, arm: str, model: str, rows: int, student: str, evidence: tuple[str, ...], proposals: int
    ) -> tuple[Work, ...]:
        """The work of labelling: by the teacher, the student that views the labels, and the reward model."""
        work = [Work("label", arm, model, rows, evidence), *self._other_proposals(model, rows, proposals)]
        every = rows * proposals
        if "student" in evidence:
            work.append(Work("evidence", "the student's view", student, every))
        if self._config.reward is not None and "reward" in evidence:
            work.append(Work("evidence", "rewards", self._config.reward, every))
        return tuple(work)

    def _other_proposals(self, model: str, rows: int, proposals: int) -> tuple[Work, ...]:
        others = (proposals - 1) * rows
        return (Work("evidence", "other proposals", model, others),) if others else ()

    def trust(self, scope: Scope, folder: str = "") -> PlannedTrust:
        """Trust in the labels of a teacher; its folder is that of the round and seed if none is named."""
        return PlannedTrust(
            folder=folder or f"{scope.place}/trust",
            round=scope.cost_round,
            arm=scope.cost_name("trust"),
            title=scope.title,
        )

    @property
    def _saves_improved(self) -> bool:
        """Whether soft labels are made of what the teacher found for its labels."""
        config = self._config
        is_soft = config.teach.soft in ("teacher", "improved")
        return is_soft and is_lookahead(config.teacher) and config.regime.name != "ood_domain"

    def _distributions(self, scope: Scope, labels: LabelPlan) -> PlannedDistributions | None:
        """Distributions of the teacher; None if soft labels need none, or are saved with the labels."""
        config = self._config
        if config.teach.soft != "teacher" or self._saves_improved:
            return None
        is_first, what = scope.round == 1, "distributions for soft labels"
        return PlannedDistributions(
            folder=f"{'round-1' if is_first else scope.place}/distributions",
            round=scope.round,
            arm=what,
            title="" if is_first else scope.title,
            work=(Work("evidence", what, config.teacher_of(scope.round), self._sizes.pool),),
            model=labels.pool.teacher,
        )

    def _prior(self, scope: Scope) -> PlannedDistributions | None:
        """Policies of the untrained student; None if neither soft labels nor an arm reads them."""
        config = self._config
        is_read = any(ARMS[arm].reads_prior for arm in config.arms)
        if config.teach.soft not in ("trust", "improved") and not is_read:
            return None
        once, what = scope.round == 1 or config.source == "files", "policies of the untrained student"
        return PlannedDistributions(
            folder=f"{f'fixed/{digest(scope.student)}' if once else scope.place}/distributions",
            round=0 if once else scope.round,
            arm=what,
            title="" if once else scope.title,
            work=(Work("evidence", what, scope.student, self._sizes.pool),),
            model=scope.student,
        )
