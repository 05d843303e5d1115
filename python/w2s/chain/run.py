"""A chain from its configuration to its metrics.

    run.toml, run.json, splits.parquet, metrics.json
    round-1/manifest.json           what each seed was made of: leakage.py
    all other folders               the steps of plan.py

No row trains a model and is then evidence about it. Trust is fitted on gold. The teachers of the next round
are students of the arm trust and of the arms with an own chain. They learned pool rows only, and the gold
rows of their warm start if there is one; later rounds fit trust on the rest of gold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from w2s.chain.arms import BASE, check_arm_evidence
from w2s.chain.audit import answer_audit, compare_audits
from w2s.chain.budget_curve import check_gold_sizes, measure_point, with_fewer_gold
from w2s.chain.config import ChainConfig
from w2s.chain.context import Count, RunContext, Say
from w2s.chain.data.matches import MatchReport
from w2s.chain.data.source import ExampleSource, open_examples
from w2s.chain.leakage import FILE, Provenance, record_provenance
from w2s.chain.plan import Plan, PlannedAudit, PlannedTeacher, SeedPlan
from w2s.chain.planner import plan_splits
from w2s.chain.progress import RunProgress
from w2s.chain.report import ChainReport, StopReport
from w2s.chain.results import ChainResults, PointResult, SeedResult
from w2s.chain.round import SeedRun, TeacherLabels
from w2s.chain.shift import exchangeability_warning, shift_of_round
from w2s.chain.student import (
    Correct,
    StudentTrainer,
    TrainResult,
    evaluate_untrained,
    read_values,
    teacher_reference,
)
from w2s.chain.trust_step import TrustSettings
from w2s.chain.validate import check_config, check_installed
from w2s.chain.weak_labels import label_round
from w2s.errors import W2sError
from w2s.evidence import write_table
from w2s.files import write_json
from w2s.models.policy.loading import with_precision
from w2s.resume import STEP, RunFolder
from w2s.train.distributed import require_single_process

METRICS = "metrics.json"
Show = Callable[[ChainReport], None]
"""Receives the measures so far."""


def run(
    config: ChainConfig,
    out: Path | str,
    *,
    say: Say = lambda _: None,
    count: Count = lambda *_: None,
    begin: Say = lambda _: None,
    show: Show = lambda _: None,
) -> ChainReport:
    """Run a chain, or what is left of it.

    Args:
        config: the chain.
        out: folder of the run; one that holds another configuration is refused.
        say: receives one line for each finished step, with its number and the time left.
        count: progress callback ``(done, total)`` of labels, games and steps of trainings.
        begin: receives each step that begins.
        show: receives the measures so far, after each arm and if the run is interrupted.

    Returns:
        What ``metrics.json`` holds.

    Raises:
        UsageError: the configuration or the folder cannot be used.
        DataError: the examples cannot be used.
        MissingExtraError: a training needs a library that is not installed.
        W2sError: trust collapsed in the first round, so no round is kept.
    """
    require_single_process("a chain")
    check_config(config)
    check_installed(config)
    config = with_precisions(config)
    folder = RunFolder(Path(out), "chain")
    with folder.lock():
        return _run(config, folder, say, count, begin, show)


def with_precisions(config: ChainConfig) -> ChainConfig:
    """The configuration with the precision of models that look ahead, which a resumed chain keeps."""
    students = tuple(map(with_precision, config.student))
    return config.model_copy(update={"teacher": with_precision(config.teacher), "student": students})


def _run(
    config: ChainConfig, folder: RunFolder, say: Say, count: Count, begin: Say, show: Show
) -> ChainReport:
    folder.open(config)
    say(f"resume with: {folder.resume_line}")
    for student in config.student[config.rounds :]:
        say(f"{student} cannot be trained: the chain ends with round {config.rounds}")
    source = open_examples(config, folder.path, say, count)
    splits = source.first.splits
    write_table(splits.table(), folder.path / "splits.parquet")
    plan = plan_splits(config, splits)
    for arm, why in plan.left_out.items():
        say(f"the arm {arm} is left out: {why}")
    check_gold_sizes(config.gold_sizes, len(splits.gold))
    progress = RunProgress.of(plan.steps, folder.path)
    if progress.finished:
        say(f"{len(progress.finished)} of {len(progress.steps)} steps are already finished")
    context = RunContext(
        folder.path,
        config.task,
        config.game,
        config.seed,
        splits.test,
        splits.gold,
        say,
        count,
        begin,
        progress,
    )
    report = _Chain(config, plan, source, context).run(show)
    folder.finish()
    if not report.rounds:
        why = report.stopped.why if report.stopped is not None else ""
        raise W2sError("chain-no-round-kept", f"no round is kept: {why}; give more gold or other evidence")
    return report


class _Chain:
    """Carries out a plan."""

    def __init__(self, config: ChainConfig, plan: Plan, source: ExampleSource, context: RunContext) -> None:
        self._config = config
        self._plan = plan
        self._source = source
        self._context = context
        self._trainer = StudentTrainer(context, config.train, config.teach.later_rate)
        self._trust = TrustSettings(
            config.trust, tuple(config.features), config.keep, config.regime.gold_teacher is not None
        )
        self._results = ChainResults(config)
        self._show: Show = lambda _: None
        self._n_finished = len(context.progress.finished)
        self._audited: list[Correct] = []

    def run(self, show: Show) -> ChainReport:
        """All rounds and the label-budget curve; ``metrics.json`` is written after each arm."""
        self._show = show
        try:
            self._measure()
        except KeyboardInterrupt:
            show(self._results.report())
            raise
        report = self._results.report(is_complete=True)
        self._write(report)
        return report

    def _measure(self) -> None:
        self._check_evidence()
        self._measure_references()
        for number, seeds in enumerate(self._plan.rounds, 1):
            warning = exchangeability_warning(self._config, number)
            if warning and not self._context.progress.is_round_finished(number):
                self._context.say(f"round {number}: {warning}")
            reasons = self._measure_round(number, seeds)
            if self._config.stop.collapse and reasons:
                self._stop(number, reasons[0])
                break
            if (why := self._audit(number, seeds)) is not None:
                self._results.stopped = StopReport(number, why)
                self._context.say(f"round {number}: rejected, {why}")
                break
        if self._results.rounds:
            self._measure_curve()

    def _finish_arm(self) -> None:
        """Write what is measured so far, unless the arm was finished before this process began."""
        n_finished = len(self._context.progress.finished)
        if n_finished > self._n_finished:
            self._n_finished = n_finished
            report = self._results.report()
            self._write(report)
            self._show(report)

    def _write(self, report: ChainReport) -> None:
        write_json(self._context.root / METRICS, report.to_json())

    def _check_evidence(self) -> None:
        """Refuse evidence that is missing or contains the answer, before anything is trained."""
        first, _ = self._seed(self._plan.rounds[0][0])
        gold, step = first.main.labels.gold, first.main.planned.labels.trust
        check_arm_evidence(self._plan.arms, gold)
        if step is not None and not self._context.progress.is_finished(step):
            self._trust.refuse_leaks(gold)

    def _measure_references(self) -> None:
        """Evaluate the models that are not trained, and train the reference arms of all seeds.

        They do not depend on the teacher of a round: base, teacher, gold, self-training and ceiling.
        """
        splits, results = self._source.first.splits, self._results
        identity = self._context.examples_digest(splits)
        for arm, step in self._plan.tests.items():
            results.tests[arm] = evaluate_untrained(step, self._context, identity)
            if arm == BASE.name:
                results.values = read_values(self._context.folder(step), splits.test)
            self._finish_arm()
        seeds = [
            SeedRun(
                planned,
                self._trainer,
                self._trust,
                self._config.teach,
                splits,
                joined=self._config.joined_positions,
            )
            for planned in self._plan.references
        ]
        for arm, planned in seeds[0].planned.arms.items():
            for seed in seeds:
                results.references.setdefault(arm, []).append(seed.train(arm))
                if planned.own_labels is not None:
                    results.own_trust.setdefault(arm, []).append(seed.own_trust(arm))
                self._finish_arm()

    def _measure_round(self, number: int, seeds: Sequence[SeedPlan]) -> list[str]:
        """Measure a round.

        Returns:
            For each seed whose trust has collapsed, why.
        """
        manifest: list[dict[str, Any]] = []
        reasons: list[str] = []
        self._results.rounds.append([])
        for planned in seeds:
            manifest += [one.to_json() for one in self._measure_seed(planned, reasons)]
        path = self._context.root / f"round-{number}" / FILE
        write_json(path, {"round": number, "seeds": manifest})
        return reasons

    def _measure_seed(self, planned: SeedPlan, reasons: list[str]) -> list[Provenance]:
        """Labels, trust and arms of one seed; no arms if trust has collapsed.

        Returns:
            What each teacher was made of.
        """
        seed, matches = self._seed(planned)
        found = [self._provenance(seed, seed.main)]
        result = SeedResult(seed.main.model, seed.trust_report, matches)
        self._results.rounds[-1].append(result)
        if seed.collapsed is not None:
            reasons.append(seed.collapsed)
            if self._config.stop.collapse:
                return found
        for teacher in planned.teachers[1:]:
            labelled = self._labels(planned, teacher, seed)
            found.append(self._provenance(seed, labelled))
            seed = replace(seed, teachers=(*seed.teachers, labelled))
        if len(seed.teachers) > 1:
            models = {one.planned.arm: one.model for one in seed.teachers}
            result.teachers = {arm: (one.teacher, models[one.teacher]) for arm, one in planned.arms.items()}
        for arm in planned.arms:
            result.arms[arm] = seed.train(arm)
            self._finish_arm()
        return found

    def _provenance(self, seed: SeedRun, teacher: TeacherLabels) -> Provenance:
        """What a teacher was made of; refuses a row that trained it and is evidence about it."""
        planned, arm = seed.planned, teacher.planned.arm
        taught = [name for name, one in planned.arms.items() if one.teacher == arm]
        is_main = teacher is seed.main
        return record_provenance(
            planned.seed,
            teacher.model,
            planned.student,
            self._trained(teacher.planned),
            [example.id for example in seed.splits.gold],
            teacher.labels.gold.example_ids,
            planned.title if is_main else ", ".join([planned.title, arm]),
            taught if len(planned.teachers) > 1 else (),
        )

    def _audit(self, number: int, seeds: Sequence[SeedPlan]) -> str | None:
        """Compare the students that would teach the next round with their teachers.

        Returns:
            Why the round is rejected; None if it is not, or without an audit.
        """
        first, audit = self._plan.audit, self._source.first.splits.audit
        if first is None:
            return None

        def answer(step: PlannedAudit) -> Correct:
            trained = self._trainer.trained(step.model)
            model = teacher_reference(self._config.teacher, trained)
            return answer_audit(step, self._context, audit, model, trained)

        if not self._audited:
            self._audited = [answer(first)]
        students = [answer(planned.audit) for planned in seeds if planned.audit is not None]
        found = compare_audits(students, self._audited, self._config.seed)
        self._results.audits[number] = found
        self._audited = students
        return found.rejected

    def _stop(self, number: int, why: str) -> None:
        """End the chain before a round that is not kept, because trust has collapsed."""
        shift = shift_of_round(self._config, number)
        why = why if shift is None else f"{why} (an estimate: {shift})"
        self._results.rounds.pop()
        self._results.stopped = StopReport(number, why)
        self._context.say(f"round {number}: stopped, {why}")

    def _measure_curve(self) -> None:
        if not self._plan.points:
            return
        first, _ = self._seed(self._plan.rounds[0][0])  # the first labels are the same for all seeds
        for count, seeds in self._plan.points.items():
            point = PointResult(count)
            self._results.points.append(point)
            measure_point(point, [with_fewer_gold(first, planned) for planned in seeds], self._finish_arm)

    def _trained(self, teacher: PlannedTeacher) -> TrainResult | None:
        """The training of a teacher; None for the first teacher."""
        return self._trainer.trained(teacher.labels.pool.teacher)

    def _seed(self, planned: SeedPlan) -> tuple[SeedRun, MatchReport | None]:
        """A seed of a round with its examples and the labels of its main teacher, and how its pool was
        made."""
        config, teacher = self._config, planned.teachers[0]
        model = teacher_reference(config.teacher, self._trained(teacher))
        examples = self._source.round(planned.round, planned.seed, model, planned.student)
        self._finish_matches(planned.round)
        seed = SeedRun(
            planned,
            self._trainer,
            self._trust,
            config.teach,
            examples.splits,
            joined=config.joined_positions,
        )
        return replace(seed, teachers=(self._labels(planned, teacher, seed),)), examples.matches

    def _labels(self, planned: SeedPlan, teacher: PlannedTeacher, seed: SeedRun) -> TeacherLabels:
        """The labels of a teacher."""
        context, splits, trained = self._context, seed.splits, self._trained(teacher)
        model = teacher_reference(self._config.teacher, trained)
        is_new = not context.progress.is_finished(teacher.labels.pool)
        made_of = {
            "examples": context.examples_digest(splits),
            "round": planned.round,
            "teacher_training": None if trained is None else trained.digest,
        }
        labels = label_round(teacher.labels, context, splits, model, made_of)
        if is_new and teacher.labels.has_gold and (missing := labels.unanswered(splits)):
            context.say(
                f"{planned.title}: {missing:,} examples are left out because their labels have no answer"
            )
        if planned.round > 1:  # the warm start of the teacher learned the rest of gold
            labels = labels.with_gold(seed.gold_ids_outside_warm_start)
        return TeacherLabels(teacher, model, labels)

    def _finish_matches(self, number: int) -> None:
        """Count the matches of a round that were played just now."""
        progress, root = self._context.progress, self._context.root
        for step in self._plan.matches.get(number, ()):
            if not progress.is_finished(step) and (root / step.folder / STEP).exists():
                self._context.finish(step, None, f"{self._config.matches.games:,} games are played")
