"""The label-budget curve: what gold, trust and both are worth at some numbers of gold rows.

The gold of a point is drawn by seed and contains that of every smaller one. The teacher's labels are those of
the first round.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from w2s.chain.config import ChainConfig
from w2s.chain.data.splits import Splits, subsample
from w2s.chain.plan import SeedPlan
from w2s.chain.report import CurvePoint, References, TrustSummary, summarize_arms, summarize_trust
from w2s.chain.round import SeedRun
from w2s.chain.shift import exchangeability_warning, shift_of_round
from w2s.chain.student import TrainResult
from w2s.errors import DataError


def check_gold_sizes(sizes: Sequence[int], gold: int) -> None:
    """Refuse points that need more gold rows than there are.

    Raises:
        DataError: names the number of gold rows.
    """
    if too_many := [count for count in sizes if count > gold]:
        raise DataError(
            "chain-gold-size-too-large",
            f"gold_sizes has a point of {too_many[0]} gold rows but there are only {gold}; give more gold or "
            "use a smaller number",
        )


def with_fewer_gold(first: SeedRun, planned: SeedPlan) -> SeedRun:
    """The first round of a seed, as if only the gold rows of a point were known."""
    assert first.labels is not None
    assert planned.gold_count is not None
    splits = first.splits
    rows = subsample(splits.gold, planned.gold_count, planned.seed)
    gold = [splits.gold[row] for row in rows]
    labels = first.labels.with_gold({one.id for one in gold})
    return replace(
        first,
        planned=planned,
        splits=Splits(gold, splits.pool, splits.test),
        labels=labels,
    )


def measure_point(
    count: int, seeds: Sequence[SeedRun], references: References, config: ChainConfig
) -> CurvePoint:
    """A point of the curve; if trust cannot be fitted, or nothing is kept, only the arms without it.

    Args:
        count: number of gold rows.
        seeds: the point, for each seed.
        references: what arms are measured by.
        config: of the chain.
    """
    planned = seeds[0].planned.arms
    results: dict[str, list[TrainResult]] = {
        name: [seed.train(name) for seed in seeds]
        for name, found in planned.items()
        if not found.arm.is_labelled
    }
    trust: TrustSummary | None = None
    refused: str | None = None
    try:
        trust = summarize_trust(
            [seed.trust_report for seed in seeds],
            estimate=shift_of_round(config, 1),
            guarantee=exchangeability_warning(config, 1),
        )
        for name in planned:
            if name not in results:
                results[name] = [seed.train(name) for seed in seeds]
    except DataError as error:
        refused = str(error)
        seeds[0].trainer.context.say(f"budget {count}: {error}")
    return CurvePoint(count, trust, summarize_arms(results, references.correct, config.seed), refused)
