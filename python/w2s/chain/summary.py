"""Measures over all seeds: arms, how they differ, and trust."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from w2s.chain.arms import BASE, CEILING, GOLD_ALONE, TEACHER, TRUST, reference_arms
from w2s.chain.report import ArmReport, Measure, TrustSummary
from w2s.chain.student import TrainResult, Values
from w2s.chain.trust_step import TrustReport
from w2s.metrics import accuracy, difference, pgr, recovery

CorrectMatrix = npt.NDArray[np.float64]
"""Whether each test row is answered right, 0 or 1, shape (n_seeds, n_test)."""


def stack(results: Sequence[TrainResult]) -> CorrectMatrix:
    """For each seed and test row, whether the answer is right: shape (n_seeds, n_test)."""
    return np.stack([result.tested for result in results])


def paired_difference(correct: CorrectMatrix, other: CorrectMatrix, seed: int) -> Measure:
    """How much more often an arm is right than another, paired by test row."""
    return Measure.of(difference(correct, other, seed=seed), len(correct))


def measure_arm(correct: CorrectMatrix, references: Mapping[str, CorrectMatrix], seed: int) -> ArmReport:
    """Accuracy, and Recovery and PGR if base, teacher and ceiling are known.

    Args:
        correct: right answers of the arm.
        references: right answers of reference arms, by name.
        seed: random seed of the bootstrap.
    """
    seeds = len(correct)
    base, teacher, ceiling = (references.get(arm.name) for arm in (BASE, TEACHER, CEILING))
    return ArmReport(
        Measure.of(accuracy(correct, seed=seed), seeds),
        None
        if base is None or ceiling is None
        else Measure.of(recovery(correct, base, ceiling, seed=seed), seeds),
        None
        if teacher is None or ceiling is None
        else Measure.of(pgr(correct, teacher, ceiling, seed=seed), seeds),
    )


def summarize_arms(
    results: Mapping[str, Sequence[TrainResult]],
    references: Mapping[str, CorrectMatrix],
    seed: int,
    values: Values | None = None,
) -> dict[str, ArmReport]:
    """Measures of each arm, how much better the arm trust is, and how much better it is than gold.

    Args:
        results: results by arm, for each seed.
        references: right answers of reference arms, by name.
        seed: random seed of the bootstrap.
        values: values of the test positions by the untrained student; None without a value head.
    """
    correct = {arm: stack(found) for arm, found in results.items()}
    gold = correct.get(GOLD_ALONE.name, references.get(GOLD_ALONE.name))
    trust = correct.get(TRUST.name)
    arms = {}
    for arm, rows in correct.items():
        arms[arm] = replace(
            measure_arm(rows, references, seed),
            rows=Measure.over_seeds([result.rows for result in results[arm]]),
            seconds=Measure.over_seeds([result.seconds for result in results[arm]]),
            trust_is_better_by=None
            if trust is None or arm == TRUST.name
            else paired_difference(trust, rows, seed),
            better_than_gold_by=None
            if gold is None or arm == GOLD_ALONE.name
            else paired_difference(rows, gold, seed),
            value_correlation=value_correlation(results[arm], values),
        )
    return arms


def value_correlation(results: Sequence[TrainResult], values: Values | None) -> Measure | None:
    """The correlation of the values of students with those of the untrained student, over seeds.

    None without a value head, or where all values are the same.
    """
    found = [result.values for result in results if result.values is not None]
    if values is None or not found or not all(one.std() > 0 for one in (values, *found)):
        return None
    return Measure.over_seeds([float(np.corrcoef(one, values)[0, 1]) for one in found])


def summarize_trust(
    reports: Sequence[TrustReport], *, estimate: str | None = None, guarantee: str | None = None
) -> TrustSummary:
    """Measures of trust, each the mean over seeds.

    Args:
        reports: one report per seed.
        estimate: why numbers on gold are only estimates.
        guarantee: why a certified purity is only a heuristic.
    """

    def mean(name: str) -> Measure:
        return Measure.mean_interval([getattr(report, name) for report in reports])

    return TrustSummary(
        auc=mean("auc"),
        ece=mean("ece"),
        brier=mean("brier"),
        purity=mean("purity"),
        purity_on_gold=mean("purity_on_gold"),
        coverage=Measure.over_seeds([report.coverage for report in reports]),
        measured_on=reports[0].measured_on,
        features=reports[0].features,
        estimate=estimate,
        guarantee=guarantee,
    )


@dataclass(frozen=True)
class References:
    """Reference arms: their measures, and their right answers, which other arms are measured by.

    Attributes:
        reports: reports by name, in the order of the table of arms.
        correct: right answers by name.
        values: values of the test positions by the untrained student; None without a value head.
    """

    reports: Mapping[str, ArmReport]
    correct: Mapping[str, CorrectMatrix] = field(default_factory=dict)
    values: Values | None = None

    @classmethod
    def of(
        cls,
        tests: Mapping[str, np.ndarray],
        results: Mapping[str, Sequence[TrainResult]],
        trust: Mapping[str, Sequence[TrustReport]],
        seed: int,
        values: Values | None = None,
    ) -> References:
        """Measure reference arms.

        Args:
            tests: right answers of models that are not trained, by arm, shape (n_test,).
            results: results of reference arms that are trained, for each seed.
            trust: trust of arms that label themselves, for each seed.
            seed: random seed of the bootstrap.
            values: values of the test positions by the untrained student.
        """
        correct = {
            **{arm: rows[None] for arm, rows in tests.items()},
            **{arm: stack(found) for arm, found in results.items()},
        }
        reports = {arm: measure_arm(rows, correct, seed) for arm, rows in correct.items()}
        reports |= summarize_arms(results, correct, seed, values)
        for arm, found in trust.items():
            summary = replace(summarize_trust(found), purity_on_gold=None)
            reports[arm] = replace(reports[arm], trust=summary)
        return cls({arm: reports[arm] for arm in reference_arms() if arm in reports}, correct, values)
