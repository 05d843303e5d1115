"""Start-up time: ``import w2s`` and ``w2s --help``."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from benchmarks.figure import Figure, Measurement, Row, Target
from benchmarks.timing import interleaved

REPEATS = 15
COMMANDS = {
    "import": [sys.executable, "-c", "import w2s"],
    "help": [str(Path(sys.executable).with_name("w2s")), "--help"],
    "bare": [sys.executable, "-c", "pass"],
}
HEAVY = {"torch", "pyarrow.dataset", "chess"}
_HELP_CODE = "from w2s.cli.app import run; run(['--help'])"


def measure() -> Measurement:
    with tempfile.TemporaryDirectory() as cache:
        works = {name: partial(_run, command, cache) for name, command in COMMANDS.items()}
        interleaved(works, 1)  # compiles
        seconds = interleaved(works, REPEATS)
    peer = "python -c pass"
    return Measurement(
        (
            Row(
                "import w2s", "s", seconds["import"], peer, seconds["bare"], Target(most=0.15, of_ratio=False)
            ),
            Row("w2s --help", "s", seconds["help"], peer, seconds["bare"], Target(most=0.4, of_ratio=False)),
        ),
        (_loaded("import w2s", "import w2s"), _loaded("w2s --help", _HELP_CODE)),
    )


def _run(command: list[str], cache: str) -> None:
    """Run a program with its modules compiled before, as an installed package's are."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)


def _loaded(name: str, code: str) -> str:
    """Which heavy modules a program loads, in a separate process."""
    code = f"{code}\nimport sys\nprint(*sys.modules, file=sys.stderr)"
    loaded = set(
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stderr.split()
    )
    if "w2s" not in loaded:
        raise AssertionError(f"{name} did not load w2s")
    heavy = ", ".join(sorted(loaded & HEAVY)) or f"none of {', '.join(sorted(HEAVY))}"
    return f"`{name}` loads {len(loaded)} modules, {heavy}."


def _slowest_imports(count: int = 8) -> str:
    """Modules by the milliseconds that they take themselves, as ``-X importtime`` says."""
    command = [sys.executable, "-X", "importtime", "-c", _HELP_CODE]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    found = re.findall(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)", printed)
    slowest = sorted(((int(own_us), name) for own_us, name in found), reverse=True)[:count]
    return ", ".join(f"{name} {own_us / 1e3:.0f} ms" for own_us, name in slowest)


FIGURE = Figure(
    name="start",
    title="Start-up",
    how=(
        "Whole processes from start to end, modules compiled before, next to a Python that does nothing. "
        f"Medians of {REPEATS} interleaved repeats."
    ),
    measure=measure,
    explain=lambda: f"slowest imports of the help: {_slowest_imports()}",
)
