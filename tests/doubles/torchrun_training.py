"""A training for torchrun: ``tests.doubles.torchrun_training STUDENT OUT ROWS KILL_AT SETTINGS``.

``ROWS`` is ``choices:20`` or ``answers:6``; ``KILL_AT`` the step behind which every process dies, 0 for none;
``SETTINGS`` are JSON. accelerate knows FSDP on accelerators only; it is told that processors are one.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import accelerate.state

from tests.doubles.language_training import answers, choices, settings
from w2s.train import TrainStep, train


def main(student: str, out: str, rows: str, kill_at: str, more: str) -> None:
    kinds = accelerate.state.DistributedType
    members = {kind.name: kind for kind in kinds} | {"MULTI_NEURON": kinds.MULTI_CPU}
    accelerate.state.DistributedType = SimpleNamespace(**members)

    def watch(step: TrainStep) -> None:
        if step.done == int(kill_at):
            os._exit(9)

    kind, _, count = rows.partition(":")
    what = {"choices": choices, "answers": answers}[kind](int(count))
    how = settings(**{"precision": "float32", "checkpoint_s": 0.0, **json.loads(more)})
    train(f"hf:{student}?device=cpu", what, how, Path(out), progress=watch)


if __name__ == "__main__":
    main(*sys.argv[1:])
