"""A command that is killed and run again ends with the same bytes, and leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.kills.commands import COMMANDS

pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_killed_command_ends_with_the_same_bytes(root: Path, name: str) -> None:
    words = [sys.executable, "-m", "tests.faults.kills", "--moments", "4", "--seed", "1", "--command", name]
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
