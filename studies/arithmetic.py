"""Chains on language models trained here from scratch: sums with worked steps, supervised and by rewards.

    python -m studies.arithmetic --out runs/sums
    python arenas/build/results.py runs/sums-supervised runs/sums-grpo

Two models of letters read what pupils write, see :mod:`studies.sums`; then the small one teaches the
large one. Everything is made once: a killed study continues with the same command. ``--tiny`` only shows that
it works; its numbers are not meaningful. The whole takes about 25 minutes on one core.
"""

from __future__ import annotations

import argparse
import resource
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studies.sums import PROMPT, carries_in_short_sums, carries_now_and_then, examples, write_model
from w2s.chain.config import ChainConfig
from w2s.chain.data.splits import Splits, write_splits
from w2s.chain.run import run
from w2s.config import parse_config

ARMS = (
    "base", "gold", "self", "naive", "random", "confidence", "self_consistency", "logistic",
    "trust", "gold+trust", "gold-then-trust", "trust-then-gold", "ceiling",
)  # fmt: skip
TRAIN: dict[str, dict[str, Any]] = {
    "supervised": {"epochs": 2, "learning_rate": 3e-4, "batch": 16, "micro_batch": 16},
    "grpo": {
        "objective": "grpo", "epochs": 1, "learning_rate": 3e-4, "batch": 64, "micro_batch": 64,
        "group_size": 8,
        "new_tokens": 40, "kl": 0.0, "form_reward": 0.0,
    },
}  # fmt: skip


@dataclass(frozen=True)
class Size:
    """Steps of the reading, and rows and seeds of a chain by its objective: gold, pool, test, seeds."""

    steps: int
    supervised: tuple[int, int, int, int]
    grpo: tuple[int, int, int, int]


WHOLE = Size(steps=700, supervised=(300, 1200, 500, 3), grpo=(160, 320, 500, 3))
TINY = Size(steps=700, supervised=(60, 80, 60, 1), grpo=(60, 48, 60, 1))


def chain_of(objective: str, made: Path, size: Size) -> ChainConfig:
    """One round of every arm."""
    gold, pool, test, seeds = getattr(size, objective)
    options = f"prompt={made / 'prompt.jinja'}&max_new_tokens=40"
    tables = {
        "task": "answer",
        "teacher": f"hf:{made / 'teacher'}?{options}",
        "student": f"hf:{made / 'student'}?{options}",
        "examples": {"files": [str(made / "sums.parquet")], "gold": gold, "pool": pool, "test": test},
        "rounds": 1,
        "seeds": seeds,
        "evidence": ["hidden", "student", "samples:4"],
        "trust": {"function": "neural", "folds": 2},
        "keep": {"top": "50%"},
        "arms": list(ARMS),
        "train": {"finetuning": "full", **TRAIN[objective]},
        "stop": {"collapse": False},
    }
    return parse_config(ChainConfig, tables, "the study")


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the models and the sums, then run both chains."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/sums"), help="the head of the folders' names")
    parser.add_argument("--only", choices=tuple(TRAIN), help="one chain of the two")
    parser.add_argument("--tiny", action="store_true")
    given = parser.parse_args(arguments)
    size = TINY if given.tiny else WHOLE
    made = given.out.with_name(f"{given.out.name}-made")
    made.mkdir(parents=True, exist_ok=True)
    (made / "prompt.jinja").write_text(PROMPT, encoding="utf-8")
    rows = examples(max(sum(size.supervised[:3]), sum(size.grpo[:3])), seed=0)
    write_splits(Splits(rows, [], []), made / "sums.parquet")
    write_model(made / "teacher", carries_in_short_sums, 48, 2, size.steps, seed=0)
    write_model(made / "student", carries_now_and_then, 80, 3, size.steps, seed=1)
    _told("models")
    for objective in [given.only] if given.only else TRAIN:
        folder = given.out.with_name(f"{given.out.name}-{objective}")
        run(chain_of(objective, made, size), folder, say=lambda line: print(line, flush=True))
        _told(str(folder))


def _told(what: str) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(f"{what}: done after {used.ru_utime + used.ru_stime:,.0f} s of processor time", flush=True)


if __name__ == "__main__":
    main()
