"""Labels of gold and pool in a round: of one teacher, or of one for each where gold is of another game.

Knows nothing about trust or training.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from w2s.chain import domains
from w2s.chain.config import ChainConfig
from w2s.chain.examples.splits import Splits
from w2s.chain.labels import teacher_labels
from w2s.chain.steps import Facts, digest_of
from w2s.evidence import Labels
from w2s.tasks import Example

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class RoundLabels:
    """Labels of gold and pool in the order of their examples, all proposals of each, and the digest of what
    they were made of."""

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

    An example whose label holds no answer has none. Of two games only the columns are kept that both have.
    """
    foreign = foreign_labels(run_folder, config, splits.gold, report)
    if foreign is None and config.regime.name == "ood_domain":
        return _of_two_tasks(folder, config, splits, teacher, student, inputs, report)
    if foreign is None:
        examples = [*splits.gold, *splits.pool]
        labels, facts = teacher_labels(
            folder, config, examples, teacher, student, inputs, report, splits.gold
        )
        golden = {example.id for example in splits.gold}
        inside = np.array([id_ in golden for id_ in labels.example_ids], bool)
        return RoundLabels(labels.take(inside), labels.take(~inside), facts["step"])
    gold, known = foreign
    pool, facts = teacher_labels(
        folder, _bare(config), splits.pool, teacher, student, inputs, report, splits.gold
    )
    return RoundLabels(*domains.shared(gold, pool), digest_of([known["step"], facts["step"]]))


def _of_two_tasks(
    folder: Path,
    config: ChainConfig,
    splits: Splits,
    teacher: str,
    student: str,
    inputs: object,
    report: Report,
) -> RoundLabels:
    """Labels of a teacher that answers both tasks: its states mean the same in both."""
    found = [
        teacher_labels(place, config, examples, teacher, student, inputs, report, splits.gold)
        for place, examples in ((folder / "gold", splits.gold), (folder, splits.pool))
    ]
    (gold, first), (pool, second) = found
    return RoundLabels(*domains.shared(gold, pool, vectors=True), digest_of([first["step"], second["step"]]))


def foreign_labels(
    run_folder: Path, config: ChainConfig, gold: Sequence[Example], report: Report
) -> tuple[Labels, Facts] | None:
    """Labels of gold of another game by its own teacher, the same in every round; None where it has none."""
    teacher = config.regime.gold_teacher
    if teacher is None:
        return None
    ids = [example.id for example in gold]
    return teacher_labels(run_folder / "gold-labels", _bare(config), gold, teacher, "", ids, report, gold)


def _bare(config: ChainConfig) -> ChainConfig:
    """Without the vectors and the student's view, which two games do not share."""
    return config.model_copy(update={"evidence": ()})
