"""A training killed at any moment: the next run ends with the same bytes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.doubles.nets import write_policy

pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")

PROGRAM = """
import os, signal, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from w2s.games import game
from w2s.tasks import MoveExample
from w2s.train import PolicyTrainSettings, TrainingSet, train

student, out, kill_at = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
states = [game("connect_four").state(moves=[a, b]) for a in "1234567" for b in "1234567"]
examples = [MoveExample(f"{i}", state) for i, state in enumerate(states)]
rows = TrainingSet.hard(examples, [state.legal_moves()[i % 7] for i, state in enumerate(states)])

def report(step):
    print(step.done, flush=True)
    if step.done == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)

settings = PolicyTrainSettings(
    epochs=6, batch=8, learning_rate=1e-2, holdout=0.1, patience=6, checkpoint_s=0.0, device="cpu"
)
train(student, rows, settings, out, progress=report)
"""


def start(student: Path, out: Path, kill_at: int = -1) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", PROGRAM, f"policy:{student}", str(out), str(kill_at)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


def steps(process: subprocess.Popen[str]) -> list[int]:
    said, _ = process.communicate(timeout=120)
    return [int(line) for line in said.split()]


@pytest.mark.slow
def test_a_killed_training_resumes_to_the_same_bytes(tmp_path: Path) -> None:
    student = write_policy(tmp_path / "student", "connect_four")
    whole = start(student, tmp_path / "whole")
    assert steps(whole) == list(range(1, 37))
    expected = (tmp_path / "whole" / "model.safetensors").read_bytes()

    killed = start(student, tmp_path / "out", kill_at=13)
    assert steps(killed)[-1] == 13
    assert killed.returncode == -signal.SIGKILL

    seed = int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}")  # shown where the test fails
    killed = start(student, tmp_path / "out")  # killed from outside, wherever it is
    assert killed.stdout is not None
    assert int(killed.stdout.readline()) == 14
    time.sleep(random.Random(seed).random() / 20)
    killed.kill()
    killed.communicate(timeout=60)

    (tmp_path / "out" / ".checkpoint.safetensors.1-abcdef.part").write_bytes(b"half a checkpoint")
    last = start(student, tmp_path / "out")
    left = steps(last)
    assert not left or left[-1] == 36
    assert (tmp_path / "out" / "model.safetensors").read_bytes() == expected
