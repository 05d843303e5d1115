"""What all steps of a running chain share: its folder, its test, and who is told of progress."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from w2s.chain.data.splits import Splits
from w2s.chain.plan import PlannedStep
from w2s.resume import Record, cached_step, digest
from w2s.tasks import Example

Say = Callable[[str], None]
"""Is told of each step in a line."""
Count = Callable[[int, int], None]
"""Progress callback ``(done, total)``."""


@dataclass(frozen=True)
class RunContext:
    """What all steps of a run share.

    Attributes:
        root: folder of the run.
        task: move, choice or answer.
        game: whose rules apply to positions.
        seed: the first seed, which also seeds models and bootstraps.
        test: examples that every student is evaluated on.
        gold: all gold, of which models are shown some in front of questions.
        say: is told of each step in a line.
        count: progress callback of long steps.
    """

    root: Path
    task: str
    game: str
    seed: int
    test: Sequence[Example]
    gold: Sequence[Example]
    say: Say
    count: Count

    @property
    def replies(self) -> Path:
        """The cache of the replies of endpoints."""
        return self.root / "replies"

    def folder(self, step: PlannedStep) -> Path:
        """Where the result of a step is saved."""
        return self.root / step.folder

    def cached(
        self, step: PlannedStep, inputs: Mapping[str, object], work: Callable[[Path], Mapping[str, Any]]
    ) -> Record:
        """Do a step, unless its folder holds the result of the same inputs; ``work`` gets the folder."""
        folder = self.folder(step)
        return cached_step(folder, inputs, lambda: work(folder))

    def examples_digest(self, splits: Splits) -> str:
        """Identity of a round's examples and their splits."""
        return digest([self.task, self.game, splits.table().to_pydict()])
