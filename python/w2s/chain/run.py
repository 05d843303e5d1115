"""A chain from its configuration to its metrics.

Knows nothing about screens.

    run.toml, run.json, splits.parquet, metrics.json
    round-1/matches/                what the pair played, where source is matches
    gold-labels/                    of gold of another game
    fixed/STUDENT/ARM/              base, gold and ceiling of each student and seed, teacher
    round-1/labels/                 labels.parquet with its evidence; of later rounds one for each seed
    round-1/seed-0/trust/           trust.json, trust.safetensors, scores.parquet, selected.parquet
    round-1/seed-0/ARM-arm/         student/, answers.parquet

No row trains a model and then counts as evidence about it: trust is fitted on gold, and the teacher of the
next round is the student of the arm ``trust``, which saw pool rows only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from w2s.chain import arms as made
from w2s.chain import regimes
from w2s.chain.config import FIXED_ARMS, ChainConfig
from w2s.chain.folder import ChainFolder
from w2s.chain.labels import foreign_labels, round_labels
from w2s.chain.measures import arm_measures, margin_over, over_seeds
from w2s.chain.sources import Source, open_source
from w2s.chain.splits import Splits
from w2s.chain.steps import Facts, digest_of
from w2s.chain.students import settings_of, taught, tested
from w2s.chain.trusted import quality, trust_labels
from w2s.errors import DataError, W2sError
from w2s.evidence import write_table
from w2s.train import Rows

Say = Callable[[str], None]
Count = Callable[[int, int], None]


@dataclass
class Chain:
    """A chain on its way."""

    config: ChainConfig
    folder: ChainFolder
    source: Source
    splits: Splits
    say: Say
    count: Count
    fixed: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def seeds(self) -> list[int]:
        """The seeds, from the configured one on."""
        return [self.config.seed + i for i in range(self.config.seeds)]

    @property
    def identity(self) -> str:
        """What decides everything: examples and their roles."""
        return self.identity_of(self.splits)

    def identity_of(self, splits: Splits) -> str:
        """What decides a round whose examples these are."""
        return digest_of([self.config.game, splits.table().to_pydict()])


def run(
    config: ChainConfig, out: Path | str, *, say: Say = lambda _: None, count: Count = lambda *_: None
) -> Facts:
    """Run a chain, or what is left of it; returns what ``metrics.json`` holds.

    Args:
        config: what to do.
        out: the folder of the run; one that holds another configuration is refused.
        say: told of every step in a line.
        count: told how many of how many labels are made.

    Raises:
        UsageError: the configuration or the folder is at fault.
        DataError: the examples are.
        W2sError: trust has collapsed in the first round: nothing is worth keeping.
    """
    made.check_arms(config.arms)
    regimes.check_baselines(config)
    settings_of(config.train, config.seed)
    folder = ChainFolder(Path(out))
    folder.open(config)
    source = open_source(config, folder.path, say, count)
    splits = source.first
    write_table(splits.table(), folder.path / "splits.parquet")
    foreign_labels(folder.path, config, splits.gold, count)  # what is wrong with them is said before training
    config = regimes.with_arms_that_apply(config, splits, say)
    chain = Chain(config, folder, source, splits, say, count)
    metrics: Facts = {**regimes.described(config), "rounds": [], **_fixed(chain)}
    teachers = dict.fromkeys(chain.seeds, config.teacher)
    for number in range(1, config.rounds + 1):
        if said := regimes.caution(config, number):
            say(f"round {number}: {said}")
        found, students, collapsed = _round(chain, number, teachers)
        if collapsed and config.stop.collapse:
            why = regimes.collapse(collapsed, config, number)
            metrics["stopped"] = {"round": number, "why": why}
            say(f"round {number}: stopped, {why}")
            break
        metrics["rounds"].append({**regimes.marked(found, config, number), **source.about(number)})
        folder.write_metrics(metrics)
        teachers = students
    metrics["best_round"] = _best(metrics["rounds"])
    folder.write_metrics(metrics)
    folder.finish()
    if not metrics["rounds"]:
        raise W2sError(
            f"no round was worth keeping: {metrics['stopped']['why']}; give more gold or other evidence"
        )
    return metrics


def _best(rounds: list[Facts]) -> int | None:
    """The round whose kept labels are purest by gold: chosen without a look at the test."""
    found = [(round_["trust"]["purity_on_gold"]["mean"], -round_["round"]) for round_ in rounds]
    return -max(found)[1] if found else None


def _fixed(chain: Chain) -> Facts:
    """What no teacher plays a part in: base, gold and ceiling of the first student; and the first teacher."""
    config, test = chain.config, chain.splits.test
    found: Facts = {}
    chain.say(f"testing the teacher, {config.teacher}")
    right, _ = tested(chain.folder.path / "fixed" / "teacher", config.teacher, test, chain.identity)
    chain.fixed["teacher"] = right[None]
    for arm in FIXED_ARMS:
        if arm in config.arms:
            chain.fixed[arm] = _fixed_arm(chain, arm, config.student_of(1))
    for arm in ("teacher", *FIXED_ARMS):
        if arm in chain.fixed:
            found[arm] = arm_measures(chain.fixed[arm], chain.fixed, config.seed)
    return found


def _fixed_arm(chain: Chain, arm: str, student: str) -> np.ndarray:
    config, splits = chain.config, chain.splits
    place = chain.folder.path / "fixed" / digest_of(student)
    if arm == "base":
        chain.say(f"testing the untrained student, {student}")
        return tested(place / arm, student, splits.test, chain.identity)[0][None]
    source = splits.gold if arm == "gold" else splits.pool
    if unknown := sum(not example.gold for example in source):
        raise DataError(
            f"the arm {arm} needs the pool's answers, and {unknown} are not known: leave it out of arms"
        )
    rows = made.gold_rows(source)
    found = []
    for seed in chain.seeds:
        chain.say(f"{arm}, seed {seed}: training on {len(rows.examples)} true answers")
        right, _ = taught(
            place / f"seed-{seed}" / arm,
            student,
            rows,
            splits.test,
            config.train,
            seed,
            [chain.identity, arm],
        )
        found.append(right)
    return np.stack(found)


def _round(chain: Chain, number: int, teachers: dict[int, str]) -> tuple[Facts, dict[int, str], str | None]:
    """One round: what it found, its students by seed, and why trust has collapsed if it has."""
    arms = [arm for arm in chain.config.arms if arm not in FIXED_ARMS]
    right: dict[str, list[np.ndarray]] = {arm: [] for arm in arms}
    about: dict[str, list[Facts]] = {arm: [] for arm in arms}
    trust: list[Facts] = []
    students: dict[int, str] = {}
    reasons = []
    for seed in chain.seeds:
        seeded = _Seeded(chain, number, seed, teachers[seed])
        trust.append(seeded.quality)
        reasons.append(seeded.collapsed)
        if seeded.collapsed and chain.config.stop.collapse:
            continue
        for arm in arms:
            answered, facts = seeded.arm(arm)
            right[arm].append(answered)
            about[arm].append(facts)
        students[seed] = about["trust"][-1]["model"]
    collapsed = next((reason for reason in reasons if reason), None)
    if collapsed and chain.config.stop.collapse:
        return {}, {}, collapsed
    stacked = {arm: np.stack(rows) for arm, rows in right.items()}
    return _found(chain, number, teachers, trust, stacked, about), students, collapsed


class _Seeded:
    """A round of one seed: its labels, trust in them, and its arms."""

    def __init__(self, chain: Chain, number: int, seed: int, teacher: str) -> None:
        self.chain, self.seed = chain, seed
        self.student = chain.config.student_of(number)
        round_folder = chain.folder.path / f"round-{number}"
        self.place = round_folder / f"seed-{seed}"
        # The first teacher is the same for every seed, and so are its labels.
        labels_folder = round_folder / "labels" if number == 1 else self.place / "labels"
        splits = chain.source.splits(number, seed, teacher)
        chain.say(f"round {number}, seed {seed}: {teacher} labels")
        labels = round_labels(
            labels_folder,
            chain.folder.path,
            chain.config,
            splits,
            teacher,
            self.student,
            [chain.identity_of(splits), number],
            chain.count,
        )
        self.gold, self.pool = labels.gold, labels.pool
        self.by_id = {example.id: example for example in splits.pool}
        chain.say(
            f"round {number}, seed {seed}: {chain.config.trust.function} is fitted on {len(self.gold)} gold"
        )
        trusting, shared = regimes.trusting(chain.config, self.gold, chain.say)
        self.trusted, self.facts = trust_labels(
            self.place / "trust", trusting, self.gold, self.pool, seed, labels.step
        )
        self.quality = {
            **quality(self.trusted, self.pool, seed),
            "purity_on_gold": self.trusted.kept_purity(seed)._asdict(),
            "shared": shared,
        }
        self.collapsed = self.trusted.collapse(seed)
        self.name = f"round {number}, seed {seed}"

    def arm(self, arm: str) -> tuple[np.ndarray, Facts]:
        """Train and test one arm's student."""
        config = self.chain.config
        rows = self._rows(arm)
        self.chain.say(f"{self.name}: {arm}, training on {len(rows.examples)} rows")
        return taught(
            self.place / f"{arm.replace('+', '-and-')}-arm",
            self.student,
            rows,
            self.chain.splits.test,
            config.train,
            self.seed,
            [self.facts["step"], arm, config.keep.model_dump()],
        )

    def _rows(self, arm: str) -> Rows:
        kept = self.trusted.rows
        if arm in ("trust", "gold+trust"):
            trusted = made.label_rows(self.by_id, self.pool, kept, self.trusted.weights)
            return trusted if arm == "trust" else made.both(made.gold_rows(self.chain.splits.gold), trusted)
        rows = made.as_many(arm, self.pool, self.gold, len(kept), self.seed)
        return made.label_rows(self.by_id, self.pool, rows)


def _found(
    chain: Chain,
    number: int,
    teachers: dict[int, str],
    trust: list[Facts],
    right: dict[str, np.ndarray],
    about: dict[str, list[Facts]],
) -> Facts:
    """What a round found, as ``metrics.json`` has it."""
    seed = chain.config.seed
    arms: dict[str, Any] = {}
    for arm, rows in right.items():
        arms[arm] = {
            **arm_measures(rows, chain.fixed, seed),
            "rows": over_seeds([facts["rows"] for facts in about[arm]]),
            "seconds": over_seeds([facts["seconds"] for facts in about[arm]]),
        }
        if arm != "trust":
            arms[arm]["trust_is_better_by"] = margin_over(right["trust"], rows, seed)
    names = ("auc", "ece", "brier", "purity", "purity_on_gold")
    measured = {name: _mean_interval([facts[name] for facts in trust]) for name in names}
    measured["coverage"] = over_seeds([facts["coverage"] for facts in trust])
    return {
        "round": number,
        "teacher": list(dict.fromkeys(teachers.values())),
        "student": chain.config.student_of(number),
        "trust": {**measured, "measured_on": trust[0]["measured_on"], **trust[0]["shared"]},
        "arms": arms,
    }


def _mean_interval(found: list[Facts]) -> Facts:
    """The mean over seeds of a measure and of the ends of its interval."""
    ends = {end: float(np.mean([one[key] for one in found])) for end, key in _ENDS.items()}
    return {**ends, "seeds": len(found)}


_ENDS = {"mean": "value", "low": "low", "high": "high"}
