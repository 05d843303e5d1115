"""ScriptedEngines engines for tests: their commands and models, and a check that no process is left."""

from __future__ import annotations

import os
import shlex
import sys
import time
import uuid
from collections.abc import Mapping
from pathlib import Path

from w2s.models.uci import UciModel
from w2s.models.uci.play import SearchSettings
from w2s.models.uci.protocol import SearchLimits

_PROGRAM = Path(__file__).with_name("scripted_engine.py")
_MOMENT_S = 5.0


class ScriptedEngines:
    """Engines of one test; leaving the ``with`` block asserts that none of their processes is left."""

    def __init__(self, folder: Path) -> None:
        self.tag = f"scripted-{uuid.uuid4().hex}"
        self.log = folder / f"{self.tag}.log"

    def __enter__(self) -> ScriptedEngines:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        left = self.left()
        if kind is None:
            assert left == {}, f"processes are left: {left}"

    def command(self, *words: str) -> list[str]:
        """Program and arguments."""
        logged = ["--log", str(self.log), "--tag", self.tag]
        return [sys.executable, str(_PROGRAM), *words, *logged]

    def reference(self, *words: str, **options: object) -> str:
        """The same as a model reference."""
        pairs = "&".join(f"{name}={value}" for name, value in options.items())
        return f"uci:{shlex.join(self.command(*words))}?{pairs}"

    def model(
        self,
        *words: str,
        options: Mapping[str, str] | None = None,
        timeout_s: float = 10.0,
        concurrency: int = 1,
        limits: SearchLimits | None = None,
    ) -> UciModel:
        """A model of the engine; one node is its limit where none is given."""
        settings = SearchSettings(SearchLimits(nodes=1) if limits is None else limits, timeout_s=timeout_s)
        command = self.command(*words)
        return UciModel("uci:scripted", command, settings, options or {}, concurrency=concurrency)

    def heard(self) -> list[tuple[int, str]]:
        """Every command that the engines read, with the number of the process, in order."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [(int(pid), said) for pid, _, said in (line.partition(" ") for line in lines)]

    def alive(self) -> dict[int, str]:
        """Processes of this test that are not zombies, by number."""
        return processes_with(self.tag)

    def count(self, expected: int) -> int:
        """How many processes there are, once there are as many as expected or a moment has passed.

        A process shows no command line while it becomes another program.
        """
        end = time.monotonic() + _MOMENT_S
        while len(self.alive()) != expected and time.monotonic() < end:
            time.sleep(0.01)
        return len(self.alive())

    def left(self) -> dict[int, str]:
        """Processes that are still there after a moment to leave."""
        self.count(0)
        return self.alive()


def processes_with(mark: str) -> dict[int, str]:
    """Processes whose command line contains a mark, in any group or session, without zombies.

    A supervisor has the command of its engine as arguments, and is left out.
    """
    found: dict[int, str] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                line = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
            except OSError:  # it has just left
                continue
            if mark.encode() in line and b"/supervisor.py " not in line:
                found[int(folder.name)] = line.decode("utf-8", "replace")
    return found
