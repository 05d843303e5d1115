"""What helps: that kept rows are easy, that labels are pure, or their order? Arms that change one thing.

Every control arm has the student, the start, the settings, the seed and the number of rows of the arm trust.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from w2s.analysis.context import Analysis, training_step
from w2s.analysis.difficulty import bins_of
from w2s.analysis.matched_rows import draw, flips_to_purity, match_histogram
from w2s.analysis.report import Measurement, join_sentences
from w2s.analysis.result import Doubles, Result
from w2s.analysis.run_rows import RunRows, SeedRows
from w2s.chain.arms import TRUST
from w2s.chain.plan import PlannedStep
from w2s.chain.student import evaluate, read_correct
from w2s.metrics import accuracy, difference
from w2s.models.keyed_random import uniform
from w2s.tasks import ChoiceExample, Example, MoveExample, judge
from w2s.train import PolicyTrainSettings, TrainingSet, TrainStep, parse_settings, train
from w2s.train.settings import is_language_model

DIFFERENCE = "accuracy minus that of trust"
RANDOM = "random"
"""The arm of the chain that is shown too, if it has it."""


@dataclass(frozen=True)
class ControlRows:
    """What the student of a control arm learns, of n rows in their order.

    Attributes:
        rows: positions in the rows of the seed.
        labels: their labels.
    """

    rows: npt.NDArray[np.int64]
    labels: list[str]


@dataclass(frozen=True)
class ControlArm:
    """A control arm.

    Attributes:
        doc: what it learns.
        build: its rows, from those of a seed, their difficulty and a random seed.
        in_order: whether rows are learned in their order instead of shuffled.
    """

    doc: str
    build: Callable[[SeedRows, Doubles, int], ControlRows]
    in_order: bool = False


def _matched_difficulty(seed: SeedRows, difficulty: Doubles, draws: int) -> ControlRows:
    rows = match_histogram(seed.kept, bins_of(difficulty), draws)
    return ControlRows(rows, [seed.labels[row] for row in rows])


def _matched_purity(seed: SeedRows, difficulty: Doubles, draws: int) -> ControlRows:
    del difficulty
    rows = draw(np.arange(len(seed)), int(seed.kept.sum()), draws)
    correct = seed.correct[rows] == 1
    labels = [seed.labels[row] for row in rows]
    for place in flips_to_purity(correct, float(seed.correct[seed.kept].mean()), draws):
        example = seed.examples[rows[place]]
        labels[place] = wrong_answer(example, labels[place], draws) if correct[place] else example.gold[0]
    return ControlRows(rows, labels)


def _ordered(sign: int) -> Callable[[SeedRows, Doubles, int], ControlRows]:
    def build(seed: SeedRows, difficulty: Doubles, draws: int) -> ControlRows:
        del draws
        kept = np.flatnonzero(seed.kept)
        rows = kept[np.argsort(sign * difficulty[kept], kind="stable")]
        return ControlRows(rows, [seed.labels[row] for row in rows])

    return build


CONTROL_ARMS: Mapping[str, ControlArm] = {
    "matched-difficulty": ControlArm(
        "random rows with the difficulties of the kept rows", _matched_difficulty
    ),
    "matched-purity": ControlArm(
        "random rows, with labels exchanged until as many are right as of the kept rows", _matched_purity
    ),
    "easy-first": ControlArm("the kept rows, from easy to hard", _ordered(1), in_order=True),
    "hard-first": ControlArm("the kept rows, from hard to easy", _ordered(-1), in_order=True),
}
"""Control arms by name. The arm trust itself learns the kept rows shuffled."""


def wrong_answer(example: Example, label: str, seed: int) -> str:
    """Another answer that is wrong, drawn by seed; the label itself if every answer is right."""
    options: Sequence[str] = ()
    if isinstance(example, MoveExample):
        options = example.state.legal_moves()
    elif isinstance(example, ChoiceExample):
        options = tuple(example.letters)
    wrong = [one for one in options if not judge(example, one)]
    return wrong[int(uniform(seed, "wrong", example.id) * len(wrong))] if wrong else label


def control_arms(run: RunRows) -> dict[str, ControlArm]:
    """The control arms of a run; ordered ones need a net, because language models learn shuffled rows."""
    shuffles = is_language_model(run.untrained)
    return {name: arm for name, arm in CONTROL_ARMS.items() if not (shuffles and arm.in_order)}


def control_steps(run: RunRows) -> list[PlannedStep]:
    """The trainings of all control arms."""
    return [
        training_step(run, _folder(seed, name), name, int(seed.kept.sum()))
        for seed in run.seeds
        for name in control_arms(run)
    ]


def _folder(seed: SeedRows, name: str) -> str:
    return f"seed-{seed.seed}/{name}-arm"


def measure_controls(analysis: Analysis) -> Measurement:
    """Accuracy of the control arms on test, and the paired difference from the arm trust."""
    run = analysis.run
    correct = {TRUST.name: _of_chain(analysis, TRUST.name)}
    if all(RANDOM in seed.folders for seed in run.seeds):
        correct[RANDOM] = _of_chain(analysis, RANDOM)
    difficulty = [_difficulty(analysis, seed) for seed in run.seeds]
    learned: dict[str, list[ControlRows]] = {}
    arms = control_arms(run)
    for name, arm in arms.items():
        learned[name] = [arm.build(*pair, analysis.seed) for pair in zip(run.seeds, difficulty, strict=True)]
        found = [_train(analysis, *pair, name) for pair in zip(run.seeds, learned[name], strict=True)]
        correct[name] = np.stack(found)
    results = [
        one for name, rows in correct.items() for one in _compare(name, rows, correct[TRUST.name], run)
    ]
    for name in ("matched-difficulty", "matched-purity"):
        results += _checks(name, run.seeds, learned[name], difficulty)
    kept = [ControlRows(np.flatnonzero(seed.kept), []) for seed in run.seeds]
    results += _checks(TRUST.name, run.seeds, kept, difficulty)
    what = "the rating of the source" if _has_ratings(run) else "the untrained student's loss on the label"
    notes = [f"{name}: {arm.doc}" for name, arm in arms.items()] + [
        f"difficulty is {what}; n of accuracies is the number of test rows"
    ]
    return Measurement(results, _meaning(results), notes)


def _has_ratings(run: RunRows) -> bool:
    return all(seed.has_ratings for seed in run.seeds)


def _difficulty(analysis: Analysis, seed: SeedRows) -> Doubles:
    return seed.rating if _has_ratings(analysis.run) else analysis.student_view(seed).loss


def _of_chain(analysis: Analysis, arm: str) -> Doubles:
    """Right answers of an arm of the chain, shape (seeds, n_test)."""
    run, test = analysis.run, analysis.context.test
    return np.stack([read_correct(run.root / seed.folders[arm], test) for seed in run.seeds])


def _train(analysis: Analysis, seed: SeedRows, learned: ControlRows, name: str) -> Doubles:
    """Train and evaluate the student of a control arm; which test rows it answers right."""
    folder, context, config = _folder(seed, name), analysis.context, analysis.run.config
    in_order = CONTROL_ARMS[name].in_order
    weights = seed.weights[learned.rows] if in_order else np.ones(len(learned.rows))
    rows = TrainingSet(
        [seed.examples[row] for row in learned.rows], [{label: 1.0} for label in learned.labels], weights
    )

    def count(done: TrainStep) -> None:
        context.count(done.done, done.total)

    def work(place: Path) -> dict[str, Any]:
        settings, out = parse_settings(seed.start, config.train, seed.seed), place / "student"
        if in_order and isinstance(settings, PolicyTrainSettings):
            from w2s.train.policy.trainer import train_policy_net

            model = train_policy_net(seed.start, rows, settings, out, progress=count, in_order=True)
        else:
            model = train(seed.start, rows, settings, out, progress=count)
        evaluate(place, model, context)
        return {"rows": len(rows)}

    inputs = {
        "arm": name,
        "settings": config.train,
        "seed": seed.seed,
        "learned": [seed.ids[row] for row in learned.rows],
        "labels": learned.labels,
        "weights": weights.tolist(),
    }
    what = f"the student learns {len(rows):,} rows"
    analysis.cached(folder, inputs, work, what, lambda: _accuracy_text(analysis, folder))
    return read_correct(analysis.place(folder), context.test)


def _accuracy_text(analysis: Analysis, folder: str) -> str:
    found = accuracy(read_correct(analysis.place(folder), analysis.context.test), seed=analysis.seed)
    mean, low, high = (f"{100 * value:.1f}" for value in found)
    return f"{mean} % right ({low} to {high})"


def _compare(name: str, correct: Doubles, trust: Doubles, run: RunRows) -> list[Result]:
    seeds, n = correct.shape
    seed = run.config.seed
    results = [Result.of("accuracy on test", name, accuracy(correct, seed=seed), n, seeds)]
    if name != TRUST.name:
        results.append(Result.of(DIFFERENCE, name, difference(correct, trust, seed=seed), n, seeds))
    return results


def _checks(
    name: str, seeds: Sequence[SeedRows], learned: Sequence[ControlRows], difficulty: Sequence[Doubles]
) -> list[Result]:
    """Purity and mean difficulty of what an arm learns, to see that the match holds, without intervals."""
    n, found = sum(len(one.rows) for one in learned), []
    for what, values in (("purity", _purities(seeds, learned)), ("mean difficulty", difficulty)):
        means = [float(value[one.rows].mean()) for value, one in zip(values, learned, strict=True)]
        found.append(Result(what, name, float(np.mean(means)), None, None, n, len(seeds)))
    kept = [float(seed.kept[one.rows].mean()) for seed, one in zip(seeds, learned, strict=True)]
    return [*found, Result("share of kept rows", name, float(np.mean(kept)), None, None, n, len(seeds))]


def _purities(seeds: Sequence[SeedRows], learned: Sequence[ControlRows]) -> list[Doubles]:
    """Whether labels are right after exchanges, of all rows of each seed."""
    found = []
    for seed, one in zip(seeds, learned, strict=True):
        correct = seed.correct.copy()
        for row, label in zip(one.rows, one.labels, strict=False):
            correct[row] = bool(judge(seed.examples[row], label))
        found.append(correct)
    return found


def _meaning(results: Sequence[Result]) -> str:
    found = [one for one in results if one.name == DIFFERENCE and one.group in CONTROL_ARMS]
    groups = {
        "teach worse than the arm trust": [one for one in found if one.is_below_zero],
        "teach better than the arm trust": [one for one in found if one.is_above_zero],
        "do not teach clearly better or worse than the arm trust": [
            one for one in found if not (one.is_below_zero or one.is_above_zero)
        ],
    }
    parts = []
    for said, members in groups.items():
        if members:
            listed = ", ".join(f"{one.group} ({100 * (one.value or 0.0):+.1f} points)" for one in members)
            parts.append(f"rows of {listed} {said}")
    return join_sentences(parts)
