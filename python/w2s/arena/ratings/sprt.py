"""The sequential probability ratio test (SPRT), which stops a match as soon as it is decided.

Hypotheses: H0 says that the difference is ``elo0``, H1 that it is ``elo1``. With ``N`` results whose scores
``a_i`` occur with frequencies ``p_i``, the generalised log-likelihood ratio is

    LLR = N sum_i p_i log(q1_i / q0_i)

where ``q_h`` is the distribution that maximises the likelihood among those in which hypothesis ``h`` holds
(M. Van den Bergh, "A Practical Introduction to the GSPRT" and "Comments on Normalized Elo").

* ``logistic``: the mean is ``m = 1 / (1 + 10^(-elo/400))``. Then ``q_i = p_i / (1 + x c_i)`` with
  ``c_i = a_i - m``, where ``x`` is the root of ``sum_i p_i c_i / (1 + x c_i)``.
* ``normalized``: the mean lies ``t`` standard deviations above one half, with
  ``t = elo ln(10) / 800``, times sqrt(2) where a result is a pair of games. Linearised around a distribution
  with mean ``mu`` and deviation ``s``, that is a condition like the one above with
  ``c_i = a_i - 1/2 - t s (1 + ((a_i - mu) / s)^2) / 2``; it is solved repeatedly until it converges.

The test accepts H1 at ``LLR >= log((1 - beta) / alpha)`` and H0 at ``LLR <= log(beta / (1 - alpha))`` (Wald).
A score that has not occurred counts as 1/1000 of a result, so that both hypotheses stay possible.
Complete pairs are the results; only a match without any pair is tested by its single games.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from w2s.arena.ratings.elo import NELO_PER_T, NO_GAMES, NO_INFORMATION, expected_score
from w2s.arena.ratings.pentanomial import Pentanomial
from w2s.errors import UsageError

SprtModel = Literal["normalized", "logistic"]
"""The scale on which elo0 and elo1 are given."""

SprtVerdict = Literal["H0", "H1", "continue"]
"""The accepted hypothesis, or ``continue`` if more games are needed."""

LIMIT = 200.0
"""Largest absolute value of elo0 and elo1; beyond it the linearised condition may have no solution."""

_UNSEEN = 1e-3
_ROUNDS = 100


@dataclass(frozen=True, slots=True)
class SprtSpec:
    """The hypotheses and error rates of a test.

    Attributes:
        elo0: Elo difference under H0.
        elo1: Elo difference under H1.
        alpha: probability of accepting H1 when H0 holds.
        beta: probability of accepting H0 when H1 holds.
        model: the scale of elo0 and elo1.

    Raises:
        UsageError: elo0 is not below elo1, one of them exceeds ``LIMIT``, an error rate is not in (0, 0.5),
            or the model is unknown.
    """

    elo0: float
    elo1: float
    alpha: float = 0.05
    beta: float = 0.05
    model: SprtModel = "normalized"

    def __post_init__(self) -> None:
        if not -LIMIT <= self.elo0 < self.elo1 <= LIMIT:
            limits = f"{self.elo0:g} and {self.elo1:g}"
            raise UsageError(
                "sprt-elo-bounds", f"SPRT needs elo0 below elo1, both within {LIMIT:g} of 0, not {limits}"
            )
        for name, value in (("alpha", self.alpha), ("beta", self.beta)):
            if not 0 < value < 0.5:
                raise UsageError(
                    "sprt-error-rate", f"SPRT {name} is {value:g}; it must be between 0 and 0.5, usually 0.05"
                )
        if self.model not in get_args(SprtModel):
            raise UsageError(
                "sprt-unknown-model",
                f"unknown SPRT model {self.model!r}; use {' or '.join(get_args(SprtModel))}",
            )

    @classmethod
    def parse(cls, text: str, model: SprtModel = "normalized") -> SprtSpec:
        """The test that a text ``ELO0,ELO1[,ALPHA[,BETA]]`` describes; ``beta`` defaults to ``alpha``.

        Example:
            >>> SprtSpec.parse("0,10")
            SprtSpec(elo0=0.0, elo1=10.0, alpha=0.05, beta=0.05, model='normalized')
        """
        try:
            numbers = [float(part) for part in text.split(",")]
        except ValueError:
            numbers = []
        if not 2 <= len(numbers) <= 4:
            raise UsageError(
                "sprt-not-numbers",
                f"--sprt {text[:40]!r} is not ELO0,ELO1[,ALPHA[,BETA]]; for example --sprt 0,10",
            )
        alpha = numbers[2] if len(numbers) > 2 else 0.05
        return cls(numbers[0], numbers[1], alpha, numbers[3] if len(numbers) > 3 else alpha, model)

    @property
    def lower(self) -> float:
        """The log-likelihood ratio at and below which H0 is accepted."""
        return math.log(self.beta / (1 - self.alpha))

    @property
    def upper(self) -> float:
        """The log-likelihood ratio at and above which H1 is accepted."""
        return math.log((1 - self.beta) / self.alpha)

    def state(self, counts: Pentanomial) -> SprtState:
        """The state of the test after these games, for the player that ``counts`` belong to."""
        if not counts.games:
            return SprtState(self, 0.0, "continue", informative=False, note=NO_GAMES)
        results = counts.pairs if counts.n_pairs else counts.singles
        middle = len(results) // 2
        if results[middle] == sum(results):
            return SprtState(self, 0.0, "continue", informative=False, note=NO_INFORMATION)
        llr = log_likelihood_ratio(results, self)
        verdict: SprtVerdict = "H1" if llr >= self.upper else "H0" if llr <= self.lower else "continue"
        return SprtState(self, llr, verdict)


@dataclass(frozen=True, slots=True)
class SprtState:
    """The state of a test.

    Attributes:
        spec: the test.
        llr: log-likelihood ratio.
        verdict: the accepted hypothesis, or ``continue``.
        informative: whether the games say anything yet; if not, ``llr`` is 0.
        note: why the games say nothing, else empty.
    """

    spec: SprtSpec
    llr: float
    verdict: SprtVerdict
    informative: bool = True
    note: str = ""


def log_likelihood_ratio(results: Sequence[int], spec: SprtSpec) -> float:
    """The generalised log-likelihood ratio of counts by ascending score: five for pairs, three for games."""
    weights = [max(float(count), _UNSEEN) for count in results]
    total = sum(weights)
    shares = [weight / total for weight in weights]
    scores = [index / (len(results) - 1) for index in range(len(results))]
    fit = _fit_normalized if spec.model == "normalized" else _fit_logistic
    null, alternative = (fit(scores, shares, elo) for elo in (spec.elo0, spec.elo1))
    ratios = zip(weights, null, alternative, strict=True)
    return sum(weight * math.log(q1 / q0) for weight, q0, q1 in ratios)


def _fit_logistic(scores: list[float], shares: list[float], elo: float) -> list[float]:
    mean = expected_score(elo)
    return _tilt(shares, [score - mean for score in scores])


def _fit_normalized(scores: list[float], shares: list[float], elo: float) -> list[float]:
    t = elo / NELO_PER_T * (math.sqrt(2) if len(scores) == 5 else 1)
    fitted = [1 / len(scores)] * len(scores)
    for _ in range(_ROUNDS):
        mean = sum(q * score for q, score in zip(fitted, scores, strict=True))
        deviation = math.sqrt(sum(q * (score - mean) ** 2 for q, score in zip(fitted, scores, strict=True)))
        condition = [
            score - 0.5 - t * deviation * (1 + ((score - mean) / deviation) ** 2) / 2 for score in scores
        ]
        before, fitted = fitted, _tilt(shares, condition)
        if max(abs(new - old) for new, old in zip(fitted, before, strict=True)) < 1e-10:
            break
    return fitted


def _tilt(shares: list[float], condition: list[float]) -> list[float]:
    """The most likely distribution under which ``condition`` has mean 0, given the observed shares."""
    x, low, high = 0.0, -1 / max(condition), -1 / min(condition)
    for _ in range(_ROUNDS):
        # Newton's step on a function that falls from plus to minus infinity; halving where it leaves them.
        terms = [c / (1 + x * c) for c in condition]
        excess = sum(p * term for p, term in zip(shares, terms, strict=True))
        slope = sum(p * term * term for p, term in zip(shares, terms, strict=True))
        low, high = (x, high) if excess > 0 else (low, x)
        before, x = x, x + excess / slope
        if not low < x < high:
            x = (low + high) / 2
        if abs(x - before) <= 1e-13 * (1 + abs(x)):
            break
    return [p / (1 + x * c) for p, c in zip(shares, condition, strict=True)]
