"""What the training sets of a student are made of: examples, labels, and the selection from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from w2s.chain.training_rows import Positions, Scores, SoftTarget
from w2s.evidence import Labels
from w2s.tasks import Example
from w2s.train.dataset import Target


@dataclass(frozen=True)
class LabelledInputs:
    """Labels that training sets are made of.

    Attributes:
        gold: labels of gold, one per example.
        pool: labels of the pool, one per example.
        chosen: labels of the pool; the most trusted one of several candidates.
        kept: positions in ``chosen`` that trust keeps, ascending; none without trust in these labels.
        weights: weights of all of ``chosen``; None if all are equal.
        n_kept: number of labels that the trust of the round keeps.
        soft: soft targets; None for hard ones.
        soften_all: whether soft targets also apply to labels that trust did not choose.
        prior: the untrained student's policy for each example of the pool, by id; empty if no arm reads it.
        made_of: identity of labels and selection, as named JSON values.
    """

    gold: Labels
    pool: Labels
    chosen: Labels
    kept: Positions
    weights: Scores | None
    n_kept: int
    soft: SoftTarget | None = None
    soften_all: bool = False
    prior: Mapping[str, Target] = field(default_factory=dict)
    made_of: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class TrainingInputs:
    """What the training sets of one student and one seed are made of.

    Attributes:
        gold: examples whose answers the student may learn.
        pool: examples without answers, except for the ceiling.
        seed: random seed of draws.
        warm: positions of the gold rows of the warm start.
        folds: fold of each gold row, for students that label gold themselves.
        gold_times: how often ``gold+trust`` repeats each gold row.
        joined: rows of the pool that come from matches, without answers, next to rows from files.
        labelled: labels; None for arms that learn from true answers only.
        made_of: identity of the examples, as named JSON values.
    """

    gold: Sequence[Example]
    pool: Sequence[Example]
    seed: int
    warm: Sequence[int] = ()
    folds: Sequence[int] = ()
    gold_times: int = 1
    joined: int = 0
    labelled: LabelledInputs | None = None
    made_of: Mapping[str, object] = field(default_factory=dict)

    @property
    def labels(self) -> LabelledInputs:
        """The labels; only for arms that learn from labels."""
        assert self.labelled is not None
        return self.labelled
