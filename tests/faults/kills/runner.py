"""Chooses moments, kills a command at each, runs it again, and compares what it leaves."""

from __future__ import annotations

import random
import shutil
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.commands import WritingCommand, content
from tests.faults.kills.victim import RENAMES, Moment, run_command
from w2s.errors import UsageError


@dataclass
class Outcome:
    """How often a command was killed, and what went wrong, one line each."""

    killed: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


class Killing:
    """One command with the files of a run that nobody disturbed."""

    def __init__(self, command: WritingCommand, inputs: Path, folder: Path) -> None:
        self.command, self._inputs, self._folder = command, inputs, folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        record, began = folder / "points", time.monotonic()
        code = self._run(record=record)
        assert code == 0, self._said()
        self._seconds = time.monotonic() - began
        self.points = record.read_text().splitlines()
        self.expected = content(self._out)

    @property
    def _out(self) -> Path:
        return self._folder / "out"

    def _run(self, moment: Moment | None = None, record: Path | None = None) -> int:
        self._out.mkdir(exist_ok=True)
        words = self.command.words(self._inputs, self._out)
        return run_command(words, self._folder / "said", moment, record)

    def _said(self) -> str:
        return (self._folder / "said").read_text(errors="replace")[-600:]

    def moments(self, count: int, seed: int) -> list[Moment]:
        """Up to half around renames, a quarter at other points, and the others by time."""
        draw = random.Random(f"{self.command.name} {seed}")
        numbers = range(1, len(self.points) + 1)
        renames = [n for n in numbers if self.points[n - 1].split()[1] in RENAMES]
        others = [n for n in numbers if n not in renames]
        chosen = draw.sample(renames, min(len(renames), (count + 1) // 2))
        chosen += draw.sample(others, min(len(others), (count + 3) // 4))
        timed = [draw.uniform(0, self._seconds) for _ in range(count - len(chosen))]
        return [Moment(point=n) for n in sorted(chosen)] + [Moment(seconds=s) for s in sorted(timed)]

    def try_moment(self, moment: Moment, outcome: Outcome) -> None:
        """Kill the command at a moment, look at its outputs, run it again, and compare."""
        shutil.rmtree(self._out, ignore_errors=True)
        code = self._run(moment)
        outcome.killed["killed" if code == -signal.SIGKILL else f"ended with {code}"] += 1
        where = f"{self.command.name}, killed at {moment}"
        if moment.point:
            where += f" ({self.points[moment.point - 1]})"
        outcome.failures += [f"{where}: {name} is half" for name in self._half_outputs()]
        code = self._run()
        found = content(self._out)
        if code == UsageError.exit_code and found == self.expected:
            return  # the first run had ended, and its output is not replaced
        if code:
            outcome.failures.append(f"{where}: the same command ends with {code}: {self._said()}")
            return
        names = [f"{name} is left" for name in found if name not in self.expected]
        names += [f"{name} is missing" for name in self.expected if name not in found]
        names += [f"{name} has other bytes" for name in found if found[name] != self.expected.get(name)]
        outcome.failures += [f"{where}: {name}" for name in dict.fromkeys(names)]

    def _half_outputs(self) -> list[str]:
        """Outputs that exist and are not complete."""
        found = content(self._out)
        names = [name for name in self.expected if name.split("/")[0] in self.command.whole]
        names += [name for name in self.command.whole if name in self.expected and name not in names]
        whole_folders = [
            name for name in self.command.whole if name in found and self.expected.get(name) is None
        ]
        half = [name for name in names if name in found and found[name] != self.expected[name]]
        missing = [
            name
            for name in names
            for folder in whole_folders
            if name.startswith(f"{folder}/") and name not in found
        ]
        return half + missing


def kill_command(command: WritingCommand, inputs: Path, folder: Path, moments: int, seed: int) -> Outcome:
    """Kill a command at some moments."""
    outcome, killing = Outcome(), Killing(command, inputs, folder)
    for moment in killing.moments(moments, seed):
        killing.try_moment(moment, outcome)
    return outcome
