"""Progress of a running chain: its finished steps, their durations, and the estimated time left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from w2s.chain.plan import PlannedStep
from w2s.resume import STEP, Record

SECONDS = "step_seconds"
"""The fact in the record of a step with its duration."""
_UNITS = {"label": 1.0, "evidence": 1.0, "test": 1.0, "train": 6.0}
"""Cost of a row by the kind of work. A trained row counts as six: forward and backward, in two epochs."""
_MINUTE = 60


@dataclass
class RunProgress:
    """The finished steps of a plan.

    Attributes:
        steps: all steps of the plan, by folder.
        finished: folders of the steps that are finished.
        seconds: durations of finished steps by folder, as far as they are known.

    Example:
        >>> from w2s.chain.plan import PlannedTest, Work
        >>> work = (Work("test", "base", "policy:a", 100),)
        >>> steps = [PlannedTest(folder=name, round=0, arm=name, work=work, model="") for name in "abc"]
        >>> progress = RunProgress.of(steps)
        >>> progress.finish(steps[0], 90.0)
        >>> progress.position, progress.time_left
        ('[step 1 of 3]', 'about 3 min left')
    """

    steps: dict[str, PlannedStep] = field(default_factory=dict)
    finished: set[str] = field(default_factory=set)
    seconds: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, steps: Iterable[PlannedStep], root: Path | None = None) -> RunProgress:
        """The progress of a plan; steps whose record is below ``root`` are finished."""
        found = cls({step.folder: step for step in steps})
        for step in found.steps.values():
            record = None if root is None else Record.read(root / step.folder / STEP)
            if record is not None:
                found.finish(step, record.facts.get(SECONDS))
        return found

    def finish(self, step: PlannedStep, seconds: float | None) -> None:
        """Count a step as finished."""
        self.finished.add(step.folder)
        if seconds is not None:
            self.seconds[step.folder] = seconds

    def is_finished(self, step: PlannedStep) -> bool:
        """Whether a step is finished."""
        return step.folder in self.finished

    def is_round_finished(self, number: int) -> bool:
        """Whether all steps of a round are finished."""
        return all(self.is_finished(step) for step in self.steps.values() if step.round == number)

    @property
    def position(self) -> str:
        """The number of finished steps, as ``[step 7 of 21]``."""
        return f"[step {len(self.finished)} of {len(self.steps)}]"

    @property
    def time_left(self) -> str:
        """The time that is left, such as ``about 9 min left``; empty if nothing is left or it is not known.

        A step is expected to take as long as finished steps of its kind and models, per unit of work. The
        text begins with ``more than`` if steps are left of a kind that has no finished step.
        """
        left = [step for folder, step in self.steps.items() if folder not in self.finished]
        expected = [self._expected(step) for step in left]
        known = [seconds for seconds in expected if seconds is not None]
        if not known:
            return ""
        total = sum(known)
        if len(known) == len(left):
            return f"about {_duration(total)} left" if total >= _MINUTE else "less than a minute left"
        return f"more than {_duration(total)} left" if total >= _MINUTE else ""

    def _expected(self, step: PlannedStep) -> float | None:
        """Seconds that a step is expected to take; None if no step of its kind was timed."""
        timed = [done for folder, done in self.steps.items() if folder in self.seconds]
        same_kind = [done for done in timed if done.kind == step.kind]
        same_models = [done for done in same_kind if _models(done) == _models(step)]
        measured = same_models or same_kind
        units = sum(map(_units, measured))
        if not units:
            return None
        return _units(step) * sum(self.seconds[done.folder] for done in measured) / units


def _models(step: PlannedStep) -> Sequence[str]:
    return [work.model for work in step.work]


def _units(step: PlannedStep) -> float:
    """The cost of a step relative to others of its kind."""
    return sum(work.rows * _UNITS[work.kind] for work in step.work) if step.work else 1.0


def _duration(seconds: float) -> str:
    """Seconds in words, rounded to minutes: ``9 min``, ``2 h 5 min``."""
    minutes = round(seconds / _MINUTE)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
