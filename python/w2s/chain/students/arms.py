"""Arms: what the student of each is trained on.

Knows nothing about how training works, or how good any arm is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

import w2s
from w2s.chain.config import FIXED_ARMS, LABEL_ARMS
from w2s.errors import UsageError
from w2s.evidence import Labels
from w2s.tasks import AnswerExample, Example
from w2s.train import TrainingSet
from w2s.trust import function_names, require_evidence

Scores = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]
Target = Mapping[str, float]


def check_arms(arms: Sequence[str]) -> None:
    """Refuse arms that are neither ours nor a trust function's name."""
    known = [*FIXED_ARMS, *LABEL_ARMS, *function_names()]
    if unknown := [arm for arm in arms if arm not in known]:
        raise UsageError("chain-unknown-arm", f"unknown arm {unknown[0]!r}; known: {', '.join(known)}")


def check_evidence(arms: Sequence[str], labels: Labels) -> None:
    """Refuse baselines whose evidence the labels lack."""
    for arm in arms:
        if arm in function_names():
            require_evidence(f"the arm {arm}", w2s.trust_function(arm).needs, labels)


def gold_rows(examples: Sequence[Example]) -> TrainingSet:
    """True answers; where several are right, each is as likely as the others.

    An answer is said as its source works it out, where it does.
    """
    targets = [dict.fromkeys(example.gold, 1 / len(example.gold)) for example in examples]
    said = [example.solution if isinstance(example, AnswerExample) else None for example in examples]
    return TrainingSet(list(examples), targets, np.ones(len(examples)), said)


def label_rows(
    pool: Mapping[str, Example],
    labels: Labels,
    rows: Positions,
    weights: Scores | None = None,
    soft: Callable[[str, str], Target] | None = None,
) -> TrainingSet:
    """Labels of some rows, joined to their examples by id.

    Args:
        pool: examples by id.
        labels: of the whole pool, one of each example.
        rows: which of them.
        weights: of every label of the pool.
        soft: id and label → target; a label is its own target where None.
    """
    chosen = labels.take(rows)
    answers: list[str] = chosen.table.column("label").to_pylist()
    target = soft or _hard
    targets = [target(id_, answer) for id_, answer in zip(chosen.example_ids, answers, strict=True)]
    given = np.ones(len(rows)) if weights is None else weights[rows]
    columns = chosen.table.column_names
    said: list[str | None] = chosen.table.column("raw").to_pylist() if "raw" in columns else []
    return TrainingSet([pool[id_] for id_ in chosen.example_ids], targets, given, said)


def _hard(_: str, label: str) -> Target:
    return {label: 1.0}


def mixed(label: str, trust: float, belief: Target) -> Target:
    """The label with its trust as probability, the rest shared by the other moves as a belief has them."""
    others = {move: prob for move, prob in belief.items() if move != label}
    total = sum(others.values())
    if not total > 0:
        return {label: 1.0}
    return {label: trust, **{move: (1 - trust) * prob / total for move, prob in others.items()}}


def repeated(rows: TrainingSet, times: int) -> TrainingSet:
    """Every row so many times."""
    return TrainingSet(
        [*rows.examples] * times,
        [*rows.targets] * times,
        np.tile(rows.weights, times),
        [*rows.rationales] * times,
    )


def both(first: TrainingSet, second: TrainingSet) -> TrainingSet:
    """The rows of both, one after another; training shuffles them."""
    weights = np.concatenate([first.weights, second.weights])
    said = [text for rows in (first, second) for text in rows.rationales or [None] * len(rows)]
    return TrainingSet([*first.examples, *second.examples], [*first.targets, *second.targets], weights, said)


def as_many(arm: str, labels: Labels, gold: Labels, count: int, seed: int) -> Positions:
    """The rows that a baseline keeps: as many as trust does, by chance or by another function's score."""
    if arm == "naive":
        return np.arange(len(labels))
    if arm == "random":
        return w2s.select(np.zeros(len(labels)), random=count, seed=seed)
    scores = w2s.trust_function(arm).fit(gold, seed=seed).score(labels)
    return w2s.select(scores, top=count)
