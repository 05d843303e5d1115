"""The measures of an analysis, as a table; the command line, the run and the documentation read it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec

from w2s.analysis.blind_spot_rows import blind_spot_steps, measure_blind_spots
from w2s.analysis.context import Analysis, measure_step, view_folder
from w2s.analysis.control_arms import control_steps, measure_controls
from w2s.analysis.easy_rows import map_steps, measure_difficulty, measure_map
from w2s.analysis.gradient_groups import LEAST, measure_gradients
from w2s.analysis.reference_labels import measure_reference, reference_steps
from w2s.analysis.report import Measurement
from w2s.analysis.run_rows import RunRows
from w2s.chain.plan import PlannedStep
from w2s.models.reference import resolve_reference

_NETS = ("policy", "lc0")
_LANGUAGE = "hf"


@dataclass(frozen=True)
class AnalysisMeasure:
    """A measure.

    Attributes:
        name: the name on the command line and in ``analysis.json``.
        question: the question that it answers.
        doc: one line on how.
        work: computes it.
        refuse: why a run does not have it; None if it has.
        steps: the steps that it does besides its own; the second argument are references of oracles.
        columns: the columns that it adds to ``rows.parquet``.
        sees_labels: whether it needs the untrained student's view of the labels.
    """

    name: str
    question: str
    doc: str
    work: Callable[[Analysis], Measurement]
    refuse: Callable[[RunRows], str | None]
    steps: Callable[[RunRows, Sequence[str]], list[PlannedStep]] = field(default=lambda _run, _oracles: [])
    columns: tuple[str, ...] = ()
    sees_labels: bool = False

    def planned(self, run: RunRows, oracles: Sequence[str]) -> list[PlannedStep]:
        """All its steps, its own last."""
        seen = []
        if self.sees_labels:
            seen = [
                measure_step(run, view_folder(run, seed), "student's view", len(seed)) for seed in run.seeds
            ]
        return [*seen, *self.steps(run, oracles), measure_step(run, self.name, self.name)]


# Why a run does not have a measure --------------------------------------------------------------------------


def _no_torch() -> str | None:
    if find_spec("torch") is None:
        return "it runs models, which needs more packages: pip install 'w2s[models]'"
    return None


def _kind(reference: str) -> str:
    return resolve_reference(reference).kind


def _not_a_net(run: RunRows) -> str | None:
    if _kind(run.untrained) not in _NETS:
        return f"the student {run.untrained} is not a policy net"
    return _no_torch()


def _keeps_all(run: RunRows) -> str | None:
    if all(seed.kept.all() for seed in run.seeds):
        return "trust keeps every row, so nothing is dropped to compare with"
    return None


def _no_distribution(run: RunRows) -> str | None:
    if run.config.task == "answer" or _kind(run.untrained) not in (*_NETS, _LANGUAGE):
        return f"the student {run.untrained} does not give probabilities of all labels"
    return _no_torch()


def _no_controls(run: RunRows) -> str | None:
    if run.config.teach.soft != "none":
        return "the arm trust learns soft labels, which control arms do not have"
    if not all(seed.knows_answers for seed in run.seeds):
        return "the answers of the pool are not known, so purity is unknown too"
    if run.config.task == "answer":
        return "students learn worked answers, which control arms do not have"
    return _keeps_all(run) or _no_torch()


def _no_gradients(run: RunRows) -> str | None:
    for seed in run.seeds:
        fewest = min(int(seed.kept.sum()), int((~seed.kept).sum()))
        if fewest < LEAST:
            return f"it compares at least {LEAST} kept and {LEAST} dropped rows, and one group has {fewest}"
    return _not_a_net(run)


def _no_reference(run: RunRows) -> str | None:
    if run.config.task != "move":
        return f"oracles judge moves, and the task is {run.config.task}"
    if not all(seed.knows_answers for seed in run.seeds):
        return "the answers of the pool are not known, and the measure compares labels with them"
    return None


def _no_blind_spots(run: RunRows) -> str | None:
    for reference in (run.config.teacher, run.untrained):
        if _kind(reference) not in (*_NETS, _LANGUAGE):
            return f"{reference} gives no probability of its answers"
    return _no_torch()


# The table --------------------------------------------------------------------------------------------------


_TABLE = (
    AnalysisMeasure(
        "difficulty",
        "Does trust keep easy rows?",
        "rank correlation of trust with the rating, and with the untrained student's loss and EL2N",
        measure_difficulty,
        _no_distribution,
        columns=("difficulty", "loss", "el2n"),
        sees_labels=True,
    ),
    AnalysisMeasure(
        "map",
        "Where do kept rows lie on the data map?",
        "mean and spread over epochs of the probability of the label, in a training on all labels",
        measure_map,
        _not_a_net,
        lambda run, _: map_steps(run),
        columns=("map_confidence", "map_variability"),
    ),
    AnalysisMeasure(
        "controls",
        "Is it difficulty, purity or order that helps?",
        "control arms with trust's difficulties, trust's purity, and kept rows from easy to hard and back",
        measure_controls,
        _no_controls,
        lambda run, _: control_steps(run),
        sees_labels=True,
    ),
    AnalysisMeasure(
        "reference",
        "Are labels that differ from the reference answer better than it?",
        "regret of both by outside oracles, at margins of 0, 10 and 25 hundredths",
        measure_reference,
        _no_reference,
        reference_steps,
    ),
    AnalysisMeasure(
        "gradients",
        "Are the gradients of kept rows more aligned and of lower rank?",
        "m-coherence, cosines, effective rank, stable rank and nuclear norm, raw and of unit length",
        measure_gradients,
        _no_gradients,
        columns=("grad_norm", "grad_cos_gold"),
        sees_labels=True,
    ),
    AnalysisMeasure(
        "blind-spots",
        "Where is the student sure and wrong?",
        "share of test rows where it is and the teacher was unsure; spread of students over seeds",
        measure_blind_spots,
        _no_blind_spots,
        lambda run, _: blind_spot_steps(run),
    ),
)
MEASURES: dict[str, AnalysisMeasure] = {measure.name: measure for measure in _TABLE}
"""All measures by name, in the order in which they are shown."""
ROW_COLUMNS = tuple(column for measure in _TABLE for column in measure.columns)
"""Columns that measures add to ``rows.parquet``."""
