"""Plans a chain: a configuration and numbers of rows → ordered steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from w2s.chain.arms import (
    ARMS,
    TEACHING_ARM,
    WARM_GOLD,
    Arm,
    Curve,
    Need,
    Sizes,
    Stage,
    Start,
    gold_outside_fold,
    predecessor,
)
from w2s.chain.config import ChainConfig
from w2s.chain.data.matches import request_name, request_title
from w2s.chain.plan import (
    LabelPlan,
    Model,
    Plan,
    PlannedArm,
    PlannedDistributions,
    PlannedFold,
    PlannedLabels,
    PlannedMatches,
    PlannedTest,
    PlannedTraining,
    PlannedTrust,
    Scope,
    SeedPlan,
    Work,
)
from w2s.resume import digest


def plan_chain(config: ChainConfig, *, gold: int, pool: int, test: int, pool_answered: bool) -> Plan:
    """Plan a chain.

    Args:
        config: the chain.
        gold: number of gold rows.
        pool: number of pool rows.
        test: number of test rows.
        pool_answered: whether the answers of the pool are known.
    """
    left_out = arms_left_out(config, pool_answered=pool_answered)
    arms = tuple(arm for arm in config.arms if arm not in left_out)
    sizes = Sizes(
        gold,
        pool,
        test,
        config.keep.count(pool),
        round(config.teach.warm_start * gold),
        config.teach.gold_times,
    )
    return _Planner(config, arms, sizes).plan(left_out)


def arms_left_out(config: ChainConfig, *, pool_answered: bool) -> dict[str, str]:
    """Arms of the configuration whose needs its examples cannot meet, and the reasons."""
    absent = set()
    if config.regime.name == "ood_domain":
        absent.add(Need.GOLD_OF_THIS_GAME)
    if config.source == "matches" and not pool_answered:
        absent.add(Need.POOL_ANSWERS)
    why = {arm: [need.value for need in Need if need in ARMS[arm].needs & absent] for arm in config.arms}
    return {arm: reasons[0] for arm, reasons in why.items() if reasons}


class _Planner:
    """Builds the plan of one configuration."""

    def __init__(self, config: ChainConfig, arms: tuple[str, ...], sizes: Sizes) -> None:
        self._config = config
        self._arms = arms
        self._sizes = sizes

    def plan(self, left_out: Mapping[str, str]) -> Plan:
        config, seeds = self._config, self._config.all_seeds
        rounds: list[tuple[SeedPlan, ...]] = []
        for number in range(1, config.rounds + 1):
            teachers = (
                [planned.arms[TEACHING_ARM] for planned in rounds[-1]] if rounds else [None] * len(seeds)
            )
            scopes = [self._round_scope(number, seed) for seed in seeds]
            rounds.append(tuple(map(self._seed, scopes, teachers)))
        points = {
            count: tuple(self._point(rounds[0][place], count) for place in range(len(seeds)))
            for count in sorted(set(config.gold_sizes))
        }
        matches = {}
        if config.source == "matches":
            matches = {
                number: tuple(
                    PlannedMatches(
                        folder=f"{name}/matches", round=number, arm="matches", title=request_title(name)
                    )
                    for name in dict.fromkeys(request_name(number, seed) for seed in seeds)
                )
                for number in range(1, config.rounds + 1)
            }
        return Plan(
            self._arms,
            left_out,
            self._sizes,
            self._tests(),
            tuple(self._references(self._round_scope(1, seed)) for seed in seeds),
            tuple(rounds),
            points,
            matches,
        )

    def _round_scope(self, number: int, seed: int) -> Scope:
        student = self._config.student_of(number)
        return Scope(
            self._title(f"round {number} of {self._config.rounds}", seed),
            number,
            seed,
            student,
            f"round-{number}/seed-{seed}",
            f"fixed/{digest(student)}/seed-{seed}",
        )

    def _title(self, what: str, seed: int) -> str:
        """What a step belongs to, and its seed if there are several."""
        return ", ".join([*([what] if what else []), *([f"seed {seed}"] if self._config.seeds > 1 else [])])

    def _tests(self) -> dict[str, PlannedTest]:
        """Models that are evaluated without training."""
        student = self._config.student_of(1)
        models = {"teacher": self._config.teacher, "student": student}
        found = {}
        for arm in ARMS.values():
            if not arm.stages and (arm.name in self._arms or not arm.is_optional):
                folder = arm.name if arm.model != "student" else f"{digest(student)}/{arm.name}"
                model = models[arm.model]
                found[arm.name] = PlannedTest(
                    folder=f"fixed/{folder}",
                    round=0,
                    arm=arm.name,
                    work=(Work("test", arm.name, model, self._sizes.test),),
                    model=model,
                )
        return found

    def _references(self, scope: Scope) -> SeedPlan:
        """Reference arms that are trained."""
        title = self._title("", scope.seed)
        scope = replace(scope, title=title, round=0, place=scope.reference_place)
        names = [arm.name for arm in ARMS.values() if not arm.per_round and arm.stages]
        return self._assemble(scope, [name for name in names if name in self._arms], None, None)

    def _seed(self, scope: Scope, teacher: PlannedArm | None) -> SeedPlan:
        """A round of one seed; ``teacher`` is the arm of the round before whose student labels."""
        labels = self._label_plan(scope, None if teacher is None else teacher.training)
        names = [name for name in self._arms if ARMS[name].per_round]
        return self._assemble(scope, names, labels, self._distributions(scope, labels))

    def _point(self, first: SeedPlan, count: int) -> SeedPlan:
        """The first round of a seed with fewer gold rows; the teacher's labels are those of the round."""
        assert first.labels is not None
        place = f"budget/{count}/seed-{first.seed}"
        title = self._title(f"{count:,} gold rows", first.seed)
        scope = Scope(title, 1, first.seed, first.student, place, place, count)
        few = _Planner(self._config, self._arms, self._resized(count))
        labels = replace(first.labels, trust=few._trust(scope))
        measured = [
            arm
            for arm in ARMS.values()
            if arm.curve is Curve.ALWAYS or (arm.curve is Curve.CHOSEN and arm.name in self._arms)
        ]
        names = [arm.name for arm in sorted(measured, key=lambda arm: arm.labels_itself)]
        return few._assemble(scope, names, labels, first.distributions)

    def _resized(self, gold: int) -> Sizes:
        return replace(self._sizes, gold=gold, warm=round(self._config.teach.warm_start * gold))

    def _assemble(
        self,
        scope: Scope,
        names: Sequence[str],
        labels: LabelPlan | None,
        distributions: PlannedDistributions | None,
    ) -> SeedPlan:
        warm = self._warm(scope)
        return SeedPlan(
            scope.title,
            scope.round,
            scope.seed,
            scope.student,
            scope.gold_count,
            warm,
            labels,
            distributions,
            {name: self._arm(scope, ARMS[name], warm) for name in names},
        )

    def _warm(self, scope: Scope) -> PlannedTraining | None:
        if not self._sizes.warm:
            return None
        return self._training(
            replace(scope, round=0),
            "warm start",
            f"{scope.reference_place}/warm",
            scope.student,
            (WARM_GOLD,),
            is_tested=False,
        )

    def _arm(self, scope: Scope, arm: Arm, warm: PlannedTraining | None) -> PlannedArm:
        """An arm's trainings, the last of which is measured."""
        folder = self._arm_folder(scope, arm)
        start: Model = scope.student if warm is None or arm.start is Start.UNTRAINED else warm
        training: PlannedTraining | None = None
        own: LabelPlan | None = None
        for place, stage in enumerate(arm.stages):
            first = predecessor(arm) if place == 0 else None
            if first is not None:
                training = self._arm(scope, first, warm).training
                continue
            if arm.labels_itself and training is not None and own is None:
                own = self._own_labels(scope, arm, folder, training)
            is_last = place == len(arm.stages) - 1
            last_folder = f"{folder}/arm" if arm.labels_itself else folder
            training = self._training(
                scope if arm.per_round else replace(scope, round=0),
                arm.name,
                last_folder if is_last else f"{folder}-stage-{place + 1}",
                training or start,
                stage,
                is_later=training is not None,
                is_tested=True,
            )
        assert training is not None
        return PlannedArm(arm, training, own)

    def _arm_folder(self, scope: Scope, arm: Arm) -> str:
        if arm.per_round:
            return f"{scope.place}/{arm.name.replace('+', '-and-')}-arm"
        return f"{scope.reference_place}/{arm.name}"

    def _training(
        self,
        scope: Scope,
        arm: str,
        folder: str,
        start: Model,
        stage: Stage,
        *,
        is_later: bool = False,
        is_tested: bool = True,
    ) -> PlannedTraining:
        name = scope.cost_name(arm)
        rows = sum(data.count(self._sizes) for data in stage)
        work = [Work("train", name, scope.student, rows)]
        if is_tested:
            work.append(Work("test", name, scope.student, self._sizes.test))
        return PlannedTraining(
            folder=folder,
            round=scope.cost_round,
            arm=arm,
            title=scope.title,
            work=tuple(work),
            student=scope.student,
            start=start,
            stage=stage,
            is_later=is_later,
            is_tested=is_tested,
        )

    def _trust(self, scope: Scope, folder: str = "") -> PlannedTrust:
        return PlannedTrust(
            folder=folder or f"{scope.place}/trust",
            round=scope.cost_round,
            arm=scope.cost_name("trust"),
            title=scope.title,
        )

    def _label_plan(self, scope: Scope, teacher: PlannedTraining | None) -> LabelPlan:
        """The teacher's labels of gold and pool, and trust in them.

        Gold of another game is labelled by its own teacher, without evidence that only one game has; gold of
        another task by the same teacher in a separate step.
        """
        config, sizes = self._config, self._sizes
        folder = "round-1/labels" if scope.round == 1 else f"{scope.place}/labels"
        own_teacher, other_task = config.regime.gold_teacher, config.regime.name == "ood_domain"
        pool_rows = sizes.pool if own_teacher or other_task else sizes.gold + sizes.pool
        name = config.teacher if scope.round == 1 else config.student_of(scope.round - 1)
        labels = self._labels(scope, folder, teacher or config.teacher, name, "labels", pool_rows)
        gold = None
        if own_teacher:
            others = self._other_proposals(name, pool_rows)
            labels = replace(labels, evidence=(), work=labels.work[:1] + others)
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
                    *self._other_proposals(own_teacher, sizes.gold),
                ),
            )
        elif other_task:
            folder = folder.replace("labels", "gold-labels")
            gold = self._labels(scope, folder, teacher or config.teacher, name, "labels of gold", sizes.gold)
        return LabelPlan(labels, self._trust(scope), gold)

    def _labels(
        self, scope: Scope, folder: str, teacher: Model, name: str, arm: str, rows: int
    ) -> PlannedLabels:
        config = self._config
        work = [Work("label", arm, name, rows), *self._other_proposals(name, rows)]
        every = rows * config.proposals
        if "student" in config.evidence:
            work.append(Work("evidence", "the student's view", scope.student, every))
        if config.reward is not None and "reward" in config.evidence:
            work.append(Work("evidence", "rewards", config.reward, every))
        return PlannedLabels(
            folder=folder,
            round=scope.round,
            arm=arm,
            title=scope.title if scope.round != 1 else f"round 1 of {config.rounds}",
            work=tuple(work),
            teacher=teacher,
            student=scope.student,
            evidence=config.evidence,
            oracles=config.oracles,
            reward=config.reward,
            proposals=config.proposals,
        )

    def _other_proposals(self, model: str, rows: int) -> tuple[Work, ...]:
        others = (self._config.proposals - 1) * rows
        return (Work("evidence", "other proposals", model, others),) if others else ()

    def _own_labels(self, scope: Scope, arm: Arm, folder: str, teacher: PlannedTraining) -> LabelPlan:
        """Labels of the pool by the arm's own student, and of gold by students of the other folds."""
        sizes, folds = self._sizes, self._config.trust.folds
        scope = replace(scope, round=0)
        cost = scope.cost_name(arm.name)

        def labels(place: str, teacher: PlannedTraining, rows: int) -> PlannedLabels:
            found = self._labels(scope, f"{place}/labels", teacher, scope.student, cost, rows)
            return replace(found, round=0, arm=arm.name)

        planned = []
        for fold in range(folds):
            training = self._training(
                scope,
                f"{arm.name}: folds of gold",
                f"{folder}/fold-{fold}",
                scope.student,
                (gold_outside_fold(fold, folds),),
                is_tested=False,
            )
            inside = sizes.gold // folds + (fold < sizes.gold % folds)
            planned.append(PlannedFold(training, labels(f"{folder}/fold-{fold}", training, inside)))
        pool = labels(folder, teacher, sizes.pool)
        return LabelPlan(pool, self._trust(scope, f"{folder}/trust"), folds=tuple(planned))

    def _distributions(self, scope: Scope, labels: LabelPlan) -> PlannedDistributions | None:
        """What soft labels read: of the teacher, or of the untrained student."""
        config = self._config
        if config.teach.soft == "none":
            return None
        by_teacher = config.teach.soft == "teacher"
        once = scope.round == 1 or (not by_teacher and config.source == "files")
        if by_teacher:
            place = "round-1" if once else scope.place
            name = config.teacher if scope.round == 1 else config.student_of(scope.round - 1)
        else:
            place = f"fixed/{digest(scope.student)}" if once else scope.place
            name = scope.student
        what = "distributions for soft labels"
        return PlannedDistributions(
            folder=f"{place}/distributions",
            round=scope.round if by_teacher or not once else 0,
            arm=what,
            title="" if once else scope.title,
            work=(Work("evidence", what, name, self._sizes.pool),),
            model=labels.pool.teacher if by_teacher else scope.student,
        )
