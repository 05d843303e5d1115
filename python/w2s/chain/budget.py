"""The label-budget curve: what gold, trust and both are worth at some numbers of gold rows.

Knows nothing about rounds after the first. The gold of a budget is drawn by seed and holds that of every
smaller one. The teacher's labels are those of the first round.

    budget/N/seed-S/      trust and arms, see seeded.py; gold/ and self/, see students/pupil.py
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from w2s.chain.chain import Chain
from w2s.chain.config import GOLD_AND_TRUST
from w2s.chain.found import arms_found, trust_found
from w2s.chain.seeded import Seeded
from w2s.chain.steps import Facts
from w2s.chain.students.pupil import Pupil, Taught
from w2s.chain.students.selftaught import self_taught
from w2s.chain.students.subsets import some_of
from w2s.errors import DataError


def check_budget(chain: Chain) -> None:
    """Refuse budgets that there is no gold for.

    Raises:
        DataError: names the largest that there is.
    """
    most = len(chain.splits.gold)
    if too_many := [count for count in chain.config.budget if count > most]:
        raise DataError(
            "chain-budget-too-large",
            f"the budget of {too_many[0]} gold rows exceeds the {most} gold rows there are; give more gold "
            "or use a smaller budget",
        )


def budget_curve(first: Seeded) -> list[Facts]:
    """For each budget, fewest rows first: ``{gold, trust, arms}``; ``refused`` where trust cannot be had.

    Args:
        first: the first round of any seed; its teacher's labels are those of all seeds.
    """
    return [_point(first, count) for count in sorted(set(first.pupil.chain.config.budget))]


def _point(first: Seeded, count: int) -> Facts:
    chain = first.pupil.chain
    seeded = [_with_gold(first, count, seed) for seed in chain.seeds]
    point: Facts = {"gold": count}
    taught: dict[str, list[Taught]] = {"gold": [one.pupil.on_gold for one in seeded]}
    try:
        point["trust"] = trust_found([one.quality for one in seeded])
        for arm in ("trust", *_both(chain)):
            taught[arm] = [one.arm(arm) for one in seeded]
        if "self" in chain.config.arms:
            taught["self"] = [self_taught(one.pupil)[0] for one in seeded]
    except DataError as error:
        point["refused"] = str(error)
        chain.say(f"budget {count}: {error}")
    return {**point, "arms": arms_found(taught, chain.fixed, chain.config.seed)}


def _both(chain: Chain) -> list[str]:
    """Arms of gold and trust: the plain one, and the others where the chain has them."""
    return [arm for arm in GOLD_AND_TRUST if arm == "gold+trust" or arm in chain.config.arms]


def _with_gold(first: Seeded, count: int, seed: int) -> Seeded:
    """The first round, as if so few gold rows were all that is known."""
    pupil = first.pupil
    rows = some_of(pupil.gold, count, seed)
    place = pupil.chain.folder.path / "budget" / str(count) / f"seed-{seed}"
    few = Pupil(pupil.chain, pupil.student, seed, [pupil.gold[row] for row in rows], place)
    known = {one.id for one in few.gold}
    gold = first.gold.take(np.array([id_ in known for id_ in first.gold.example_ids], bool))
    return replace(first, name=f"budget {count}, seed {seed}", place=place, pupil=few, gold=gold)
