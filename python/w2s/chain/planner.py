"""Plans a chain: a configuration and numbers of rows → ordered steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from w2s.chain.arms import ARMS, TEACHING_ARM, Arm, Curve, Start, predecessor, same_teacher
from w2s.chain.config import ChainConfig
from w2s.chain.data.matches import request_name, request_title
from w2s.chain.data.splits import Splits
from w2s.chain.label_planner import LabelPlanner, folder_name
from w2s.chain.plan import (
    LabelPlan,
    Model,
    Plan,
    PlannedArm,
    PlannedAudit,
    PlannedFold,
    PlannedLabels,
    PlannedMatches,
    PlannedTeacher,
    PlannedTest,
    PlannedTraining,
    Scope,
    SeedPlan,
    Work,
)
from w2s.chain.training_data import WARM_GOLD, Need, Sizes, Stage, gold_outside_fold
from w2s.resume import digest


def plan_chain(
    config: ChainConfig,
    *,
    gold: int,
    pool: int,
    test: int,
    pool_answered: bool,
    audit: int = 0,
    joined: int = 0,
) -> Plan:
    """Plan a chain.

    Args:
        config: the chain.
        gold: number of gold rows, without the audit.
        pool: number of pool rows.
        test: number of test rows.
        pool_answered: whether the answers of the pool are known, apart from those of ``joined`` rows.
        audit: number of gold rows that only decide whether a round is rejected.
        joined: number of pool rows that come from matches, without answers, next to rows from files.
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
        audit,
        joined,
    )
    return _Planner(config, arms, sizes).plan(left_out)


def plan_splits(config: ChainConfig, splits: Splits) -> Plan:
    """Plan a chain on its examples."""
    joined = config.joined_positions
    unknown = sum(not example.gold for example in splits.pool)
    return plan_chain(
        config,
        gold=len(splits.gold),
        pool=len(splits.pool),
        test=len(splits.test),
        pool_answered=unknown <= joined,
        audit=len(splits.audit),
        joined=min(unknown, joined),
    )


def arms_left_out(config: ChainConfig, *, pool_answered: bool) -> dict[str, str]:
    """Arms of the configuration whose needs its examples cannot meet, and the reasons."""
    absent = set()
    if config.regime.name == "ood_domain":
        absent.add(Need.GOLD_OF_THIS_GAME)
    if config.source == "matches" and not pool_answered:
        absent.add(Need.POOL_ANSWERS)
    why = {arm: [need.value for need in Need if need in ARMS[arm].needs & absent] for arm in config.arms}
    return {arm: reasons[0] for arm, reasons in why.items() if reasons}


@dataclass(frozen=True)
class _Entry:
    """An arm under the name by which a round shows it, and its teacher.

    Attributes:
        arm: what the student learns.
        name: the arm's name, or that of its comparison with the same teacher.
        teacher: the arm whose student is the teacher; empty without one.
    """

    arm: Arm
    name: str
    teacher: str = ""


class _Planner:
    """Builds the plan of one configuration."""

    def __init__(self, config: ChainConfig, arms: tuple[str, ...], sizes: Sizes) -> None:
        self._config = config
        self._arms = arms
        self._sizes = sizes
        self._labels = LabelPlanner(config, sizes)

    def plan(self, left_out: Mapping[str, str]) -> Plan:
        config, seeds = self._config, self._config.all_seeds
        rounds: list[tuple[SeedPlan, ...]] = []
        for number in range(1, config.rounds + 1):
            before: Sequence[SeedPlan | None] = rounds[-1] if rounds else [None] * len(seeds)
            scopes = [self._round_scope(number, seed) for seed in seeds]
            rounds.append(tuple(map(self._seed, scopes, before)))
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
            self._audit("fixed/audit", "", 0, config.teacher, config.teacher) if self._sizes.audit else None,
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
        return self._assemble(scope, [_Entry(ARMS[name], name) for name in names if name in self._arms], ())

    def _seed(self, scope: Scope, before: SeedPlan | None) -> SeedPlan:
        """A round of one seed, after the round before; None for the first."""
        names = [name for name in self._arms if ARMS[name].per_round]
        if before is None:
            first = self._labels.main_teacher(scope, None)
            taught = [_Entry(ARMS[one], one, first.arm) for one in names]
            return self._with_audit(scope, self._assemble(scope, taught, [first]))
        main = self._labels.main_teacher(scope, before.arms[TEACHING_ARM].training)
        own = [name for name in names if name in self._config.own_chains]
        teachers = [
            main,
            *(self._labels.own_teacher(scope, ARMS[one], before.arms[one].training, main) for one in own),
        ]
        entries: list[_Entry] = []
        for name in names:
            entries.append(_Entry(ARMS[name], name, name if name in own else TEACHING_ARM))
            if name in own and self._config.chains.same_teacher:
                entries.append(_Entry(ARMS[name], same_teacher(name), TEACHING_ARM))
        return self._with_audit(scope, self._assemble(scope, entries, teachers))

    def _with_audit(self, scope: Scope, planned: SeedPlan) -> SeedPlan:
        """A round of one seed with the audit of its next teacher, if there is an audit."""
        if not self._sizes.audit:
            return planned
        student = planned.arms[TEACHING_ARM].training
        step = self._audit(f"{scope.place}/audit", scope.title, scope.round, student, scope.student)
        return replace(planned, audit=step)

    def _audit(self, folder: str, title: str, number: int, model: Model, name: str) -> PlannedAudit:
        return PlannedAudit(
            folder=folder,
            round=number,
            arm="audit",
            title=title,
            work=(Work("test", "audit", name, self._sizes.audit),),
            model=model,
        )

    def _point(self, first: SeedPlan, count: int) -> SeedPlan:
        """The first round of a seed with fewer gold rows; the teacher's labels are those of the round."""
        (teacher,) = first.teachers
        place = f"budget/{count}/seed-{first.seed}"
        title = self._title(f"{count:,} gold rows", first.seed)
        scope = Scope(title, 1, first.seed, first.student, place, place, count)
        few = _Planner(self._config, self._arms, self._resized(count))
        teacher = replace(teacher, labels=replace(teacher.labels, trust=few._labels.trust(scope)))
        measured = [
            arm
            for arm in ARMS.values()
            if arm.curve is Curve.ALWAYS or (arm.curve is Curve.CHOSEN and arm.name in self._arms)
        ]
        measured.sort(key=lambda arm: arm.labels_itself)
        return few._assemble(scope, [_Entry(arm, arm.name, teacher.arm) for arm in measured], [teacher])

    def _resized(self, gold: int) -> Sizes:
        return replace(self._sizes, gold=gold, warm=round(self._config.teach.warm_start * gold))

    def _assemble(
        self,
        scope: Scope,
        entries: Sequence[_Entry],
        teachers: Sequence[PlannedTeacher],
    ) -> SeedPlan:
        warm = self._warm(scope)
        several = len(teachers) > 1
        return SeedPlan(
            scope.title,
            scope.round,
            scope.seed,
            scope.student,
            scope.gold_count,
            warm,
            tuple(teachers),
            {entry.name: self._arm(scope, entry, warm, several) for entry in entries},
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

    def _arm(
        self, scope: Scope, entry: _Entry, warm: PlannedTraining | None, has_several_teachers: bool = False
    ) -> PlannedArm:
        """An arm's trainings, the last of which is measured."""
        arm, folder = entry.arm, self._arm_folder(scope, entry)
        start: Model = scope.student if warm is None or arm.start is Start.UNTRAINED else warm
        training: PlannedTraining | None = None
        own: LabelPlan | None = None
        for place, stage in enumerate(arm.stages):
            first = self._predecessor(entry) if place == 0 else None
            if first is not None:
                training = self._arm(scope, first, warm, has_several_teachers).training
                continue
            if arm.labels_itself and training is not None and own is None:
                own = self._own_labels(scope, arm, folder, training)
            is_last = place == len(arm.stages) - 1
            last_folder = f"{folder}/arm" if arm.labels_itself else folder
            training = self._training(
                scope if arm.per_round else replace(scope, round=0),
                entry.name,
                last_folder if is_last else f"{folder}-stage-{place + 1}",
                training or start,
                stage,
                is_later=training is not None,
                is_tested=True,
            )
            if has_several_teachers and arm.per_round:
                training = replace(training, taught_by=entry.teacher)
        assert training is not None
        return PlannedArm(arm, training, own, entry.teacher if arm.use and own is None else "")

    def _predecessor(self, entry: _Entry) -> _Entry | None:
        """The arm whose student this one continues: one that the same teacher taught."""
        found = predecessor(entry.arm)
        if found is None or not found.per_round:
            return None if found is None else _Entry(found, found.name)
        if entry.teacher == entry.arm.name != TEACHING_ARM:
            return None  # the labels of an own chain teach no other arm
        has_own = found.name in self._config.own_chains and entry.teacher == TEACHING_ARM
        return _Entry(found, same_teacher(found.name) if has_own else found.name, entry.teacher)

    def _arm_folder(self, scope: Scope, entry: _Entry) -> str:
        if entry.arm.per_round:
            return f"{scope.place}/{folder_name(entry.name)}-arm"
        return f"{scope.reference_place}/{entry.name}"

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

    def _own_labels(self, scope: Scope, arm: Arm, folder: str, teacher: PlannedTraining) -> LabelPlan:
        """Labels of the pool by the arm's own student, and of gold by students of the other folds."""
        sizes, folds = self._sizes, self._config.trust.folds
        scope = replace(scope, round=0)
        cost = scope.cost_name(arm.name)

        def labels(place: str, teacher: PlannedTraining, rows: int) -> PlannedLabels:
            found = self._labels.labels(scope, f"{place}/labels", teacher, scope.student, cost, rows)
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
        return LabelPlan(pool, self._labels.trust(scope, f"{folder}/trust"), folds=tuple(planned))
