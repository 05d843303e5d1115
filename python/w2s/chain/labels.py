"""The teachers' labels of gold and pool, with the evidence that trust reads.

Knows nothing about trust or training.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from w2s.chain import domains
from w2s.chain.config import ChainConfig
from w2s.chain.splits import Splits
from w2s.chain.steps import Facts, digest_of, step
from w2s.evidence import Labels, read_labels
from w2s.labelling import Request, label_file
from w2s.labelling.oracles import load_by_column
from w2s.labelling.student import as_judge
from w2s.models import load_model
from w2s.tasks import MoveExample

FILE = "labels.parquet"
Report = Callable[[int, int], None]


@dataclass(frozen=True)
class RoundLabels:
    """Labels of gold and pool, in the order of their examples, and the digest of what they were made of."""

    gold: Labels
    pool: Labels
    step: str


def round_labels(
    folder: Path,
    run_folder: Path,
    config: ChainConfig,
    splits: Splits,
    teacher: str,
    student: str,
    inputs: object,
    report: Report,
) -> RoundLabels:
    """The teacher's labels of gold and pool; where gold is of another game, those of its own teacher.

    Of two games only the columns are kept that both have.
    """
    foreign = foreign_labels(run_folder, config, splits.gold, report)
    if foreign is None:
        examples = [*splits.gold, *splits.pool]
        labels, facts = teacher_labels(folder, config, examples, teacher, student, inputs, report)
        n_gold = len(splits.gold)
        gold, pool = labels.take(np.arange(n_gold)), labels.take(np.arange(n_gold, len(labels)))
        return RoundLabels(gold, pool, facts["step"])
    gold, known = foreign
    pool, facts = teacher_labels(folder, _bare(config), splits.pool, teacher, student, inputs, report)
    return RoundLabels(*domains.shared(gold, pool), digest_of([known["step"], facts["step"]]))


def foreign_labels(
    run_folder: Path, config: ChainConfig, gold: list[MoveExample], report: Report
) -> tuple[Labels, Facts] | None:
    """Labels of gold of another game by its own teacher, the same in every round; None where it has none."""
    teacher = config.regime.gold_teacher
    if teacher is None:
        return None
    ids = [example.id for example in gold]
    return teacher_labels(run_folder / "gold-labels", _bare(config), gold, teacher, "", ids, report)


def _bare(config: ChainConfig) -> ChainConfig:
    """Without the vectors and the student's view, which two games do not share."""
    return config.model_copy(update={"evidence": ()})


def teacher_labels(
    folder: Path,
    config: ChainConfig,
    examples: list[MoveExample],
    teacher: str,
    student: str,
    inputs: object,
    report: Report,
) -> tuple[Labels, Facts]:
    """A teacher's labels of some examples, made once and then read."""

    def work() -> Facts:
        model = load_model(teacher, seed=config.seed)
        judge = load_model(student, seed=config.seed) if "student" in config.evidence else None
        oracles = load_by_column(config.oracles)
        try:
            request = Request(
                model,
                frozenset(config.evidence) - {"student"},
                None if judge is None else as_judge(judge),
                oracles,
            )
            label_file(examples, request, folder / FILE, overwrite=True, report=report)
        finally:
            for one in (model, judge, *oracles.values()):
                if one is not None:
                    one.close()
        return {"teacher": teacher, "student": student}

    about = [inputs, teacher, student, config.evidence, config.oracles]
    facts = step(folder, about, work)
    return read_labels(folder / FILE), facts
