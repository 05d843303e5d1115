"""Where the student is sure and wrong while the teacher was unsure, and how much students of seeds differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from w2s.analysis.blind_spots import SURE, UNSURE, blind_spots, deciles_of, spread_over_seeds
from w2s.analysis.context import Analysis, label_probabilities, measure_step
from w2s.analysis.report import Measurement, join_sentences, percent, shown
from w2s.analysis.result import Doubles, Result, Sample, bootstrap, bootstrap_share, mean_of
from w2s.analysis.run_rows import RunRows, SeedRows
from w2s.chain.plan import PlannedStep
from w2s.evidence import read_table, write_table
from w2s.models import Want, load_model
from w2s.models.few_shot import Shots, give_shots, labelled_shots
from w2s.tasks import judge

BLIND = "sure and wrong, teacher unsure"
WRONG = "sure and wrong"
SPREAD = "spread over seeds"
UNTRAINED, TAUGHT = "untrained student", "student of trust"
MODELS: Mapping[str, Callable[[SeedRows], str]] = {
    "teacher": lambda seed: seed.teacher,
    "untrained": lambda seed: seed.start,
    "student": lambda seed: seed.student,
}
"""Models that answer the test, by name."""
_BATCH = 512


@dataclass(frozen=True)
class TestAnswers:
    """A model's answers to the n test rows.

    Attributes:
        probability: of its own answer, shape (n,).
        correct: whether it is right, shape (n,).
    """

    probability: Doubles
    correct: Doubles


def blind_spot_steps(run: RunRows) -> list[PlannedStep]:
    """The steps in which models answer the test."""
    return [
        measure_step(run, folder, f"test answers of the {name}")
        for name in MODELS
        for folder, _ in _models(run, name)
    ]


def _models(run: RunRows, name: str) -> list[tuple[str, str]]:
    """Folder of the answers and reference of a model for each seed; seeds with one model share a folder."""
    references = [MODELS[name](seed) for seed in run.seeds]
    first = [run.seeds[references.index(reference)].seed for reference in references]
    return [(f"seed-{seed}/test-answers-{name}", one) for seed, one in zip(first, references, strict=True)]


def measure_blind_spots(analysis: Analysis) -> Measurement:
    """Shares of test rows that are blind spots, and the spread over seeds by decile of trust."""
    shots = labelled_shots(analysis.context.gold)
    answers = {
        name: [_answer(analysis, folder, model, shots) for folder, model in _models(analysis.run, name)]
        for name in MODELS
    }
    results = []
    for name, group in (("untrained", UNTRAINED), ("student", TAUGHT)):
        spots, wrong = [], []
        for own, teacher in zip(answers[name], answers["teacher"], strict=True):
            flags = blind_spots(own.probability, own.correct, teacher.probability)
            spots.append(Sample(len(flags), mean_of(flags)))
            is_wrong = (own.probability >= SURE) & (own.correct == 0)
            wrong.append(Sample(len(flags), mean_of(is_wrong)))
        results.append(bootstrap_share(BLIND, group, spots, seed=analysis.seed))
        results.append(bootstrap_share(WRONG, group, wrong, seed=analysis.seed))
    notes = [
        f"sure means that the probability of the student's own answer is at least {SURE:g}; unsure, that the "
        f"teacher's is below {UNSURE:g}; n is the number of test rows over all seeds"
    ]
    spread, why = _spread(analysis)
    if why:
        notes.append(why)
    return Measurement([*results, *spread], _meaning(results, spread), notes)


def _answer(analysis: Analysis, folder: str, reference: str, shots: Shots) -> TestAnswers:
    """The answers of a model to the test; computed once."""
    test = analysis.context.test

    def work(place: Path) -> dict[str, Any]:
        model = load_model(reference, seed=analysis.seed)
        probability, correct = [], []
        try:
            give_shots(model, shots)
            for start in range(0, len(test), _BATCH):
                part = test[start : start + _BATCH]
                for example, one in zip(
                    part, model.answer(part, Want(mask=True, evidence=True)), strict=True
                ):
                    probability.append(np.nan if one.log_prob is None else float(np.exp(one.log_prob)))
                    correct.append(float(bool(judge(example, one.label))))
                analysis.context.count(len(correct), len(test))
        finally:
            model.close()
        columns = {"id": [one.id for one in test], "probability": probability, "correct": correct}
        write_table(pa.table(columns), place / "test.parquet")
        return {}

    analysis.cached(folder, {"folder": folder}, work, f"answers to {len(test):,} test rows")
    table = read_table(analysis.place(folder) / "test.parquet")
    return TestAnswers(*(np.asarray(table.column(name)) for name in ("probability", "correct")))


def _spread(analysis: Analysis) -> tuple[list[Result], str]:
    """How much the students of seeds differ about labels, by decile of trust; or why that is not measured."""
    seeds = analysis.run.seeds
    if len(seeds) < 2:
        return [], "the spread over seeds needs at least two seeds; run the chain with --seeds 3"
    if any(seed.ids != seeds[0].ids for seed in seeds):
        return [], "the spread over seeds needs one pool for all seeds; this round has several"
    first = seeds[0]
    found = [
        label_probabilities(seed.student, first.examples, first.labels, analysis.context.count).probability
        for seed in seeds
    ]
    spread = spread_over_seeds(found)
    decile = deciles_of(np.mean([seed.trust for seed in seeds], axis=0))
    numbers = np.unique(decile)
    return [
        bootstrap(
            SPREAD,
            f"trust decile {place + 1} of {len(numbers)}",
            [Sample(int((decile == number).sum()), mean_of(spread[decile == number]))],
            seed=analysis.seed,
        )
        for place, number in enumerate(numbers)
    ], "spread is the standard deviation over seeds of the probability that students of trust give to labels"


def _meaning(results: Sequence[Result], spread: Sequence[Result]) -> str:
    before, after = (
        next(one for one in results if (one.name, one.group) == (BLIND, group))
        for group in (UNTRAINED, TAUGHT)
    )
    parts = [
        "the student is sure and wrong where the teacher was unsure in "
        f"{percent(after.value)} of test rows, and was in {percent(before.value)} before it learned"
    ]
    if spread:
        parts.append(
            f"students of different seeds differ by {shown(spread[0].value)} on the least trusted labels "
            f"and by {shown(spread[-1].value)} on the most trusted ones"
        )
    return join_sentences(parts)
