"""An untrained student, a seed and some gold: what it learns without a teacher.

Knows nothing about rounds.

    warm/    trained on a share of gold, where that is asked for: other arms begin there
    gold/    the arm gold
    self/    the arm self: selftaught.py
    ceiling/ the arm ceiling
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from w2s.chain.chain import Chain
from w2s.chain.steps import Facts, digest_of
from w2s.chain.students import arms as made
from w2s.chain.students.subsets import Positions, apart_from, some_of
from w2s.chain.students.teaching import slower, taught, trained
from w2s.errors import DataError
from w2s.tasks import Example
from w2s.train import TrainingSet

Taught = tuple[np.ndarray, Facts]
"""Which test rows a student answers right, and the facts of its training."""


@dataclass(frozen=True)
class Pupil:
    """A student of one seed with its gold; everything is made once and then read.

    Attributes:
        chain: the chain.
        student: reference of the untrained student.
        seed: of its trainings.
        gold: examples whose answers it may know.
        place: folder of what it learns.
    """

    chain: Chain
    student: str
    seed: int
    gold: Sequence[Example]
    place: Path

    @cached_property
    def identity(self) -> str:
        """What decides everything that it learns."""
        return digest_of([self.chain.identity, [example.id for example in self.gold]])

    @cached_property
    def start(self) -> str:
        """Where arms begin: the untrained student, or the one that a share of gold has warmed."""
        warm = self.warm
        if not len(warm):
            return self.student
        self.chain.say(f"seed {self.seed}: {self.student} is warmed on {len(warm)} gold rows")
        rows = made.gold_rows([self.gold[row] for row in warm])
        settings = self.chain.config.train
        return trained(self.place / "warm", self.student, rows, settings, self.seed, [self.identity, "warm"])

    @cached_property
    def unseen_gold(self) -> Positions:
        """Positions of the gold rows that share nothing with those that warmed it."""
        return apart_from(self.gold, self.warm)

    @property
    def unseen_gold_ids(self) -> set[str]:
        """Their ids."""
        return {self.gold[row].id for row in self.unseen_gold}

    @cached_property
    def warm(self) -> Positions:
        """Positions of the gold rows that warm it, ascending."""
        count = round(self.chain.config.teach.warm_start * len(self.gold))
        return some_of(self.gold, count, self.seed)

    @cached_property
    def on_gold(self) -> Taught:
        """The arm ``gold``."""
        rows = made.gold_rows(self.gold)
        self.chain.say(f"gold, seed {self.seed}: training on {len(rows)} true answers")
        return self.learns(self.place / "gold", self.student, rows, [self.identity, "gold"])

    @cached_property
    def on_answers(self) -> Taught:
        """The arm ``ceiling``: the true answers of the pool."""
        pool = self.chain.splits.pool
        if unknown := sum(not example.gold for example in pool):
            raise DataError(
                "chain-pool-without-answers",
                f"the arm ceiling needs the answers of the pool, but {unknown} are unknown; remove it from "
                "arms",
            )
        self.chain.say(f"ceiling, seed {self.seed}: training on {len(pool)} true answers")
        rows = made.gold_rows(pool)
        return self.learns(self.place / "ceiling", self.start, rows, [self.identity, "ceiling"])

    def learns(self, folder: Path, start: str, rows: TrainingSet, inputs: object) -> Taught:
        """Train from a student on rows, and ask it the test."""
        return self._taught(folder, start, rows, inputs, self.chain.config.train)

    def learns_later(self, folder: Path, start: str, rows: TrainingSet, inputs: object) -> Taught:
        """The same for a student that has learned before: at the later rate."""
        config = self.chain.config
        return self._taught(folder, start, rows, inputs, slower(start, config.train, config.teach.later_rate))

    def _taught(
        self, folder: Path, start: str, rows: TrainingSet, inputs: object, settings: dict[str, Any]
    ) -> Taught:
        return taught(folder, start, rows, self.chain.splits.test, settings, self.seed, inputs)


def pupil_of(chain: Chain, student: str, seed: int) -> Pupil:
    """The student with all of the chain's gold."""
    place = chain.folder.path / "fixed" / digest_of(student) / f"seed-{seed}"
    return Pupil(chain, student, seed, chain.splits.gold, place)
