"""Reads a finished run of a chain: the rows of one round, for each seed, with trust and the models.

Nothing below the folders of the chain is written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from w2s.analysis.result import Doubles
from w2s.chain import ChainConfig, load_config
from w2s.chain.arms import TRUST
from w2s.chain.data.source import ExampleSource, open_examples
from w2s.chain.data.splits import Splits
from w2s.chain.plan import Model, Plan, SeedPlan
from w2s.chain.planner import plan_splits
from w2s.chain.run import METRICS
from w2s.chain.trust_step import best_candidates
from w2s.errors import DataError, UsageError
from w2s.evidence import Labels, read_labels, read_table
from w2s.files import read_json
from w2s.resume import STEP, Record, RunFolder, digest
from w2s.tasks import Example

Say = Callable[[str], None]


@dataclass(frozen=True)
class SeedRows:
    """The pool of one seed of a round: n rows with one label each, in the order of the labels.

    Attributes:
        seed: the seed.
        examples: the rows.
        labels: labels of the rows; the most trusted of several proposals.
        trust: their trust, shape (n,).
        kept: which labels trust keeps, shape (n,).
        weights: weight of each row in the arm trust, shape (n,); 0 where it is not kept.
        correct: whether labels are right, 1 or 0, NaN where that is not known, shape (n,).
        splits: gold, pool and test of the round.
        start: reference of the model from which the arm trust started.
        student: reference of the student of the arm trust.
        teacher: reference of the teacher.
        folders: folder of each arm of the round, relative to the run.
        identity: what decides the rows and their models.
    """

    seed: int
    examples: list[Example]
    labels: list[str]
    trust: Doubles
    kept: npt.NDArray[np.bool_]
    weights: Doubles
    correct: Doubles
    splits: Splits
    start: str
    student: str
    teacher: str
    folders: dict[str, str]
    identity: str

    def __len__(self) -> int:
        return len(self.examples)

    @cached_property
    def ids(self) -> list[str]:
        """Ids of the examples."""
        return [example.id for example in self.examples]

    @cached_property
    def rating(self) -> Doubles:
        """The difficulty that the source gives, shape (n,), NaN where it gives none."""
        return np.array([np.nan if one.difficulty is None else one.difficulty for one in self.examples])

    @property
    def has_ratings(self) -> bool:
        """Whether the source gives the difficulty of every row."""
        return bool(np.isfinite(self.rating).all())

    @property
    def knows_answers(self) -> bool:
        """Whether the right answer of every row is known."""
        return bool(np.isfinite(self.correct).all()) and all(example.gold for example in self.examples)


@dataclass(frozen=True)
class RunRows:
    """One round of a finished run.

    Attributes:
        root: folder of the run.
        config: the chain.
        round: number of the round.
        seeds: the rows of each seed.
    """

    root: Path
    config: ChainConfig
    round: int
    seeds: list[SeedRows]

    @property
    def untrained(self) -> str:
        """The untrained student of the round."""
        return self.config.student_of(self.round)

    @property
    def title(self) -> str:
        """The round, for messages."""
        return f"round {self.round}"


def open_run(root: Path) -> ChainConfig:
    """The configuration of a finished run of a chain.

    Raises:
        UsageError: the folder holds no chain, or one that is not finished.
        DataError: the file of measures is damaged.
    """
    folder = RunFolder(root, "chain")
    if not folder.config.is_file() or not str(folder.state().get("resume")).startswith("w2s chain "):
        raise UsageError(
            "analyse-not-a-chain",
            f"{root} is not the folder of a chain; name the --out of w2s chain",
        )
    config = load_config(resume=root)
    if not folder.is_complete():
        raise UsageError(
            "analyse-unfinished", f"the chain in {root} is not finished; finish it with: {folder.resume_line}"
        )
    return config


def read_run(
    root: Path, config: ChainConfig, *, round_number: int, seed: int | None, say: Say = lambda _: None
) -> RunRows:
    """The rows of a round of a finished run.

    Args:
        root: folder of the run.
        config: its configuration, see :func:`open_run`.
        round_number: number of the round, counted from 1.
        seed: one seed of the chain; None for all.
        say: receives notes about examples that are left out.

    Raises:
        UsageError: the run has no such round or seed.
        DataError: the examples are no longer those of the run, or a file is damaged.
    """
    _check_round(root, round_number)
    if seed is not None and seed not in config.all_seeds:
        known = ", ".join(map(str, config.all_seeds))
        raise UsageError("analyse-unknown-seed", f"{root} has no seed {seed}; its seeds are: {known}")
    source = _open_examples(root, config, say)
    _check_examples(root, source.first.splits)
    reader = _Reader(root, config, source)
    planned = [one for one in reader.plan.rounds[round_number - 1] if seed in (None, one.seed)]
    return RunRows(root, config, round_number, [reader.read(one) for one in planned])


def _check_round(root: Path, number: int) -> None:
    metrics = read_json(root / METRICS)
    if metrics is None:
        raise DataError(
            "analyse-metrics-damaged", f"{root / METRICS} is missing or damaged; run the chain again"
        )
    known = [one["round"] for one in metrics.get("rounds", [])]
    if number not in known:
        raise UsageError(
            "analyse-unknown-round",
            f"{root} has no round {number}; its rounds are: {', '.join(map(str, known)) or 'none'}",
        )


def _open_examples(root: Path, config: ChainConfig, say: Say) -> ExampleSource:
    try:
        return open_examples(config, root, say, lambda *_: None)
    except DataError as error:
        raise DataError(
            "analyse-examples-unreadable",
            f"the examples of {root} cannot be read again: {error}. Their paths are relative to the working "
            "folder: use the one in which w2s chain ran",
        ) from None


def _check_examples(root: Path, splits: Splits) -> None:
    if splits.table().to_pydict() != read_table(root / "splits.parquet").to_pydict():
        raise DataError(
            "analyse-examples-changed",
            f"the files of examples no longer hold the rows of {root}; restore them, or run the chain again",
        )


class _Reader:
    """Reads the folders of the plan of a run."""

    def __init__(self, root: Path, config: ChainConfig, source: ExampleSource) -> None:
        self._root, self._config, self._source = root, config, source
        splits = source.first.splits
        self.plan: Plan = plan_splits(config, splits)

    def read(self, planned: SeedPlan) -> SeedRows:
        """The rows of one seed of a round."""
        labelling = planned.teachers[0].labels
        assert labelling.trust is not None
        training = planned.arms[TRUST.name].training
        teacher = self._reference(labelling.pool.teacher)
        splits = self._source.round(planned.round, planned.seed, teacher, planned.student).splits
        labels, trust = self._scored(labelling.pool.folder, labelling.trust.folder, splits)
        by_id = {example.id: example for example in splits.pool}
        kept = self._kept_weights(labelling.trust.folder)
        is_kept = np.array([id_ in kept for id_ in labels.example_ids], bool)
        return SeedRows(
            planned.seed,
            [by_id[id_] for id_ in labels.example_ids],
            labels.table.column("label").to_pylist(),
            trust,
            is_kept,
            np.array([kept.get(id_, 0.0) for id_ in labels.example_ids], np.float64),
            _correct(labels),
            splits,
            self._reference(training.start),
            self._reference(training),
            teacher,
            {name: arm.training.folder for name, arm in planned.arms.items()},
            digest([self._record(labelling.trust.folder).digest, self._record(training.folder).digest]),
        )

    def _scored(self, labels_folder: str, trust_folder: str, splits: Splits) -> tuple[Labels, Doubles]:
        """One label of each row of the pool with its trust."""
        labels = read_labels(self._root / labels_folder / "labels.parquet")
        table = read_table(self._root / trust_folder / "scores.parquet").to_pydict()
        scores = {
            id_: score
            for id_, split, score in zip(table["id"], table["role"], table["trust"], strict=True)
            if split == "pool"
        }
        pool = labels.take(np.array([id_ in scores for id_ in labels.ids], bool))
        trust = np.array([scores[id_] for id_ in pool.ids], np.float64)
        known = {example.id for example in splits.pool}
        if len(pool) != len(scores) or not known.issuperset(pool.example_ids):
            raise DataError(
                "analyse-scores-damaged",
                f"{self._root / trust_folder} does not belong to the labels in {self._root / labels_folder}; "
                "run the chain again",
            )
        rows = best_candidates(pool, trust)
        return pool.take(rows), trust[rows]

    def _kept_weights(self, trust_folder: str) -> dict[str, float]:
        """The weight of each row that trust keeps, by its id."""
        table = read_table(self._root / trust_folder / "selected.parquet").to_pydict()
        return dict(zip(table["id"], table["weight"], strict=True))

    def _record(self, folder: str) -> Record:
        found = Record.read(self._root / folder / STEP)
        if found is None:
            raise DataError(
                "analyse-step-missing",
                f"{self._root / folder} holds no finished step; finish the chain with: "
                f"{RunFolder(self._root, 'chain').resume_line}",
            )
        return found

    def _reference(self, model: Model) -> str:
        """The reference of a model; that of a trained net follows the run where it was moved."""
        if isinstance(model, str):
            return model
        found = str(self._record(model.folder).facts["model"])
        place = self._root / model.folder / "student"
        return f"policy:{place}" if found.startswith("policy:") else found


def _correct(labels: Labels) -> Doubles:
    """Whether labels are right, NaN where that is not known."""
    if "correct" not in labels.table.column_names:
        return np.full(len(labels), np.nan)
    return labels.numbers("correct")
