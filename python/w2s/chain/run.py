"""A chain from its configuration to its metrics.

    run.toml, run.json, splits.parquet, metrics.json
    round-1/manifest.json           what each seed was made of: leakage.py
    all other folders               the steps of plan.py

No row trains a model and is then evidence about it. Trust is fitted on gold. The teacher of the next round is
a student of the arm trust, which learned pool rows only, and the gold rows of its warm start if there is one;
later rounds fit trust on the rest of gold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from w2s.chain.arms import check_arm_evidence
from w2s.chain.budget_curve import check_gold_sizes, measure_point, with_fewer_gold
from w2s.chain.config import ChainConfig
from w2s.chain.context import Count, RunContext, Say
from w2s.chain.data.matches import MatchReport
from w2s.chain.data.source import ExampleSource, open_examples
from w2s.chain.data.splits import Splits
from w2s.chain.leakage import FILE, Provenance, record_provenance
from w2s.chain.plan import Plan, SeedPlan
from w2s.chain.planner import plan_chain
from w2s.chain.report import (
    ChainReport,
    CurvePoint,
    References,
    RoundReport,
    StopReport,
    summarize_arms,
    summarize_trust,
)
from w2s.chain.round import SeedRun
from w2s.chain.shift import exchangeability_warning, shift_of_round
from w2s.chain.student import StudentTrainer, TrainResult, evaluate_untrained
from w2s.chain.trust_step import TrustReport, TrustSettings
from w2s.chain.validate import check_config
from w2s.chain.weak_labels import label_round
from w2s.errors import W2sError
from w2s.evidence import write_table
from w2s.files import write_json
from w2s.resume import STEP, Record, RunFolder
from w2s.train.distributed import require_single_process

METRICS = "metrics.json"


def run(
    config: ChainConfig, out: Path | str, *, say: Say = lambda _: None, count: Count = lambda *_: None
) -> ChainReport:
    """Run a chain, or what is left of it.

    Args:
        config: the chain.
        out: folder of the run; one that holds another configuration is refused.
        say: is told of each step in a line.
        count: progress callback ``(done, total)`` of labels and games.

    Returns:
        What ``metrics.json`` holds.

    Raises:
        UsageError: the configuration or the folder cannot be used.
        DataError: the examples cannot be used.
        W2sError: trust collapsed in the first round, so no round is worth keeping.
    """
    require_single_process("a chain")
    check_config(config)
    folder = RunFolder(Path(out), "chain")
    with folder.lock():
        return _run(config, folder, say, count)


def _run(config: ChainConfig, folder: RunFolder, say: Say, count: Count) -> ChainReport:
    folder.open(config)
    say(f"resume with: {folder.resume_line}")
    for student in config.student[config.rounds :]:
        say(f"{student} does not learn: the chain ends with round {config.rounds}")
    source = open_examples(config, folder.path, say, count)
    splits = source.first.splits
    write_table(splits.table(), folder.path / "splits.parquet")
    plan = plan_chain(
        config,
        gold=len(splits.gold),
        pool=len(splits.pool),
        test=len(splits.test),
        pool_answered=all(example.gold for example in splits.pool),
    )
    for arm, why in plan.left_out.items():
        say(f"the arm {arm} is left out: {why}")
    check_gold_sizes(config.gold_sizes, len(splits.gold))
    context = RunContext(
        folder.path, config.task, config.game, config.seed, splits.test, splits.gold, say, count
    )
    report = _Chain(config, plan, source, context).run()
    folder.finish()
    if not report.rounds:
        why = report.stopped.why if report.stopped is not None else ""
        raise W2sError(
            "chain-no-round-kept", f"no round is worth keeping: {why}; give more gold or other evidence"
        )
    return report


@dataclass(frozen=True)
class _SeedResult:
    """What one seed of a round gave."""

    teacher: str
    provenance: Provenance
    trust: TrustReport
    collapsed: str | None
    arms: Mapping[str, TrainResult]
    matches: MatchReport | None


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

    def run(self) -> ChainReport:
        """All rounds and the label-budget curve; ``metrics.json`` is written after each round."""
        config, say = self._config, self._context.say
        self._check_evidence()
        references = self._references()
        shift = shift_of_round(config, 1) if config.regime.is_shift else None
        report = ChainReport(config.regime, shift, references.reports)
        for number, seeds in enumerate(self._plan.rounds, 1):
            if warning := exchangeability_warning(config, number):
                say(f"round {number}: {warning}")
            results = self._round(number, seeds)
            if config.stop.collapse and (reasons := [one.collapsed for one in results if one.collapsed]):
                why = self._collapse(reasons[0], number)
                report = replace(report, stopped=StopReport(number, why))
                say(f"round {number}: stopped, {why}")
                break
            found = self._summarize(number, results, references)
            report = replace(report, rounds=(*report.rounds, found))
            self._write(report)
        curve = self._curve(references) if report.rounds else ()
        report = replace(report, curve=curve, is_complete=True)
        self._write(report)
        return report

    def _write(self, report: ChainReport) -> None:
        write_json(self._context.root / METRICS, report.to_json())

    def _check_evidence(self) -> None:
        """Refuse arms whose evidence is missing, before anything is trained."""
        labels = self._seed(self._plan.rounds[0][0])[0].labels
        assert labels is not None
        check_arm_evidence(self._plan.arms, labels.gold)

    def _references(self) -> References:
        splits = self._source.first.splits
        seeds = [
            SeedRun(planned, self._trainer, self._trust, self._config.teach, splits)
            for planned in self._plan.references
        ]
        return _measure_references(self._plan, self._context, splits, seeds)

    def _round(self, number: int, seeds: Sequence[SeedPlan]) -> list[_SeedResult]:
        results = [self._run_seed(planned) for planned in seeds]
        manifest = {"round": number, "seeds": [one.provenance.to_json() for one in results]}
        write_json(self._context.root / f"round-{number}" / FILE, manifest)
        return results

    def _run_seed(self, planned: SeedPlan) -> _SeedResult:
        """Labels, trust and arms of one seed; no arms if trust has collapsed."""
        seed, matches = self._seed(planned)
        assert seed.labels is not None
        provenance = record_provenance(
            planned.seed,
            seed.teacher,
            planned.student,
            self._teacher(planned),
            [example.id for example in seed.splits.gold],
            seed.labels.gold.example_ids,
            planned.title,
        )
        stops = seed.collapsed is not None and self._config.stop.collapse
        arms = {} if stops else {arm: seed.train(arm) for arm in planned.arms}
        return _SeedResult(seed.teacher, provenance, seed.trust_report, seed.collapsed, arms, matches)

    def _teacher(self, planned: SeedPlan) -> TrainResult | None:
        """The training of a seed's teacher; None for the first teacher."""
        assert planned.labels is not None
        return self._trainer.trained(planned.labels.pool.teacher)

    def _seed(self, planned: SeedPlan) -> tuple[SeedRun, MatchReport | None]:
        """A seed of a round with its examples and its teacher's labels, and how its pool was made."""
        config, context, labelling = self._config, self._context, planned.labels
        assert labelling is not None
        trained = self._teacher(planned)
        teacher = config.teacher if trained is None else trained.model
        examples = self._source.round(planned.round, planned.seed, teacher, planned.student)
        splits = examples.splits
        if Record.read(context.folder(labelling.pool) / STEP) is None:
            context.say(f"{planned.title}: {teacher} labels")
        made_of = {
            "examples": context.examples_digest(splits),
            "round": planned.round,
            "teacher_training": None if trained is None else trained.digest,
        }
        labels = label_round(labelling, context, splits, teacher, made_of)
        if missing := labels.unanswered(splits):
            context.say(f"{planned.title}: examples left out, whose labels hold no answer: {missing:,}")
        seed = SeedRun(planned, self._trainer, self._trust, config.teach, splits, labels, teacher)
        if planned.round > 1:  # the warm start of the teacher learned the rest of gold
            seed = replace(seed, labels=labels.with_gold(seed.gold_ids_outside_warm_start))
        return seed, examples.matches

    def _summarize(self, number: int, results: Sequence[_SeedResult], references: References) -> RoundReport:
        config = self._config
        # Later students of a ladder have no reference arms of their own.
        same = config.student_of(number) == config.student_of(1)
        matches = [one.matches for one in results if one.matches is not None]
        return RoundReport(
            number,
            tuple(dict.fromkeys(one.teacher for one in results)),
            config.student_of(number),
            summarize_trust(
                [one.trust for one in results],
                estimate=shift_of_round(config, number),
                guarantee=exchangeability_warning(config, number),
            ),
            summarize_arms(
                {arm: [one.arms[arm] for one in results] for arm in results[0].arms},
                references.correct if same else {},
                config.seed,
            ),
            tuple(matches[:1] if number == 1 else matches),
        )

    def _curve(self, references: References) -> tuple[CurvePoint, ...]:
        if not self._plan.points:
            return ()
        first, _ = self._seed(self._plan.rounds[0][0])  # the first labels are the same for all seeds
        return tuple(
            measure_point(
                count, [with_fewer_gold(first, planned) for planned in seeds], references, self._config
            )
            for count, seeds in self._plan.points.items()
        )

    def _collapse(self, why: str, number: int) -> str:
        """Why trust collapsed, and whether gold only gives an estimate of that."""
        shift = shift_of_round(self._config, number)
        return why if shift is None else f"{why} (an estimate: {shift})"


def _measure_references(
    plan: Plan, context: RunContext, splits: Splits, seeds: Sequence[SeedRun]
) -> References:
    """Evaluate the models that are not trained, and train the reference arms of all seeds.

    No teacher of a round takes part in them: base, teacher, gold, self-training and ceiling.

    Args:
        plan: of the chain.
        context: of the run.
        splits: examples of the first round.
        seeds: the reference arms, one per seed.
    """
    identity = context.examples_digest(splits)
    tests = {}
    for arm, step in plan.tests.items():
        context.say(f"testing {arm}, {step.model}")
        tests[arm] = evaluate_untrained(step, context, identity)
    planned = seeds[0].planned.arms
    results: dict[str, list[TrainResult]] = {arm: [seed.train(arm) for seed in seeds] for arm in planned}
    trust = {
        arm: [seed.own_trust(arm) for seed in seeds]
        for arm, found in planned.items()
        if found.own_labels is not None
    }
    return References.of(tests, results, trust, context.seed)
