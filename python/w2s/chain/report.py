"""What ``metrics.json`` holds: trust and arms over all seeds, with Recovery and PGR.

Every number is ``{mean, low, high, seeds}``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from w2s.chain.config import Regime
from w2s.chain.data.matches import MatchReport
from w2s.metrics import Interval, Ratio

_REFUSED = "gap too small: its interval is not above 0"


@dataclass(frozen=True)
class Measure:
    """A number with its interval over test rows and seeds, or the range over seeds.

    Attributes:
        mean: the number; None for a ratio whose gap is too small to divide by.
        low: lower end.
        high: upper end.
        seeds: number of seeds.
    """

    mean: float | None
    low: float | None
    high: float | None
    seeds: int

    @classmethod
    def of(cls, found: Interval | Ratio, seeds: int) -> Measure:
        """A bootstrapped number."""
        return cls(found.value, found.low, found.high, seeds)

    @classmethod
    def over_seeds(cls, values: Sequence[float]) -> Measure:
        """A number that each seed gave once: its mean and its range."""
        numbers = np.array(values, np.float64)
        return cls(float(numbers.mean()), float(numbers.min()), float(numbers.max()), len(numbers))

    @classmethod
    def mean_interval(cls, found: Sequence[Interval]) -> Measure:
        """The mean over seeds of a number and of the ends of its interval."""
        value, low, high = (float(np.mean([one[place] for one in found])) for place in range(3))
        return cls(value, low, high, len(found))

    def to_json(self) -> dict[str, Any]:
        """The fields by name, and for a refused ratio the reason."""
        value = {"mean": self.mean, "low": self.low, "high": self.high, "seeds": self.seeds}
        return value if self.mean is not None else {**value, "refused": _REFUSED}


@dataclass(frozen=True)
class TrustSummary:
    """Trust in one teacher's labels, over all seeds.

    Attributes:
        auc: area under the ROC curve.
        ece: expected calibration error.
        brier: Brier score.
        purity: share of kept labels that are right.
        purity_on_gold: the same, estimated on gold; None for an arm that labels itself.
        coverage: share of the pool that is kept.
        measured_on: ``pool`` if its answers are known, ``answered pool`` if those of some rows are, else
            ``gold``.
        features: columns that trust reads, if only columns that gold and pool share.
        estimate: why numbers on gold are only estimates; None if they are measurements.
        guarantee: why a certified purity is only a heuristic; None if it is a guarantee.
    """

    auc: Measure
    ece: Measure
    brier: Measure
    purity: Measure
    purity_on_gold: Measure | None
    coverage: Measure
    measured_on: str
    features: tuple[str, ...] = ()
    estimate: str | None = None
    guarantee: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The entry ``trust`` of a round."""
        on_gold: dict[str, Any] = {}
        if self.purity_on_gold is not None:
            on_gold = {"purity_on_gold": self.purity_on_gold.to_json()}
        if self.estimate is not None:
            on_gold["purity_on_gold"]["estimate"] = self.estimate
        return {
            "auc": self.auc.to_json(),
            "ece": self.ece.to_json(),
            "brier": self.brier.to_json(),
            "purity": self.purity.to_json(),
            **on_gold,
            "coverage": self.coverage.to_json(),
            "measured_on": self.measured_on,
            **({"features": [*self.features]} if self.features else {}),
            **({} if self.guarantee is None else {"guarantee": self.guarantee}),
        }


@dataclass(frozen=True)
class ArmReport:
    """An arm over all seeds; None for what cannot be measured.

    Attributes:
        accuracy: share of test rows answered right.
        recovery: share of the gap between base and ceiling that is closed.
        pgr: performance gap recovered: the same with the teacher in place of the base.
        rows: distinct examples learned.
        seconds: duration of its trainings.
        trust_is_better_by: how much more often the arm trust is right, paired by test row.
        better_than_gold_by: how much more often it is right than the arm gold.
        value_correlation: correlation of its values of the test positions with those of the untrained
            student.
        trust: trust in its own labels, for an arm that labels itself.
    """

    accuracy: Measure
    recovery: Measure | None = None
    pgr: Measure | None = None
    rows: Measure | None = None
    seconds: Measure | None = None
    trust_is_better_by: Measure | None = None
    better_than_gold_by: Measure | None = None
    value_correlation: Measure | None = None
    trust: TrustSummary | None = None

    def to_json(self) -> dict[str, Any]:
        """The known measures, by name."""
        return {name: value.to_json() for name, value in vars(self).items() if value is not None}


@dataclass(frozen=True)
class ArmTeacher:
    """Who taught an arm in a round.

    Attributes:
        student_of: the arm whose student of the round before was the teacher.
        models: its references, one per seed.
    """

    student_of: str
    models: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The entry of ``teachers``."""
        return {"student_of": self.student_of, "models": [*self.models]}


@dataclass(frozen=True)
class AuditReport:
    """The student of the arm trust against its teacher, on gold that nothing else used.

    Attributes:
        rows: number of gold rows.
        teacher: share of them that the teacher answers right.
        student: share of them that the student answers right.
        gain: how much more often the student is right, paired by row.
        rejected: why the round is rejected; None if it is not.
    """

    rows: int
    teacher: Measure
    student: Measure
    gain: Measure
    rejected: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The entry ``audit`` of a round."""
        return {
            "rows": self.rows,
            "teacher": self.teacher.to_json(),
            "student": self.student.to_json(),
            "gain": self.gain.to_json(),
            **({} if self.rejected is None else {"rejected": self.rejected}),
        }


@dataclass(frozen=True)
class RoundReport:
    """A round.

    Attributes:
        round: counted from 1.
        teacher: references of the teachers of the arm trust, one per seed.
        student: the untrained student.
        trust: trust in the teachers' labels.
        arms: arms by name.
        pool: how pools from matches were made.
        teachers: the teacher of each arm, if they have several; else empty.
        audit: the student of the arm trust against its teacher; None without an audit.
    """

    round: int
    teacher: tuple[str, ...]
    student: str
    trust: TrustSummary
    arms: Mapping[str, ArmReport]
    pool: tuple[MatchReport, ...] = ()
    teachers: Mapping[str, ArmTeacher] = field(default_factory=dict)
    audit: AuditReport | None = None

    def to_json(self) -> dict[str, Any]:
        """The entry of ``rounds``."""
        return {
            "round": self.round,
            "teacher": [*self.teacher],
            "student": self.student,
            **(
                {"teachers": {arm: one.to_json() for arm, one in self.teachers.items()}}
                if self.teachers
                else {}
            ),
            "trust": self.trust.to_json(),
            "arms": {name: arm.to_json() for name, arm in self.arms.items()},
            **({"pool": [one.to_json() for one in self.pool]} if self.pool else {}),
            **({} if self.audit is None else {"audit": self.audit.to_json()}),
        }


@dataclass(frozen=True)
class CurvePoint:
    """A point of the label-budget curve.

    Attributes:
        gold: number of gold rows.
        trust: fitted on them; None if it cannot be fitted.
        arms: arms by name.
        refused: why arms are missing.
    """

    gold: int
    trust: TrustSummary | None
    arms: Mapping[str, ArmReport]
    refused: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The entry of ``budget``."""
        return {
            "gold": self.gold,
            **({} if self.trust is None else {"trust": self.trust.to_json()}),
            **({} if self.refused is None else {"refused": self.refused}),
            "arms": {name: arm.to_json() for name, arm in self.arms.items()},
        }


@dataclass(frozen=True)
class StopReport:
    """Why a chain stopped before its last round."""

    round: int
    why: str


@dataclass(frozen=True)
class ChainReport:
    """All that a chain measured.

    Attributes:
        regime: the regime of gold and pool.
        shift: why gold and pool are not exchangeable under the regime; None if they are.
        references: reference arms by name, in the order of the table of arms.
        rounds: the rounds that were kept, and the one that was rejected.
        stopped: why the chain stopped early.
        curve: the label-budget curve.
        is_complete: whether all rounds are done, so that the best one is known.
        is_self_training: whether one model is teacher and student.
    """

    regime: Regime
    shift: str | None
    references: Mapping[str, ArmReport]
    rounds: tuple[RoundReport, ...] = ()
    stopped: StopReport | None = None
    curve: tuple[CurvePoint, ...] = ()
    is_complete: bool = False
    is_self_training: bool = False

    @property
    def has_own_chains(self) -> bool:
        """Whether arms of a round have several teachers."""
        return any(one.teachers for one in self.rounds)

    @property
    def best_round(self) -> int | None:
        """The round whose kept labels are purest by gold: chosen without the test, and not rejected."""
        kept = [one for one in self.rounds if one.audit is None or one.audit.rejected is None]
        purity = [(one.trust.purity_on_gold, -one.round) for one in kept]
        found = [(on_gold.mean or 0.0, place) for on_gold, place in purity if on_gold is not None]
        return -max(found)[1] if found else None

    def to_json(self) -> dict[str, Any]:
        """The content of ``metrics.json``."""
        shift: dict[str, Any] = {}
        if self.shift is not None:
            shift = {"regime": {**self.regime.model_dump(exclude_none=True), "shift": self.shift}}
        return {
            "complete": self.is_complete,
            **({"self_training": True} if self.is_self_training else {}),
            **shift,
            "rounds": [one.to_json() for one in self.rounds],
            **{name: arm.to_json() for name, arm in self.references.items()},
            **({} if self.stopped is None else {"stopped": vars(self.stopped)}),
            **({"best_round": self.best_round} if self.is_complete else {}),
            **({"budget": [point.to_json() for point in self.curve]} if self.curve else {}),
        }
