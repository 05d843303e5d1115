"""Several processes with one output: one does the work, the others are refused or find it finished."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path

import pytest

from tests.faults.commands import COMMANDS, Command, contents, write_inputs

REFUSALS = ("[output-locked]", "-exists]")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_inputs(tmp_path_factory.mktemp("inputs"))


def run_together(command: Command, inputs: Path, folder: Path, count: int) -> list[tuple[int, str]]:
    """Exit codes and messages of processes that start at the same time."""
    line = command.line(inputs, folder)
    running = [
        subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(count)
    ]
    return [(process.communicate(timeout=300)[1], process.returncode)[::-1] for process in running]


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_processes_with_one_output_do_not_mix(command: Command, inputs: Path, tmp_path: Path) -> None:
    if command.needs_torch and importlib.util.find_spec("torch") is None:
        pytest.skip("needs torch: pip install 'w2s[models]'")
    alone, together = tmp_path / "alone", tmp_path / "together"
    for folder in (alone, together):
        folder.mkdir()
    ((code, error),) = run_together(command, inputs, alone, 1)
    assert code == 0, error
    ended = run_together(command, inputs, together, 3)
    assert 0 in {code for code, _ in ended}
    for code, error in ended:
        assert code == 0 or (code == 2 and error.rstrip().endswith(REFUSALS)), error
    assert contents(together) == contents(alone)
    assert not [name for name in contents(together) if name.startswith(".")]
