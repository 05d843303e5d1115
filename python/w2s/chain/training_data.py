"""What a stage of an arm trains on: gold, answers of the pool, or labels, with the number of rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, IntEnum
from functools import partial

import numpy as np
import pyarrow as pa

from w2s.chain.training_inputs import TrainingInputs
from w2s.chain.training_rows import Positions, concat, gold_rows, label_rows, repeat
from w2s.errors import DataError
from w2s.labelling.evidence import MAJORITY
from w2s.selection import select
from w2s.train import TrainingSet
from w2s.train.dataset import Target
from w2s.trust import trust_function


@dataclass(frozen=True)
class Sizes:
    """Numbers of rows that decide how many rows an arm learns.

    Attributes:
        gold: rows with known answers, without the audit.
        pool: rows that the teacher labels.
        test: rows that students are evaluated on.
        kept: rows of the pool that trust keeps.
        warm: gold rows of the warm start.
        gold_times: how often ``gold+trust`` repeats each gold row.
        audit: gold rows that only decide whether a round is rejected.
        joined: rows of the pool that come from matches, without answers, next to rows from files.
    """

    gold: int
    pool: int
    test: int
    kept: int
    warm: int = 0
    gold_times: int = 1
    audit: int = 0
    joined: int = 0


# Training sets ---------------------------------------------------------------------------------------------


def _labels_at(rows: Positions, inputs: TrainingInputs) -> TrainingSet:
    """The teacher's own answers at some positions."""
    labels = inputs.labels
    return label_rows(inputs.pool, labels.pool, rows, soft=labels.soft if labels.soften_all else None)


def _all_labels(inputs: TrainingInputs) -> TrainingSet:
    return _labels_at(np.arange(len(inputs.labels.pool)), inputs)


def _random_labels(inputs: TrainingInputs) -> TrainingSet:
    labels = inputs.labels
    rows = select(np.zeros(len(labels.pool)), random=labels.n_kept, seed=inputs.seed)
    return _labels_at(rows, inputs)


def _majority_labels(inputs: TrainingInputs) -> TrainingSet:
    """What most samples of the teacher mean; its own answer where no sample holds a label.

    A reply is only learned where its label is that of the majority.
    """
    labels = inputs.labels.pool
    own, votes = labels.texts("label"), labels.texts(MAJORITY)
    voted = [label if vote is None else vote for label, vote in zip(own, votes, strict=True)]
    replies = [
        reply if vote == label else None
        for reply, vote, label in zip(labels.texts("raw"), voted, own, strict=True)
    ]
    found = labels.with_column("label", pa.array(voted, pa.string()))
    found = found.with_column("raw", pa.array(replies, pa.string()))
    return label_rows(inputs.pool, found, np.arange(len(found)))


def _ranked_labels(function: str, inputs: TrainingInputs) -> TrainingSet:
    labels = inputs.labels
    scores = trust_function(function).fit(labels.gold, seed=inputs.seed).score(labels.pool)
    return _labels_at(select(scores, top=labels.n_kept), inputs)


def _pool_answers(inputs: TrainingInputs) -> TrainingSet:
    known = [example for example in inputs.pool if example.gold]
    if (unknown := len(inputs.pool) - len(known)) > inputs.joined:
        raise DataError(
            "chain-pool-without-answers",
            f"the arm ceiling needs the answers of the pool, but {unknown} are unknown; remove it from arms",
        )
    return gold_rows(known)


def _trusted_labels(inputs: TrainingInputs) -> TrainingSet:
    labels = inputs.labels
    return label_rows(inputs.pool, labels.chosen, labels.kept, labels.weights, labels.soft)


def _own_labels(inputs: TrainingInputs) -> TrainingSet:
    """The untrained student's own answers where trust keeps a label, hard or soft as the labels are."""
    labels = inputs.labels

    def own(id_: str, _: str) -> Target:
        policy = labels.prior[id_]
        return policy if labels.soft is not None else {max(policy, key=lambda move: policy[move]): 1.0}

    return label_rows(inputs.pool, labels.chosen, labels.kept, labels.weights, own)


# What a stage of an arm trains on --------------------------------------------------------------------------


class Need(Enum):
    """What an arm needs of its examples; the value is the reason shown where the arm is left out."""

    GOLD_OF_THIS_GAME = "gold belongs to another game or task"
    POOL_ANSWERS = (
        "the pool's answers are unknown, and so is its purity; set matches.verify_pool = true to get them"
    )


class LabelUse(IntEnum):
    """Which labels of a teacher training data is made of; each value includes those before it."""

    NOTHING = 0
    POOL = 1
    """Labels of the pool."""
    GOLD = 2
    """Labels of gold, on which another trust function is fitted."""
    TRUST = 3
    """The selection by the chain's trust function."""


@dataclass(frozen=True)
class TrainingData:
    """One kind of training rows.

    Attributes:
        name: a short description.
        count: number of rows, known before anything is labelled.
        build: the rows.
        need: what the examples must provide.
        use: which labels the rows are made of.
        evidence: names of the evidence that is read, besides that of trust functions.
        reads_prior: whether the untrained student's policy is read.
    """

    name: str
    count: Callable[[Sizes], int]
    build: Callable[[TrainingInputs], TrainingSet]
    need: Need | None = None
    use: LabelUse = LabelUse.NOTHING
    evidence: frozenset[str] = frozenset()
    reads_prior: bool = False


Stage = tuple[TrainingData, ...]
"""Training data that a stage mixes."""

GOLD = TrainingData(
    "gold", lambda sizes: sizes.gold, lambda inputs: gold_rows(inputs.gold), Need.GOLD_OF_THIS_GAME
)
REPEATED_GOLD = TrainingData(
    "gold, repeated",
    lambda sizes: sizes.gold * sizes.gold_times,
    lambda inputs: repeat(gold_rows(inputs.gold), inputs.gold_times),
    Need.GOLD_OF_THIS_GAME,
)
WARM_GOLD = TrainingData(
    "a share of gold",
    lambda sizes: sizes.warm,
    lambda inputs: gold_rows([inputs.gold[row] for row in inputs.warm]),
    Need.GOLD_OF_THIS_GAME,
)
POOL_ANSWERS = TrainingData(
    "true answers of the pool",
    lambda sizes: sizes.pool - sizes.joined,
    _pool_answers,
    Need.POOL_ANSWERS,
)
ALL_LABELS = TrainingData("all labels", lambda sizes: sizes.pool, _all_labels, use=LabelUse.POOL)
MAJORITY_LABELS = TrainingData(
    "majority of samples",
    lambda sizes: sizes.pool,
    _majority_labels,
    use=LabelUse.POOL,
    evidence=frozenset({"samples"}),
)
RANDOM_LABELS = TrainingData("random labels", lambda sizes: sizes.kept, _random_labels, use=LabelUse.POOL)
TRUSTED = TrainingData("trusted labels", lambda sizes: sizes.kept, _trusted_labels, use=LabelUse.TRUST)
OWN_LABELS = TrainingData(
    "the student's own labels",
    lambda sizes: sizes.kept,
    _own_labels,
    use=LabelUse.TRUST,
    reads_prior=True,
)


def gold_outside_fold(fold: int, folds: int) -> TrainingData:
    """Gold without one of its folds."""

    def build(inputs: TrainingInputs) -> TrainingSet:
        return gold_rows([one for one, its in zip(inputs.gold, inputs.folds, strict=True) if its != fold])

    return TrainingData(
        f"gold outside fold {fold}",
        lambda sizes: sizes.gold - sizes.gold // folds,
        build,
        Need.GOLD_OF_THIS_GAME,
    )


def ranked_by(function: str) -> TrainingData:
    """As many labels as trust keeps, ranked by another trust function."""
    return TrainingData(
        f"labels ranked by {function}",
        lambda sizes: sizes.kept,
        partial(_ranked_labels, function),
        use=LabelUse.GOLD,
    )


def stage_inputs(stage: Stage, inputs: TrainingInputs) -> dict[str, object]:
    """Identity of the inputs of the rows of a stage."""
    labelled = inputs.labels.made_of if any(data.use for data in stage) else {}
    return {**inputs.made_of, **labelled}


def build_stage(stage: Stage, inputs: TrainingInputs) -> TrainingSet:
    """The rows of a stage."""
    first, *others = (data.build(inputs) for data in stage)
    for rows in others:
        first = concat(first, rows)
    return first
