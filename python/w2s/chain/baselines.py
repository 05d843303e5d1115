"""Reference arms, in which no round's teacher takes part: base, teacher, gold, self-training and ceiling."""

from __future__ import annotations

from collections.abc import Sequence

from w2s.chain.context import RunContext
from w2s.chain.data.splits import Splits
from w2s.chain.plan import Plan
from w2s.chain.report import References
from w2s.chain.round import SeedRun
from w2s.chain.student import TrainResult, evaluate_untrained


def measure_references(
    plan: Plan, context: RunContext, splits: Splits, seeds: Sequence[SeedRun]
) -> References:
    """Evaluate the models that are not trained, and train the reference arms of all seeds.

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
