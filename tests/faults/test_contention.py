"""Several processes with one output: one does the work, the others are refused or find it finished."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.commands import COMMANDS, WritingCommand, content, write_inputs

pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")

REFUSALS = ("[output-locked]", "-exists]")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    write_inputs(folder)
    return folder


def run_together(command: WritingCommand, inputs: Path, out: Path, count: int) -> list[tuple[int, str]]:
    """Exit codes and messages of processes that start at the same time."""
    out.mkdir()
    line = [sys.executable, "-m", "w2s", *command.words(inputs, out)]
    running = [
        subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(count)
    ]
    messages = [process.communicate(timeout=600)[1] for process in running]
    return [(process.returncode, message) for process, message in zip(running, messages, strict=True)]


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: command.name)
def test_processes_with_one_output_do_not_mix(command: WritingCommand, inputs: Path, tmp_path: Path) -> None:
    ((code, message),) = run_together(command, inputs, tmp_path / "alone", 1)
    assert code == 0, message
    ended = run_together(command, inputs, tmp_path / "together", 3)
    assert 0 in {code for code, _ in ended}
    for code, message in ended:
        assert code == 0 or (code == 2 and message.rstrip().endswith(REFUSALS)), message
    found, alone = content(tmp_path / "together"), content(tmp_path / "alone")
    assert found.keys() == alone.keys()
    assert found == alone or command.names_folder
    assert not [name for name in found if Path(name).name.startswith(".")]
