"""What all steps of a running chain share: its folder, its test, and its progress callbacks."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from w2s.chain.data.splits import Splits
from w2s.chain.plan import PlannedStep
from w2s.chain.progress import SECONDS, RunProgress
from w2s.resume import Record, cached_step, digest
from w2s.tasks import Example

Say = Callable[[str], None]
"""Callback for a line of text."""
Count = Callable[[int, int], None]
"""Progress callback ``(done, total)``."""


@dataclass(frozen=True)
class RunContext:
    """What all steps of a run share.

    Attributes:
        root: folder of the run.
        task: move, choice or answer.
        game: game whose rules apply to positions.
        seed: the first seed, which also seeds models and bootstraps.
        test: examples on which every student is evaluated.
        gold: all gold, from which few-shot examples are drawn.
        say: receives one line for each finished step.
        count: progress callback of long steps.
        begin: receives each step that begins.
        progress: the finished steps.
    """

    root: Path
    task: str
    game: str
    seed: int
    test: Sequence[Example]
    gold: Sequence[Example]
    say: Say
    count: Count
    begin: Say = lambda _: None
    progress: RunProgress = field(default_factory=RunProgress)

    @property
    def replies(self) -> Path:
        """The cache of the replies of endpoints."""
        return self.root / "replies"

    def folder(self, step: PlannedStep) -> Path:
        """Where the result of a step is saved."""
        return self.root / step.folder

    def cached(
        self,
        step: PlannedStep,
        inputs: Mapping[str, object],
        work: Callable[[Path], Mapping[str, Any]],
        what: str,
        result: Callable[[], str] = lambda: "",
    ) -> Record:
        """Do a step, unless its folder holds the result of the same inputs.

        The callbacks receive a step when it begins and, with its number and the time left, when it is
        finished. A step that was finished before is not reported.

        Args:
            step: the step.
            inputs: everything that decides its result, as JSON values by name.
            work: receives the folder, writes files into it and returns what to report.
            what: the work in a few words.
            result: the result in a few words, which replaces ``what`` at the end.
        """
        folder, seconds = self.folder(step), []

        def timed() -> dict[str, Any]:
            self.begin(f"{step.subject}: {what}")
            start = time.perf_counter()
            facts = work(folder)
            seconds.append(round(time.perf_counter() - start, 3))
            return {**facts, SECONDS: seconds[0]}

        record = cached_step(folder, inputs, timed)
        if seconds:
            self.finish(step, seconds[0], result() or what)
        return record

    def finish(self, step: PlannedStep, seconds: float | None, what: str) -> None:
        """Count a step as finished and report it."""
        self.progress.finish(step, seconds)
        left = self.progress.time_left
        self.say(f"{self.progress.position} {step.subject}: {what}{f', {left}' if left else ''}")

    def examples_digest(self, splits: Splits) -> str:
        """Identity of a round's examples and their splits."""
        return digest([self.task, self.game, splits.table().to_pydict()])
