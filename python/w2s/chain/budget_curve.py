"""The label-budget curve: the arms gold, trust and gold+trust at several numbers of gold rows.

The gold of a point is drawn by seed and contains that of every smaller one. The teacher's labels are those of
the first round.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from w2s.chain.data.splits import Splits, subsample
from w2s.chain.plan import SeedPlan
from w2s.chain.results import PointResult
from w2s.chain.round import SeedRun
from w2s.errors import DataError


def check_gold_sizes(sizes: Sequence[int], gold: int) -> None:
    """Refuse points that need more gold rows than there are.

    Raises:
        DataError: there are fewer gold rows; the message names their number.
    """
    if too_many := [count for count in sizes if count > gold]:
        raise DataError(
            "chain-gold-size-too-large",
            f"gold_sizes has a point of {too_many[0]} gold rows but there are only {gold}; give more gold or "
            "use a smaller number",
        )


def with_fewer_gold(first: SeedRun, planned: SeedPlan) -> SeedRun:
    """The first round of a seed, as if only the gold rows of a point were known."""
    assert planned.gold_count is not None
    main = first.main
    splits = first.splits
    rows = subsample(splits.gold, planned.gold_count, planned.seed)
    gold = [splits.gold[row] for row in rows]
    labels = main.labels.with_gold({one.id for one in gold})
    (teacher,) = planned.teachers
    return replace(
        first,
        planned=planned,
        splits=Splits(gold, splits.pool, splits.test),
        teachers=(replace(main, planned=teacher, labels=labels),),
    )


def measure_point(point: PointResult, seeds: Sequence[SeedRun], finished: Callable[[], None]) -> None:
    """Measure a point of the curve; if trust cannot be fitted, or nothing is kept, only the arms without it.

    Args:
        point: receives the results.
        seeds: the point, for each seed.
        finished: called after each arm of each seed.
    """
    planned = seeds[0].planned.arms

    def train(name: str) -> None:
        point.arms[name] = []
        for seed in seeds:
            point.arms[name].append(seed.train(name))
            finished()

    for name, found in planned.items():
        if not found.arm.use:
            train(name)
    try:
        point.trust = [seed.trust_report for seed in seeds]
        for name, found in planned.items():
            if found.arm.use:
                train(name)
    except DataError as error:
        point.refused = str(error)
        point.arms = {name: results for name, results in point.arms.items() if len(results) == len(seeds)}
        seeds[0].trainer.context.say(f"{point.gold:,} gold rows: {error}")
