"""Does trust keep easy rows? Rank correlations of trust with difficulty, and the data map of a training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from w2s.analysis.context import Analysis, training_step
from w2s.analysis.difficulty import data_map, spearman_of
from w2s.analysis.report import Measurement, RowColumns, join_sentences, shown
from w2s.analysis.result import Doubles, Result, Sample, bootstrap, difference_of, mean_of
from w2s.analysis.run_rows import RunRows, SeedRows
from w2s.chain.plan import PlannedStep
from w2s.evidence import read_table, write_table
from w2s.train import PolicyTrainSettings, TrainingSet, TrainStep, parse_settings

MAP = "map-training"
CORRELATION = "correlation with trust"
KEPT_MINUS_DROPPED = "kept minus dropped"


def measure_difficulty(analysis: Analysis) -> Measurement:
    """Correlations of trust with the rating, and with the untrained student's loss and EL2N."""
    seeds = analysis.run.seeds
    views = [analysis.student_view(seed) for seed in seeds]
    columns: list[RowColumns] = [{"loss": view.loss, "el2n": view.el2n} for view in views]
    if all(seed.has_ratings for seed in seeds):
        for column, seed in zip(columns, seeds, strict=True):
            column["difficulty"] = seed.rating
    names = {"difficulty": "rating of the source", "loss": "loss of the untrained student", "el2n": "EL2N"}
    here = [name for name in names if name in columns[0]]
    results = [
        one for name in here for one in _about(analysis, names[name], [part[name] for part in columns])
    ]
    notes = ["loss and EL2N are those of the label, by the student before it learns from the pool"]
    if "difficulty" not in here:
        notes.append("not all examples have a rating, so there is none")
    if "student" in analysis.run.config.evidence:
        notes.append("trust reads how the student sees labels, so part of the last two is by construction")
    return Measurement(results, _easy_meaning(results), notes, columns)


def _about(analysis: Analysis, name: str, values: Sequence[Doubles]) -> list[Result]:
    """The correlation of a column with trust, its mean in kept and dropped rows, and their difference."""
    seeds = analysis.run.seeds
    pairs = list(zip(seeds, values, strict=True))
    results = [
        bootstrap(
            CORRELATION,
            name,
            [Sample(len(seed), spearman_of(seed.trust, column)) for seed, column in pairs],
            seed=analysis.seed,
        )
    ]
    for group in ("kept", "dropped"):
        rows = [seed.kept if group == "kept" else ~seed.kept for seed in seeds]
        samples = [
            Sample(len(column), mean_of(column, flags), int(flags.sum()))
            for column, flags in zip(values, rows, strict=True)
        ]
        results.append(bootstrap(f"mean of {group} rows", name, samples, seed=analysis.seed))
    samples = [
        Sample(len(seed), difference_of(mean_of(column, seed.kept), mean_of(column, ~seed.kept)))
        for seed, column in pairs
    ]
    results.append(bootstrap(KEPT_MINUS_DROPPED, name, samples, seed=analysis.seed))
    return results


def _easy_meaning(results: Sequence[Result]) -> str:
    found = [one for one in results if one.name == CORRELATION]
    groups = {
        "trust is higher where rows are easier": [one for one in found if _easier(one)],
        "trust is higher where rows are harder": [one for one in found if _harder(one)],
        "trust is not clearly related": [one for one in found if not (_easier(one) or _harder(one))],
    }
    parts = []
    for said, members in groups.items():
        if members:
            listed = ", ".join(f"{one.group} ({shown(one.value)})" for one in members)
            parts.append(f"{said}, by rank correlation with: {listed}")
    return join_sentences(parts)


def _easier(one: Result) -> bool:
    return one.high is not None and one.high < 0


def _harder(one: Result) -> bool:
    return one.low is not None and one.low > 0


# The data map -----------------------------------------------------------------------------------------------


def map_steps(run: RunRows) -> list[PlannedStep]:
    """The trainings whose epochs the data map records."""
    return [
        training_step(run, f"seed-{seed.seed}/{MAP}", "training of the data map", len(seed))
        for seed in run.seeds
    ]


def measure_map(analysis: Analysis) -> Measurement:
    """Mean and spread over epochs of the probability of the label, of kept and dropped rows.

    The student learns all labels with the settings and the seed of the chain, so that kept and dropped rows
    are learned alike.
    """
    seeds = analysis.run.seeds
    recorded = [_record_epochs(analysis, seed) for seed in seeds]
    maps = [data_map(one) for one in recorded]
    epochs = len(recorded[0])
    columns: list[RowColumns] = [
        {"map_confidence": one.confidence, "map_variability": one.variability} for one in maps
    ]
    results = _about(analysis, "probability of the label", [one.confidence for one in maps])
    notes = [
        f"the student learns all labels for {epochs} epochs, with the settings and the seed of the chain; "
        "the probability is recorded after each epoch"
    ]
    if epochs > 1:
        results += _about(analysis, "spread over epochs", [one.variability for one in maps])
    else:
        notes.append("one epoch has no spread")
        for column in columns:
            column["map_variability"] = np.full(len(column["map_confidence"]), np.nan)
    return Measurement(results, _map_meaning(results), notes, columns)


def _map_meaning(results: Sequence[Result]) -> str:
    parts = []
    for one in results:
        if one.name == KEPT_MINUS_DROPPED:
            side = "about the same as in"
            if one.is_above_zero:
                side = f"higher by {shown(one.value)} than in"
            elif one.is_below_zero:
                side = f"lower by {shown(-(one.value or 0))} than in"
            parts.append(f"in kept rows the {one.group} is {side} dropped rows")
    return join_sentences(parts)


def _record_epochs(analysis: Analysis, seed: SeedRows) -> Doubles:
    """The probability of each label after each epoch, shape (epochs, n)."""
    from w2s.analysis.head_gradients import LabelRecorder
    from w2s.train.policy.trainer import train_policy_net

    folder, config = f"seed-{seed.seed}/{MAP}", analysis.run.config
    rows = TrainingSet.hard(seed.examples, seed.labels)

    def work(place: Path) -> dict[str, Any]:
        settings = parse_settings(seed.start, config.train, seed.seed)
        assert isinstance(settings, PolicyTrainSettings)
        recorder = LabelRecorder(rows)

        def count(done: TrainStep) -> None:
            analysis.context.count(done.done, done.total)

        def on_epoch(number: int, net: Any) -> None:
            found = pa.table({"id": seed.ids, "probability": recorder.probabilities(net)})
            write_table(found, place / f"epoch-{number}.parquet")

        train_policy_net(seed.start, rows, settings, place / "student", progress=count, on_epoch=on_epoch)
        return {"epochs": len(list(place.glob("epoch-*.parquet")))}

    inputs = {"settings": config.train, "seed": seed.seed, "labels": seed.labels}
    what = f"the student learns all {len(seed):,} labels, and each epoch is recorded"
    record = analysis.cached(folder, inputs, work, what)
    tables = [
        read_table(analysis.place(folder) / f"epoch-{number}.parquet")
        for number in range(1, int(record.facts["epochs"]) + 1)
    ]
    return np.stack([np.asarray(table.column("probability"), np.float64) for table in tables])
