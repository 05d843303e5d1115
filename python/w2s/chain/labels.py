"""A teacher's labels, with the evidence that trust reads.

Knows nothing about trust or training.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from w2s.chain.config import ChainConfig
from w2s.chain.steps import Facts, step
from w2s.evidence import Labels, read_labels
from w2s.labelling import Request, label_file
from w2s.labelling.oracles import load_by_column
from w2s.labelling.student import as_judge
from w2s.models import load_model
from w2s.tasks import MoveExample

FILE = "labels.parquet"
Report = Callable[[int, int], None]


def teacher_labels(
    folder: Path,
    config: ChainConfig,
    examples: Sequence[MoveExample],
    teacher: str,
    student: str,
    inputs: object,
    report: Report,
) -> tuple[Labels, Facts]:
    """Labels of these examples, in their order, made once and then read."""

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
