"""What a chain has measured so far, and its report: the same schema while it runs and when it is complete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from w2s.chain.config import ChainConfig
from w2s.chain.data.matches import MatchReport
from w2s.chain.report import (
    ArmTeacher,
    AuditReport,
    ChainReport,
    CurvePoint,
    RoundReport,
    StopReport,
)
from w2s.chain.shift import exchangeability_warning, shift_of_round
from w2s.chain.student import Correct, TrainResult, Values
from w2s.chain.summary import References, summarize_arms, summarize_trust
from w2s.chain.trust_step import TrustReport

ArmResults = dict[str, list[TrainResult]]
"""Results by arm, one for each seed that has finished it."""


@dataclass
class SeedResult:
    """What one seed of a round has given so far.

    Attributes:
        teacher: reference of the teacher of the arm trust.
        trust: how good trust in its labels is.
        matches: how the pool was made, if matches are played.
        arms: arms by name.
        teachers: for each arm, the arm whose student taught it and its reference, if there are several.
    """

    teacher: str
    trust: TrustReport
    matches: MatchReport | None
    arms: dict[str, TrainResult] = field(default_factory=dict)
    teachers: dict[str, tuple[str, str]] = field(default_factory=dict)


@dataclass
class PointResult:
    """What a point of the label-budget curve has given so far.

    Attributes:
        gold: number of gold rows.
        arms: arms by name.
        trust: trust for each seed; empty if it cannot be fitted.
        refused: why arms are missing.
    """

    gold: int
    arms: ArmResults = field(default_factory=dict)
    trust: list[TrustReport] = field(default_factory=list)
    refused: str | None = None


@dataclass
class ChainResults:
    """What a chain has measured so far.

    Attributes:
        config: the chain.
        tests: right answers of models that are not trained, by arm.
        values: values of the test positions by the untrained student; None without a value head.
        references: reference arms that are trained.
        own_trust: trust of reference arms that label themselves, for each seed.
        rounds: the seeds of each round.
        points: points of the label-budget curve.
        stopped: why the chain stopped early.
        audits: the audit of each finished round, by number.
    """

    config: ChainConfig
    tests: dict[str, Correct] = field(default_factory=dict)
    values: Values | None = None
    references: ArmResults = field(default_factory=dict)
    own_trust: dict[str, list[TrustReport]] = field(default_factory=dict)
    rounds: list[list[SeedResult]] = field(default_factory=list)
    points: list[PointResult] = field(default_factory=list)
    stopped: StopReport | None = None
    audits: dict[int, AuditReport] = field(default_factory=dict)

    def report(self, *, is_complete: bool = False) -> ChainReport:
        """The report. An arm that only some seeds have finished is measured over these."""
        config = self.config
        references = References.of(self.tests, self.references, self.own_trust, config.seed, self.values)
        return ChainReport(
            config.regime,
            shift_of_round(config, 1) if config.regime.is_shift else None,
            references.reports,
            tuple(
                self._round(number, [seed for seed in seeds if seed.arms], references)
                for number, seeds in enumerate(self.rounds, 1)
                if any(seed.arms for seed in seeds)
            ),
            self.stopped,
            tuple(self._point(point, references) for point in self.points),
            is_complete=is_complete,
            is_self_training=config.self_training,
        )

    def _round(self, number: int, seeds: Sequence[SeedResult], references: References) -> RoundReport:
        config = self.config
        # Later students of a ladder have no reference arms.
        same = config.student_of(number) == config.student_of(1)
        matches = [one.matches for one in seeds if one.matches is not None]
        return RoundReport(
            number,
            tuple(dict.fromkeys(one.teacher for one in seeds)),
            config.student_of(number),
            summarize_trust(
                [one.trust for one in seeds],
                estimate=shift_of_round(config, number),
                guarantee=exchangeability_warning(config, number),
            ),
            summarize_arms(
                {arm: [one.arms[arm] for one in seeds if arm in one.arms] for arm in seeds[0].arms},
                references.correct if same else {},
                config.seed,
                references.values if same else None,
            ),
            tuple(matches[:1] if number == 1 else matches),
            {
                arm: ArmTeacher(student_of, tuple(one.teachers[arm][1] for one in seeds if arm in one.arms))
                for arm, (student_of, _) in seeds[0].teachers.items()
                if arm in seeds[0].arms
            },
            self.audits.get(number),
        )

    def _point(self, point: PointResult, references: References) -> CurvePoint:
        trust = None
        if point.trust:
            trust = summarize_trust(
                point.trust,
                estimate=shift_of_round(self.config, 1),
                guarantee=exchangeability_warning(self.config, 1),
            )
        arms = summarize_arms(point.arms, references.correct, self.config.seed, references.values)
        return CurvePoint(point.gold, trust, arms, point.refused)
