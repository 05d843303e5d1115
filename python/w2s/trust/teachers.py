"""Trust from several teachers: the posterior of a crowd in which each has one rate of being right.

Knows nothing about who they are. The crowd is :func:`w2s.crowd` with ``one_coin``, but that gold is known:
where the label is right it is the truth, where it is wrong it is not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from w2s.evidence import Labels
from w2s.trust import reading
from w2s.trust.calibrators import Line, platt
from w2s.trust.function import Flags, Scores, State
from w2s.trust.regression import logit
from w2s.trust.requirements import has, peer_label_columns
from w2s.trust.signals import NoOptions

ABSENT = -1
_LEAST_DOUBT = 1e-6
_ITERATIONS = 100
_STANDSTILL = 1e-6

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


def posterior(codes: Codes, skill: npt.NDArray[np.float64], classes: int) -> npt.NDArray[np.float64]:
    """n × named classes: their probabilities in each row, all classes being as likely beforehand.

    A teacher of skill s says the right class with s, each of the others with (1 − s) / (classes − 1). What a
    row lacks of 1 is with the classes that nobody named anywhere.
    """
    s = np.clip(skill, _LEAST_DOUBT, 1 - _LEAST_DOUBT)
    gain = np.log(s) - np.log((1 - s) / (classes - 1))
    named = np.arange(int(codes.max(initial=0)) + 1)
    for_class = np.stack([(codes == c) @ gain for c in named], axis=1)
    top = np.maximum(for_class.max(axis=1, keepdims=True), 0)
    weight = np.exp(for_class - top)
    unnamed = max(classes - len(named), 0) * np.exp(-top)
    found: npt.NDArray[np.float64] = weight / (weight.sum(axis=1, keepdims=True) + unnamed)
    return found


def skills(codes: Codes, classes: int, correct: Flags | None = None) -> npt.NDArray[np.float64]:
    """How often each teacher is right: expectation and maximisation, from the shares of the majority.

    ``correct`` says for each row whether class 0 is the truth; None: that is known of no row.

    Source: Dawid and Skene, Applied Statistics 1979, with one rate for each teacher.
    """
    truth = _shares(codes)
    skill = np.full(codes.shape[1], -1.0)
    for _ in range(_ITERATIONS):
        before, skill = skill, _rates(codes, _known(truth, correct))
        if np.abs(skill - before).max() < _STANDSTILL:
            break
        truth = posterior(codes, skill, classes)
    return skill


def _shares(codes: Codes) -> npt.NDArray[np.float64]:
    named = np.arange(int(codes.max(initial=0)) + 1)
    counts = np.stack([(codes == c).sum(axis=1) for c in named], axis=1)
    shares: npt.NDArray[np.float64] = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return shares


def _known(truth: npt.NDArray[np.float64], correct: Flags | None) -> npt.NDArray[np.float64]:
    """The posterior, given which labels are right."""
    if correct is None:
        return truth
    others = truth.copy()
    others[:, 0] = 0
    left = 1 - truth[:, :1]
    others = np.divide(others, left, out=np.zeros_like(others), where=left > _LEAST_DOUBT)
    only = np.zeros_like(truth)
    only[:, 0] = 1
    return np.where(correct[:, None], only, others)


def _rates(codes: Codes, truth: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Mean probability of what each teacher says; one half for one that says nothing."""
    of_vote = np.take_along_axis(truth, np.maximum(codes, 0), axis=1)
    voted = codes != ABSENT
    count = voted.sum(axis=0)
    return np.where(count > 0, (of_vote * voted).sum(axis=0) / np.maximum(count, 1), 0.5)


@dataclass(frozen=True)
class Teachers:
    """A recipe: the skill of each teacher, then Platt's line."""

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
        classes = _class_count(labels, codes)
        skill = skills(codes, classes, correct)
        line = platt(logit(posterior(codes, skill, classes)[:, 0]), correct)
        facts = {"peers": peers, "classes": classes}
        return State(facts, {"skill": skill, "platt": np.array(line, np.float64)})

    def score(self, labels: Labels, state: State, options: NoOptions) -> Scores:
        """n probabilities."""
        codes = votes(labels, state.facts["peers"])
        slope, offset = state.arrays["platt"].tolist()
        found = posterior(codes, state.arrays["skill"], state.facts["classes"])
        return Line(slope, offset)(logit(found[:, 0]))


def _class_count(labels: Labels, codes: Codes) -> int:
    """The median number of options, where it is known; at least one more than was named in any row."""
    options = reading.numbers(labels, "n_options") if has(labels, "n_options") else np.zeros(1)
    return max(int(np.nanmedian(options)), int(codes.max(initial=0)) + 2)


CROWD = Teachers()
