"""The arm ``self``: a student trained on gold labels the pool itself, and learns from what it is trusted in.

Knows nothing about the teacher. Gold is labelled by folds: each fold by a student that trained on the others.
So trust in the student's labels is fitted on rows that did not train whoever labelled them.

    fold-K/   student/, labels/ of the gold rows in the fold
    labels/   of the pool, by the student of the arm gold
    trust/    as in a round
    arm/      that student, after it learned from its own trusted labels
"""

from __future__ import annotations

from itertools import compress

import numpy as np

from w2s.chain.labels import teacher_labels
from w2s.chain.steps import Facts
from w2s.chain.students import arms as made
from w2s.chain.students.pupil import Pupil, Taught
from w2s.chain.students.subsets import folds_of
from w2s.chain.students.teaching import together, trained
from w2s.chain.trusted import quality, trust_labels
from w2s.evidence import Labels
from w2s.labelling.files import concat_labels


def self_taught(pupil: Pupil) -> tuple[Taught, Facts]:
    """The student and what trust in its own labels was worth; made once and then read."""
    chain, seed, place = pupil.chain, pupil.seed, pupil.place / "self"
    config = chain.config
    _, first = pupil.on_gold
    chain.say(f"self, seed {seed}: the student of gold labels the pool")
    pool, made_of = teacher_labels(
        place / "labels",
        config,
        chain.splits.pool,
        first["model"],
        pupil.student,
        first["step"],
        chain.count,
        pupil.gold,
    )
    gold, folds = _gold_labels(pupil)
    trusted, facts = trust_labels(place / "trust", config, gold, pool, seed, [made_of["step"], folds])
    by_id = {example.id: example for example in chain.splits.pool}
    rows = made.label_rows(by_id, trusted.labels, trusted.rows, trusted.weights)
    chain.say(f"self, seed {seed}: training on {len(rows)} of its own labels")
    about = [facts["step"], config.keep.model_dump()]
    right, second = pupil.learns_later(place / "arm", first["model"], rows, about)
    return (right, together(first, second)), quality(trusted, seed)


def _gold_labels(pupil: Pupil) -> tuple[Labels, list[str]]:
    """Labels of gold, each by a student that did not train on it; and the steps that made them."""
    folds = folds_of(pupil.gold, pupil.chain.config.trust.folds, pupil.seed)
    pieces = [_fold_labels(pupil, fold, folds == fold) for fold in range(folds.max() + 1)]
    return concat_labels([labels for labels, _ in pieces]), [facts["step"] for _, facts in pieces]


def _fold_labels(pupil: Pupil, fold: int, inside: np.ndarray) -> tuple[Labels, Facts]:
    chain, place = pupil.chain, pupil.place / "self" / f"fold-{fold}"
    chain.say(f"self, seed {pupil.seed}: fold {fold} of gold is labelled by a student of the others")
    others = made.gold_rows(list(compress(pupil.gold, ~inside)))
    student = trained(
        place, pupil.student, others, chain.config.train, pupil.seed, [pupil.identity, "fold", fold]
    )
    examples = list(compress(pupil.gold, inside))
    about = [pupil.identity, "fold", fold, chain.config.train, pupil.seed]
    return teacher_labels(
        place / "labels", chain.config, examples, student, pupil.student, about, chain.count, pupil.gold
    )
