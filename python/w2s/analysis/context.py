"""What all measures of an analysis share: the rows of the run, the steps that are done once, and limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from w2s.analysis.difficulty import el2n
from w2s.analysis.result import Doubles
from w2s.analysis.run_rows import RunRows, SeedRows
from w2s.chain.context import RunContext
from w2s.chain.plan import PlannedStep, Work
from w2s.chain.progress import SECONDS
from w2s.evidence import read_table, write_table
from w2s.models import SupportsDistribution, load_model
from w2s.resume import Record
from w2s.tasks import Example

FOLDER = "analysis"
"""The folder of an analysis in that of the run, if no other is named."""
VIEW = "student-view"
_BATCH = 512


@dataclass(frozen=True, kw_only=True)
class PlannedMeasure(PlannedStep):
    """A measure, or evidence about rows that measures share."""

    kind: ClassVar[str] = "measure"


@dataclass(frozen=True, kw_only=True)
class PlannedArmTraining(PlannedStep):
    """A training of the analysis, and the evaluation of its student."""

    kind: ClassVar[str] = "train"


@dataclass(frozen=True)
class StudentView:
    """How probable the untrained student finds labels, of n rows.

    Attributes:
        probability: of the label, shape (n,).
        sum_of_squares: of all probabilities of the row, shape (n,).
    """

    probability: Doubles
    sum_of_squares: Doubles

    @property
    def loss(self) -> Doubles:
        """The loss of the untrained student on the label, in nats, shape (n,)."""
        return np.asarray(-np.log(np.maximum(self.probability, np.finfo(np.float32).tiny)))

    @property
    def el2n(self) -> Doubles:
        """The length of the error vector, shape (n,)."""
        return el2n(self.probability, self.sum_of_squares)


@dataclass(frozen=True)
class Analysis:
    """One round of a run, and how it is measured.

    Attributes:
        run: the rows.
        context: runs steps and reports progress, see :class:`w2s.chain.context.RunContext`.
        rows: the most rows of a group for expensive measures; None for the default of each.
        oracles: references of outside oracles.
        steps: the planned steps by their folder in that of the round.
    """

    run: RunRows
    context: RunContext
    rows: int | None = None
    oracles: Sequence[str] = ()
    steps: Mapping[str, PlannedStep] = field(default_factory=dict)

    @property
    def seed(self) -> int:
        """Random seed of all draws."""
        return self.run.config.seed

    def limit(self, default: int) -> int:
        """The most rows of a group."""
        return default if self.rows is None else self.rows

    def cached(
        self,
        folder: str,
        inputs: Mapping[str, object],
        work: Callable[[Path], Mapping[str, Any]],
        what: str,
        result: Callable[[], str] = lambda: "",
    ) -> Record:
        """Do a planned step, unless its folder holds the result of the same inputs."""
        made_of = {"rows": [seed.identity for seed in self.run.seeds], **inputs}
        record = self.context.cached(self.steps[folder], made_of, work, what, result)
        self.context.progress.finish(self.steps[folder], record.facts.get(SECONDS))
        return record

    def place(self, folder: str) -> Path:
        """Where the result of a step is saved."""
        return self.context.folder(self.steps[folder])

    def student_view(self, seed: SeedRows) -> StudentView:
        """How the model from which the arm trust started sees the labels; computed once."""
        folder = view_folder(self.run, seed)

        def work(place: Path) -> dict[str, Any]:
            found = label_probabilities(seed.start, seed.examples, seed.labels, self.context.count)
            columns = {"id": seed.ids, "probability": found.probability, "squares": found.sum_of_squares}
            write_table(pa.table(columns), place / "view.parquet")
            return {}

        what = f"the untrained student sees {len(seed):,} labels"
        self.cached(folder, {"labels": seed.labels}, work, what)
        table = read_table(self.place(folder) / "view.parquet")
        return StudentView(*(np.asarray(table.column(name)) for name in ("probability", "squares")))


def view_folder(run: RunRows, seed: SeedRows) -> str:
    """The folder of the student's view; seeds with the same labels and start share one."""

    def key(one: SeedRows) -> object:
        return one.start, one.ids, one.labels

    first = next(one for one in run.seeds if key(one) == key(seed))
    return f"seed-{first.seed}/{VIEW}"


def label_probabilities(
    reference: str,
    examples: Sequence[Example],
    labels: Sequence[str],
    count: Callable[[int, int], None] = lambda *_: None,
) -> StudentView:
    """How probable a model finds labels; it must give distributions.

    Args:
        reference: reference of the model.
        examples: n examples.
        labels: one label of each.
        count: progress callback ``(done, total)``.
    """
    model = load_model(reference)
    assert isinstance(model, SupportsDistribution)
    probability, squares = [], []
    try:
        for start in range(0, len(examples), _BATCH):
            part = slice(start, start + _BATCH)
            for found, label in zip(model.distributions(examples[part]), labels[part], strict=True):
                probability.append(found.get(label, 0.0))
                squares.append(float(np.square([*found.values()]).sum()))
            count(len(probability), len(examples))
    finally:
        model.close()
    return StudentView(np.array(probability, np.float64), np.array(squares, np.float64))


def measure_step(run: RunRows, folder: str, what: str, rows: int = 0) -> PlannedMeasure:
    """A planned step of a measure."""
    work = (Work("test", what, run.untrained, rows),) if rows else ()
    return PlannedMeasure(
        folder=_place(run, folder), round=run.round, arm=what, title=_title(run, folder), work=work
    )


def training_step(run: RunRows, folder: str, what: str, rows: int) -> PlannedArmTraining:
    """A planned step that trains."""
    work = (Work("train", what, run.untrained, rows), Work("test", what, run.untrained, rows))
    return PlannedArmTraining(
        folder=_place(run, folder), round=run.round, arm=what, title=_title(run, folder), work=work
    )


def _place(run: RunRows, folder: str) -> str:
    return f"round-{run.round}/{folder}"


def _title(run: RunRows, folder: str) -> str:
    seed, _, rest = folder.partition("/")
    names = [run.title]
    if rest and len(run.seeds) > 1:
        names.append(seed.replace("-", " "))
    return ", ".join(names)
