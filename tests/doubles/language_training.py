"""What language models are taught in tests: small questions, and a training that is killed at every step."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from w2s.tasks import AnswerExample, ChoiceExample
from w2s.train import LanguageTrainSettings, TrainingSet, TrainStep, train

PICKLES = ("*.bin", "*.pt", "*.pth", "*.pkl")


class KilledError(Exception):
    """What a test raises in the middle of a training."""


def choices(count: int, label: str | None = None) -> TrainingSet:
    examples = [ChoiceExample(f"q{i}", f"{i}?", ("x", "y"), ("AB"[i % 2],)) for i in range(count)]
    return TrainingSet.hard(examples, [label or example.gold[0] for example in examples])


def answers(count: int) -> TrainingSet:
    examples = [AnswerExample(f"q{i}", f"{i}+1?", (str(i + 1),)) for i in range(count)]
    return TrainingSet.hard(examples, [example.gold[0] for example in examples])


def settings(**more: Any) -> LanguageTrainSettings:
    usual = {"epochs": 2, "batch": 8, "micro_batch": 4, "learning_rate": 1e-2, "rank": 4}
    return LanguageTrainSettings(**{**usual, **more})


def weights(folder: Path) -> dict[str, str]:
    found = sorted(folder.glob("*.safetensors"))
    assert found
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def killed_at_every_step(reference: str, rows: TrainingSet, how: LanguageTrainSettings, out: Path) -> int:
    """Train, and raise once after each step; how often that happened."""
    kills = 0
    for at in range(1, 1000):

        def kill(step: TrainStep, at: int = at) -> None:
            if step.done == at:
                raise KilledError

        try:
            train(reference, rows, how, out, progress=kill)
        except KilledError:
            kills += 1
            assert not [path for pattern in PICKLES for path in out.rglob(pattern)]
            continue
        return kills
    raise AssertionError("it never ended")
