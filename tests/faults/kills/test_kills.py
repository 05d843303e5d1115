"""A command that is killed and run again ends with the same bytes, and leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.commands import COMMANDS

pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")


@pytest.fixture(scope="module")
def lines(root: Path) -> list[str]:
    """What a small run of the suite prints; it forks, so it is a process of its own."""
    words = [sys.executable, "-m", "tests.faults.kills", "--moments", "4", "--seed", "1"]
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout.splitlines()


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_killed_command_ends_with_the_same_bytes(lines: list[str], name: str) -> None:
    assert any(line.startswith(f"{name}: ") for line in lines)
    assert [line for line in lines if line.startswith(f"FAILED {name},")] == []
