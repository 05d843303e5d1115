"""Trust from several teachers: the posterior of a crowd in which each has one rate of being right.

Knows nothing about gold but for the last step, where it makes the posterior a probability.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from w2s.crowds import crowd
from w2s.evidence import Labels
from w2s.trust import reading
from w2s.trust.calibrators import Line, platt
from w2s.trust.function import Flags, Scores, State
from w2s.trust.regression import logit
from w2s.trust.requirements import peer_label_columns
from w2s.trust.signals import NoOptions

ABSENT = -1
_LEAST_DOUBT = 1e-6

Codes = npt.NDArray[np.int64]


def votes(labels: Labels, peers: list[str]) -> Codes:
    """n × (1 + peers): 0 is the label, others are numbered from 1 as they are met in the row; −1 is null.

    The moves of one position are not those of another, so classes are numbered within each row.
    """
    columns = [reading.texts(labels, name) for name in ["label", *peers]]
    rows = [_numbered(row) for row in zip(*columns, strict=True)]
    return np.array(rows, np.int64).reshape(len(rows), len(columns))


def _numbered(row: tuple[str | None, ...]) -> list[int]:
    others = dict.fromkeys(vote for vote in row if vote is not None and vote != row[0])
    number = {None: ABSENT} | {vote: at for at, vote in enumerate(others, 1)}
    return [0 if vote is not None and vote == row[0] else number[vote] for vote in row]


def posterior(codes: Codes, skill: npt.NDArray[np.float64], classes: int) -> Scores:
    """Probability of class 0 in each row, all classes being as likely beforehand.

    A teacher of skill s says the right class with s, each of the others with (1 − s) / (classes − 1).
    """
    s = np.clip(skill, _LEAST_DOUBT, 1 - _LEAST_DOUBT)
    gain = np.log(s) - np.log((1 - s) / (classes - 1))
    named = np.arange(int(codes.max(initial=0)) + 1)
    for_class = np.stack([(codes == c) @ gain for c in named], axis=1)
    top = np.maximum(for_class.max(axis=1), 0)
    unnamed = max(classes - len(named), 0) * np.exp(-top)
    total = np.exp(for_class - top[:, None]).sum(axis=1) + unnamed
    found: Scores = np.exp(for_class[:, 0] - top) / total
    return found


@dataclass(frozen=True)
class Teachers:
    """A recipe: skills by expectation and maximisation without gold, then Platt's line on gold."""

    name: str = "crowd"
    about: str = "posterior over several teachers"
    options: type[NoOptions] = NoOptions

    def needs(self, options: NoOptions) -> frozenset[str]:
        """What other teachers say."""
        return frozenset({"label", "peer_label"})

    def fit(self, labels: Labels, correct: Flags, seed: int, options: NoOptions) -> State:
        """The skill of each teacher, the number of classes, Platt's line."""
        peers = peer_label_columns(labels)
        codes = votes(labels, peers)
        classes = max(2, int(codes.max(initial=0)) + 1)
        skill = _skills(codes, classes)
        line = platt(logit(posterior(codes, skill, classes)), correct)
        facts = {"peers": peers, "classes": classes}
        return State(facts, {"skill": skill, "platt": np.array(line, np.float64)})

    def score(self, labels: Labels, state: State, options: NoOptions) -> Scores:
        """n probabilities."""
        codes = votes(labels, state.facts["peers"])
        slope, offset = state.arrays["platt"].tolist()
        return Line(slope, offset)(logit(posterior(codes, state.arrays["skill"], state.facts["classes"])))


def _skills(codes: Codes, classes: int) -> npt.NDArray[np.float64]:
    """How often each teacher is right, by w2s.crowd; 1 / classes for one that never voted."""
    rows, workers = np.nonzero(codes != ABSENT)
    found = crowd(
        rows,
        workers,
        codes[rows, workers],
        method="one_coin",
        classes=list(range(classes)),
        priors=[1 / classes] * classes,
    )
    skill = np.full(codes.shape[1], 1 / classes)
    skill[found.workers.astype(np.int64)] = found.skill
    return skill


CROWD = Teachers()
