"""Training and evaluation of one student."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from w2s.chain.context import RunContext
from w2s.chain.plan import Model, PlannedStep, PlannedTest, PlannedTraining
from w2s.chain.training_data import build_stage, stage_inputs
from w2s.chain.training_inputs import TrainingInputs
from w2s.errors import DataError
from w2s.evidence import read_table, write_table
from w2s.labelling import evaluate_models
from w2s.metrics import accuracy
from w2s.models import SupportsValues, load_model
from w2s.models.few_shot import Shots, labelled_shots
from w2s.models.policy.settings import with_lookahead_of
from w2s.tasks import Example
from w2s.train import TrainingSet, TrainStep, parse_settings, train

ANSWERS = "answers.parquet"
Correct = npt.NDArray[np.float64]
"""Which test rows are answered right, 0 or 1, shape (n_test,)."""
Values = npt.NDArray[np.float64]
"""Values of the test positions, -1 to 1, shape (n_test,)."""


@dataclass(frozen=True)
class TrainResult:
    """A trained student.

    Attributes:
        model: its reference.
        correct: which test rows it answers right; None if it was not evaluated.
        values: its values of the test positions; None without a value head.
        rows: distinct examples that it learned, over all stages.
        seconds: duration of all stages.
        example_ids: ids of the examples that it learned, with those that its start had learned.
        digest: identity of the step, an input of later steps.
    """

    model: str
    correct: Correct | None
    values: Values | None
    rows: int
    seconds: float
    example_ids: frozenset[str]
    digest: str

    @property
    def tested(self) -> Correct:
        """The answers to the test; only for a student that was evaluated."""
        assert self.correct is not None
        return self.correct


def teacher_reference(configured: str, trained: TrainResult | None) -> str:
    """The reference of the teacher of a round; a student looks ahead as the first teacher does.

    Args:
        configured: reference of the first teacher, as the configuration names it.
        trained: the student of the round before that teaches; None in the first round.
    """
    return configured if trained is None else with_lookahead_of(trained.model, configured)


class StudentTrainer:
    """Carries out planned trainings; each is done once in a run, and then read from its folder.

    Args:
        context: context of the run.
        settings: settings of trainings, see :func:`w2s.train.parse_settings`.
        later_rate: learning rate of later stages, as a share of the first.
    """

    def __init__(self, context: RunContext, settings: Mapping[str, Any], later_rate: float) -> None:
        """Keep what all trainings share."""
        self.context = context
        self._settings = dict(settings)
        self._later_rate = later_rate
        self._results: dict[str, TrainResult] = {}

    def train(self, step: PlannedTraining, inputs: TrainingInputs) -> TrainResult:
        """Train a student as planned, and first the students from which it starts.

        Args:
            step: the training.
            inputs: what its training set is made of.
        """
        if step.folder in self._results:
            return self._results[step.folder]
        before = None
        if isinstance(step.start, PlannedTraining):
            before = self.train(step.start, inputs)
        rows = build_stage(step.stage, inputs)
        found = self._train(step, before, rows, inputs)
        self._results[step.folder] = found
        return found

    def trained(self, model: Model) -> TrainResult | None:
        """The result of a training that was carried out before; None for a model of the configuration."""
        return self._results[model.folder] if isinstance(model, PlannedTraining) else None

    def _train(
        self,
        step: PlannedTraining,
        before: TrainResult | None,
        rows: TrainingSet,
        inputs: TrainingInputs,
    ) -> TrainResult:
        context, settings, seed = self.context, self._settings, inputs.seed
        start = step.start if isinstance(step.start, str) else _result(before).model
        if step.is_later:
            settings = with_lr_scale(start, settings, self._later_rate)

        def count(done: TrainStep) -> None:
            context.count(done.done, done.total)

        def work(folder: Path) -> dict[str, Any]:
            begin = time.perf_counter()
            parsed = parse_settings(start, settings, seed)
            model = train(start, rows, parsed, folder / "student", progress=count)
            seconds = time.perf_counter() - begin
            if step.is_tested:
                evaluate(folder, model, context)
            return {"model": model, "rows": n_examples(rows), "seconds": round(seconds, 1)}

        made_of = {
            **stage_inputs(step.stage, inputs),
            "arm": step.arm,
            "rows": [example.id for example in rows.examples],
            "start": start,
            "earlier_training": None if before is None else before.digest,
            "settings": settings,
            "seed": seed,
        }
        what = f"the student learns {len(rows):,} {'more ' if step.is_later else ''}rows"
        record = context.cached(step, made_of, work, what, lambda: self._result_text(step, what))
        found = TrainResult(
            record.facts["model"],
            read_correct(context.folder(step), context.test) if step.is_tested else None,
            read_values(context.folder(step), context.test) if step.is_tested else None,
            record.facts["rows"],
            record.facts["seconds"],
            frozenset(example.id for example in rows.examples),
            record.digest,
        )
        return found if before is None else _after(before, found, with_costs=step.is_later)

    def _result_text(self, step: PlannedTraining, what: str) -> str:
        return accuracy_text(self.context, step) if step.is_tested else what


def _result(found: TrainResult | None) -> TrainResult:
    assert found is not None
    return found


def _after(first: TrainResult, second: TrainResult, *, with_costs: bool) -> TrainResult:
    """A student that started from another; rows and seconds of stages add up, those of a warm start do not
    count."""
    found = replace(second, example_ids=first.example_ids | second.example_ids)
    if not with_costs:
        return found
    return replace(found, rows=first.rows + second.rows, seconds=round(first.seconds + second.seconds, 1))


def evaluate_untrained(step: PlannedTest, context: RunContext, examples_digest: str) -> Correct:
    """Evaluate a model without training; few-shot examples are drawn from gold."""

    def work(folder: Path) -> dict[str, Any]:
        evaluate(folder, step.model, context, labelled_shots(context.gold), context.replies)
        return {"model": step.model}

    inputs = {"examples": examples_digest, "model": step.model}
    what = f"{step.model} answers {len(context.test):,} test rows"
    context.cached(step, inputs, work, what, lambda: accuracy_text(context, step))
    return read_correct(context.folder(step), context.test)


def accuracy_text(context: RunContext, step: PlannedStep) -> str:
    """The accuracy of the model of a finished step with its interval: ``83.3 % right (79.0 to 87.7)``."""
    found = accuracy(read_correct(context.folder(step), context.test), seed=context.seed)
    mean, low, high = (f"{100 * value:.1f}" for value in found)
    return f"{mean} % right ({low} to {high})"


def evaluate(
    folder: Path,
    reference: str,
    context: RunContext,
    shots: Shots = (),
    cache: Path | None = None,
    examples: Sequence[Example] | None = None,
) -> None:
    """Write which examples a model answers right, and its values of positions if it has a value head.

    Args:
        folder: where the answers are saved.
        reference: reference of the model.
        context: context of the run.
        shots: few-shot examples with their labels.
        cache: folder for replies of an endpoint.
        examples: the examples; None for the test.
    """
    rows = context.test if examples is None else examples
    model = load_model(reference, cache=cache)
    try:
        found = evaluate_models(rows, {"model": model}, shots=shots, progress=context.count).scores["model"]
        values = model.position_values(rows) if isinstance(model, SupportsValues) else None
    finally:
        model.close()
    columns = {"id": [example.id for example in rows], "right": found}
    if values is not None:
        columns["value"] = values
    write_table(pa.table(columns), folder / ANSWERS)


def read_correct(folder: Path, test: Sequence[Example]) -> Correct:
    """What :func:`evaluate` wrote, in the order of the test."""
    found = _read_answers(folder, "right", test)
    if found is None:
        raise _damaged_answers(folder)
    return found


def read_values(folder: Path, test: Sequence[Example]) -> Values | None:
    """The values that :func:`evaluate` wrote, in the order of the test; None without a value head."""
    return _read_answers(folder, "value", test)


def _read_answers(folder: Path, column: str, test: Sequence[Example]) -> npt.NDArray[np.float64] | None:
    """A column of the answers in the order of the test; None if there is none."""
    table = read_table(folder / ANSWERS)
    if not {"id", column} <= set(table.column_names):
        return None
    by_id = dict(zip(table.column("id").to_pylist(), table.column(column).to_pylist(), strict=True))
    if not all(example.id in by_id for example in test):
        raise _damaged_answers(folder)
    return np.array([by_id[example.id] for example in test], np.float64)


def _damaged_answers(folder: Path) -> DataError:
    return DataError(
        "chain-answers-damaged",
        f"{folder / ANSWERS} does not hold the answers to the test; delete {folder} to make them again",
    )


def n_examples(rows: TrainingSet) -> int:
    """Number of distinct examples in rows that may repeat them."""
    return len({example.id for example in rows.examples})


def with_lr_scale(student: str, settings: Mapping[str, Any], scale: float) -> dict[str, Any]:
    """The same settings with a share of their learning rate."""
    return {**settings, "learning_rate": scale * parse_settings(student, settings, 0).learning_rate}
