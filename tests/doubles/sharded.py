"""A training whose weights lie in parts, for torchrun: ``tests.doubles.sharded STUDENT OUT METHOD KILL_AT``.

accelerate knows FSDP on accelerators only; it is told that processors are one. ``KILL_AT`` is the step behind
which every process dies, 0 for none.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import accelerate.state

from tests.doubles.learning import choices, settings
from w2s.train import Step, train


def main(student: str, out: str, method: str, kill_at: str) -> None:
    kinds = accelerate.state.DistributedType
    members = {kind.name: kind for kind in kinds} | {"MULTI_NEURON": kinds.MULTI_CPU}
    accelerate.state.DistributedType = SimpleNamespace(**members)

    def watch(step: Step) -> None:
        if step.done == int(kill_at):
            os._exit(9)

    how = settings(method=method, together=2, precision="float32", holdout=0.2, checkpoint_s=0.0)
    train(f"hf:{student}?device=cpu", choices(20), how, Path(out), watch=watch)


if __name__ == "__main__":
    main(*sys.argv[1:])
