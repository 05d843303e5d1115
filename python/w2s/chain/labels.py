"""A teacher's labels, with the evidence that trust reads.

Knows nothing about trust or training.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from w2s.chain.config import ChainConfig
from w2s.chain.steps import Facts, step
from w2s.evidence import Labels, read_labels
from w2s.labelling import LabelSpec, label_file
from w2s.labelling.evidence import as_judge
from w2s.labelling.oracle_columns import load_oracles_by_prefix
from w2s.models import load_model
from w2s.models.few_shot import labelled_shots
from w2s.tasks import Example

FILE = "labels.parquet"
Report = Callable[[int, int], None]


def teacher_labels(
    folder: Path,
    config: ChainConfig,
    examples: Sequence[Example],
    teacher: str,
    student: str,
    inputs: object,
    report: Report,
    shots: Sequence[Example] = (),
) -> tuple[Labels, Facts]:
    """Labels of these examples, in their order, made once and then read; where a model gave none, none.

    ``shots``: gold, of which a language model is shown some where it is asked for confidence in context.
    """

    def work() -> Facts:
        model = load_model(teacher, seed=config.seed)
        judge = load_model(student, seed=config.seed) if "student" in config.evidence else None
        oracles = load_oracles_by_prefix(config.oracles)
        try:
            request = LabelSpec(
                model,
                frozenset(config.evidence) & {"hidden", "afterstate"},
                None if judge is None else as_judge(judge),
                oracles,
                config.asked,
                labelled_shots(shots),
                config.reward,
                config.proposals,
            )
            label_file(examples, request, folder / FILE, overwrite=True, progress=report)
        finally:
            for one in (model, judge, *oracles.values()):
                if one is not None:
                    one.close()
        return {"teacher": teacher, "student": student}

    about = [inputs, teacher, student, config.evidence, config.oracles, config.reward, config.proposals]
    facts = step(folder, about, work)
    labels = read_labels(folder / FILE)
    given = labels.table.column("label").is_valid().to_numpy()
    return (labels if given.all() else labels.take(given)), facts
