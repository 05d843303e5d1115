"""The steps of a chain with their rows: what is labelled, who trains on how many rows, who is tested.

Knows nothing about tokens, memory or time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from w2s.chain.config import ChainConfig
from w2s.selection.rule import Rule

Kind = Literal["label", "evidence", "train", "test"]
_BOTH = ("gold-then-trust", "trust-then-gold")


@dataclass(frozen=True)
class Work:
    """One kind of step.

    Attributes:
        round: counted from 1; 0 for what no round has.
        kind: ``label``, ``evidence`` of another model, ``train`` or ``test``.
        arm: whose; of labels what they are for.
        model: who works, as the configuration names it.
        rows: examples of one time.
        times: how often: once, or for each seed.
    """

    round: int
    kind: Kind
    arm: str
    model: str
    rows: int
    times: int = 1


def kept_rows(config: ChainConfig, pool: int) -> int:
    """Rows that trust keeps of the pool; all of them where a purity decides, which nobody knows before."""
    if config.keep.purity is not None:
        return pool
    return Rule.parse(top=config.keep.share).count_of(pool)


def plan(config: ChainConfig, rows: Mapping[str, int]) -> list[Work]:
    """All steps, in the order in which they come.

    Args:
        config: the chain.
        rows: of ``gold``, ``pool`` and ``test``.
    """
    works = [*_fixed(config, rows)]
    for number in range(1, config.rounds + 1):
        works += _round(config, rows, number)
    for count in sorted(set(config.budget)):
        works += _budget(config, rows, count)
    return works


def _fixed(config: ChainConfig, rows: Mapping[str, int]) -> Iterator[Work]:
    first, seeds = config.student_of(1), config.seeds
    yield Work(0, "test", "teacher", config.teacher, rows["test"])
    if "base" in config.arms:
        yield Work(0, "test", "base", first, rows["test"])
    for student in dict.fromkeys(config.student_of(number) for number in range(1, config.rounds + 1)):
        if warm := round(config.teach.warm_start * rows["gold"]):
            yield Work(0, "train", "warm start", student, warm, seeds)
        if "gold" in config.arms and (student == first or "gold-then-trust" in config.arms):
            yield from _taught(0, "gold", student, rows["gold"], rows["test"], seeds)
    if "ceiling" in config.arms:
        yield from _taught(0, "ceiling", first, rows["pool"], rows["test"], seeds)
    if "self" in config.arms:
        yield from _self(config, rows, first, "self")
    if config.teach.soft != "none":
        who = config.teacher if config.teach.soft == "teacher" else first
        yield Work(0, "evidence", "beliefs for soft labels", who, rows["pool"])


def _self(config: ChainConfig, rows: Mapping[str, int], student: str, arm: str) -> Iterator[Work]:
    gold, folds, seeds = rows["gold"], config.trust.folds, config.seeds
    yield Work(0, "label", arm, student, gold + rows["pool"], seeds)
    yield Work(0, "train", f"{arm}: folds of gold", student, gold - gold // folds, seeds * folds)
    yield from _taught(0, arm, student, kept_rows(config, rows["pool"]), rows["test"], seeds)


def _round(config: ChainConfig, rows: Mapping[str, int], number: int) -> Iterator[Work]:
    student, labelled = config.student_of(number), rows["gold"] + rows["pool"]
    teacher = config.teacher if number == 1 else config.student_of(number - 1)
    times = 1 if number == 1 else config.seeds
    yield Work(number, "label", "labels", teacher, labelled, times)
    others = (config.proposals - 1) * labelled
    if others:
        yield Work(number, "evidence", "other proposals", teacher, others, times)
    if "student" in config.evidence:
        yield Work(number, "evidence", "the student's view", student, labelled + others, times)
    if config.reward is not None and "reward" in config.evidence:
        yield Work(number, "evidence", "rewards", config.reward, labelled + others, times)
    for arm, learned in _learned(config, rows).items():
        yield from _taught(number, arm, student, learned, rows["test"], config.seeds)


def _learned(config: ChainConfig, rows: Mapping[str, int]) -> dict[str, int]:
    """Rows of the last training of each arm of a round."""
    gold, kept = rows["gold"], kept_rows(config, rows["pool"])
    special = {
        "naive": rows["pool"],
        "gold+trust": kept + gold * config.teach.gold_times,
        "trust-then-gold": gold,
    }
    fixed = ("base", "gold", "self", "ceiling")
    return {arm: special.get(arm, kept) for arm in config.arms if arm not in fixed}


def _budget(config: ChainConfig, rows: Mapping[str, int], count: int) -> Iterator[Work]:
    student = config.student_of(1)
    few = _learned(config, {**rows, "gold": count})
    arms = {"gold": count, "trust": few["trust"]}
    arms["gold+trust"] = few["trust"] + count * config.teach.gold_times
    arms |= {arm: few[arm] for arm in _BOTH if arm in few}
    for arm, learned in arms.items():
        yield from _taught(0, f"budget {count}, {arm}", student, learned, rows["test"], config.seeds)
    if "self" in config.arms:
        yield from _self(config, {**rows, "gold": count}, student, f"budget {count}, self")


def _taught(number: int, arm: str, student: str, rows: int, test: int, times: int) -> Iterator[Work]:
    yield Work(number, "train", arm, student, rows, times)
    yield Work(number, "test", arm, student, test, times)
