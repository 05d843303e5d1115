"""Trust from several teachers: the posterior of a crowd in which each teacher has one rate of being right.

The model is that of ``w2s.aggregate_votes(..., method="one-coin")``, fitted with gold: where a label is right
it is the truth, and where it is wrong another class is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from w2s.evidence import Labels
from w2s.kernels.arrays import Flags
from w2s.kernels.columns import Doubles, Positions
from w2s.trust import columns
from w2s.trust.calibration import Platt
from w2s.trust.function import FittedState, NoOptions
from w2s.trust.regression import logit

ABSENT = -1
"""The code of a teacher without a vote."""

_LEAST_DOUBT = 1e-6
_ITERATIONS = 100
_TOLERANCE = 1e-6


def vote_codes(labels: Labels, peers: list[str]) -> Positions:
    """Code the label and the labels of n × peers as classes of their row.

    Moves of different positions have nothing in common, so classes are numbered within each row.

    Returns:
        int64 of shape (n, 1 + peers): 0 for the label itself, other votes from 1 in the order of the columns,
        :data:`ABSENT` for null.
    """
    votes = [columns.texts(labels, name) for name in ["label", *peers]]
    rows = [_codes_of_row(row) for row in zip(*votes, strict=True)]
    return np.array(rows, np.int64).reshape(len(rows), len(votes))


def _codes_of_row(row: tuple[str | None, ...]) -> list[int]:
    others = dict.fromkeys(vote for vote in row if vote is not None and vote != row[0])
    number = {None: ABSENT} | {vote: at for at, vote in enumerate(others, 1)}
    return [0 if vote is not None and vote == row[0] else number[vote] for vote in row]


def posterior(codes: Positions, skill: Doubles, classes: int) -> Doubles:
    """Probabilities of the named classes of each row, with a uniform prior.

    A teacher of skill s votes for the right class with probability s, and for each other class with
    (1 − s) / (classes − 1).

    Args:
        codes: n × teachers, as :func:`vote_codes` returns them.
        skill: probability of being right, one for each teacher.
        classes: number of classes.

    Returns:
        n × named classes. The rest of each row's probability belongs to classes without a vote.
    """
    s = np.clip(skill, _LEAST_DOUBT, 1 - _LEAST_DOUBT)
    gain = np.log(s) - np.log((1 - s) / (classes - 1))
    named = np.arange(int(codes.max(initial=0)) + 1)
    log_odds = np.stack([(codes == c) @ gain for c in named], axis=1)
    top = np.maximum(log_odds.max(axis=1, keepdims=True), 0)
    weight = np.exp(log_odds - top)
    unnamed = max(classes - len(named), 0) * np.exp(-top)
    found: Doubles = weight / (weight.sum(axis=1, keepdims=True) + unnamed)
    return found


def teacher_skills(codes: Positions, classes: int, correct: Flags | None = None) -> Doubles:
    """How often each teacher is right, by expectation-maximisation from the shares of the votes.

    Args:
        codes: n × teachers, as :func:`vote_codes` returns them.
        classes: number of classes.
        correct: n flags: whether class 0 is the truth; None if that is known for no row.

    Source: Dawid and Skene, Applied Statistics 1979, with one rate for each teacher.
    """
    truth = _vote_shares(codes)
    skill = np.full(codes.shape[1], -1.0)
    for _ in range(_ITERATIONS):
        before, skill = skill, _right_rates(codes, _given_gold(truth, correct))
        if np.abs(skill - before).max() < _TOLERANCE:
            break
        truth = posterior(codes, skill, classes)
    return skill


def _vote_shares(codes: Positions) -> Doubles:
    named = np.arange(int(codes.max(initial=0)) + 1)
    counts = np.stack([(codes == c).sum(axis=1) for c in named], axis=1)
    shares: Doubles = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return shares


def _given_gold(truth: Doubles, correct: Flags | None) -> Doubles:
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


def _right_rates(codes: Positions, truth: Doubles) -> Doubles:
    """Mean probability of each teacher's votes; one half for a teacher without votes."""
    of_vote = np.take_along_axis(truth, np.maximum(codes, 0), axis=1)
    voted = codes != ABSENT
    count = voted.sum(axis=0)
    return np.where(count > 0, (of_vote * voted).sum(axis=0) / np.maximum(count, 1), 0.5)


@dataclass(frozen=True)
class CrowdPosterior:
    """The trust method: the skill of each teacher, then Platt scaling of the posterior's log-odds."""

    name: str = "crowd"
    about: str = "posterior over several teachers"
    options: type[NoOptions] = NoOptions

    def needs(self, options: NoOptions) -> frozenset[str]:
        """Return the label and the labels of other models."""
        return frozenset({"label", "peer_label"})

    def fit(self, labels: Labels, correct: Flags, seed: int, options: NoOptions) -> FittedState:
        """Fit the skill of each teacher, the number of classes and the Platt scaling."""
        peers = columns.evidence_columns(labels, "peer_label")
        codes = vote_codes(labels, peers)
        classes = _class_count(labels, codes)
        skill = teacher_skills(codes, classes, correct)
        line = Platt.fit(logit(posterior(codes, skill, classes)[:, 0]), correct)
        facts = {"peers": peers, "classes": classes}
        return FittedState(facts, {"skill": skill, "platt": np.array(line, np.float64)})

    def score(self, labels: Labels, state: FittedState, options: NoOptions) -> Doubles:
        """Return n probabilities."""
        codes = vote_codes(labels, state.facts["peers"])
        found = posterior(codes, state.arrays["skill"], state.facts["classes"])
        return Platt(*state.arrays["platt"].tolist())(logit(found[:, 0]))


def _class_count(labels: Labels, codes: Positions) -> int:
    """The median number of options if it is known; at least one more than the votes of any row name."""
    options = (
        columns.numbers(labels, "n_options") if columns.has_evidence(labels, "n_options") else np.zeros(1)
    )
    return max(int(np.nanmedian(options)), int(codes.max(initial=0)) + 2)


CROWD = CrowdPosterior()
