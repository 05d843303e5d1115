"""The sequential test: published log-likelihood ratios, bounds, degenerate matches, error rates."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.doubles.errors import raises_code
from w2s.arena.ratings import Pentanomial, SprtSpec
from w2s.arena.ratings.sprt import SprtModel, log_likelihood_ratio
from w2s.errors import UsageError

# Published by the tests of fastchess, which rounds to two decimals.
PUBLISHED: list[tuple[tuple[int, ...], float, float, SprtModel, float]] = [
    ((365, 16618, 36229, 16974, 390), 0, 2, "normalized", 2.25),
    ((127, 4883, 10712, 5150, 104), -1.75, 0.25, "normalized", 3.01),
    ((223, 9863, 21279, 10037, 246), 0.5, 2.5, "logistic", -3.07),
    ((871, 26175, 55983, 26678, 821), 0, 2, "logistic", -4.98),
    ((36027, 68692, 36433), 0, 2, "normalized", 0.92),
    ((10650, 20431, 10871), -1.75, 0.25, "normalized", 2.30),
    ((21184, 40708, 21404), 0.5, 2.5, "logistic", -1.57),
    ((57030, 106593, 57433), 0, 2, "logistic", -2.59),
]


@pytest.mark.parametrize(("results", "elo0", "elo1", "model", "llr"), PUBLISHED)
def test_llr_matches_published_examples(
    results: tuple[int, ...], elo0: float, elo1: float, model: SprtModel, llr: float
) -> None:
    spec = SprtSpec(elo0, elo1, model=model)
    assert log_likelihood_ratio(results, spec) == pytest.approx(llr, abs=0.0075)


def test_llr_of_perfect_score_is_that_of_two_coins() -> None:
    # Only wins: the likeliest distributions put all other mass on losses, so both hypotheses are coins, and a
    # coin whose mean lies t deviations above one half wins with q = 1/2 + t / (2 sqrt(1 + t^2)).
    t = 5 * math.log(10) / 800 * math.sqrt(2)
    win = 0.5 + t / (2 * math.sqrt(1 + t * t))
    ours = log_likelihood_ratio((0, 0, 0, 0, 104), SprtSpec(0, 5))
    assert ours == pytest.approx(104 * math.log(win / 0.5), rel=0.01)


@pytest.mark.parametrize("model", ["normalized", "logistic"])
def test_llr_approaches_normal_approximation(model: SprtModel) -> None:
    pairs = (400, 2300, 4700, 2350, 410)
    n, scores = sum(pairs), np.arange(5) / 4
    mean = float(np.dot(pairs, scores)) / n
    deviation = math.sqrt(float(np.dot(pairs, (scores - mean) ** 2)) / n)
    scale = math.sqrt(2) * deviation * math.log(10) / 800 if model == "normalized" else math.log(10) / 1600
    low, high = 0.5 + 0 * scale, 0.5 + 4 * scale
    brownian = n * (high - low) * (2 * mean - low - high) / (2 * deviation**2)
    assert log_likelihood_ratio(pairs, SprtSpec(0, 4, model=model)) == pytest.approx(brownian, rel=0.01)


def test_bounds_are_walds() -> None:
    spec = SprtSpec(0, 10, alpha=0.05, beta=0.1)
    assert spec.lower == pytest.approx(math.log(0.1 / 0.95))
    assert spec.upper == pytest.approx(math.log(0.9 / 0.05))
    assert (SprtSpec(0, 1).lower, SprtSpec(0, 1).upper) == pytest.approx((-2.944, 2.944), abs=5e-4)


@pytest.mark.parametrize("model", ["normalized", "logistic"])
def test_level_pairs_are_uninformative(model: SprtModel) -> None:
    state = SprtSpec(0, 10, model=model).state(Pentanomial.from_pairs((0, 0, 10_000, 0, 0)))
    assert (state.llr, state.verdict, state.informative) == (0, "continue", False)
    assert "no information" in state.note
    assert not SprtSpec(0, 10).state(Pentanomial()).informative


@pytest.mark.parametrize("model", ["normalized", "logistic"])
def test_results_without_spread_are_decided(model: SprtModel) -> None:
    spec = SprtSpec(0, 10, model=model)
    for pairs in [(0, 0, 0, 0, 2000), (0, 0, 0, 2000, 0)]:
        assert spec.state(Pentanomial.from_pairs(pairs)).verdict == "H1"
        assert spec.state(Pentanomial.from_pairs(pairs).swapped()).verdict == "H0"
    assert math.isfinite(spec.state(Pentanomial.from_pairs((0, 0, 0, 0, 1))).llr)


def test_single_games_count_only_without_pairs() -> None:
    spec = SprtSpec(0, 10)
    pairs = Pentanomial.from_pairs((1, 5, 20, 9, 2))
    with_single = Pentanomial(pairs.pairs, (0, 0, 1), pairs.wins + 1, pairs.draws, pairs.losses)
    assert spec.state(with_single).llr == spec.state(pairs).llr
    games = Pentanomial.from_games(wins=40, draws=60, losses=25)
    assert spec.state(games).llr == log_likelihood_ratio((25, 60, 40), spec) > 0


def test_swapping_players_swaps_hypotheses() -> None:
    pairs = Pentanomial.from_pairs((3, 11, 40, 19, 6))
    for model in ("normalized", "logistic"):
        there = SprtSpec(-2, 7, model=model).state(pairs).llr
        back = SprtSpec(-7, 2, model=model).state(pairs.swapped()).llr
        assert back == pytest.approx(-there)


def test_option_is_parsed() -> None:
    assert SprtSpec.parse("0,10") == SprtSpec(0, 10, 0.05, 0.05, "normalized")
    assert SprtSpec.parse(" -5, 0, 0.1") == SprtSpec(-5, 0, 0.1, 0.1)
    assert SprtSpec.parse("0,10,0.05,0.1", "logistic") == SprtSpec(0, 10, 0.05, 0.1, "logistic")


@pytest.mark.parametrize(
    "text", ["", "5", "0,10,0.05,0.05,1", "a,b", "10,0", "0,0", "0,10,0", "0,10,1", "nan,1", "0,inf"]
)
def test_invalid_option_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(UsageError) as error:
        SprtSpec.parse(text)
    assert "\n" not in str(error.value)


def test_unknown_model_is_refused() -> None:
    with raises_code("sprt-unknown-model", UsageError):
        SprtSpec(0, 10, model="bayesian")  # type: ignore[arg-type]


def accepted(probabilities: np.ndarray, spec: SprtSpec, matches: int, seed: int) -> list[str]:
    """Verdicts of simulated tests, looked at after every fourth pair."""
    generator = np.random.default_rng(seed)
    verdicts = []
    for _ in range(matches):
        counts = np.zeros(5, dtype=np.int64)
        llr = 0.0
        while spec.lower < llr < spec.upper:
            counts += generator.multinomial(4, probabilities)
            llr = log_likelihood_ratio(counts.tolist(), spec) if counts[2] < counts.sum() else 0.0
        verdicts.append("H1" if llr >= spec.upper else "H0")
    return verdicts


@pytest.mark.slow
@pytest.mark.parametrize("model", ["normalized", "logistic"])
def test_error_rates_stay_below_alpha_and_beta(model: SprtModel) -> None:
    even = np.array([0.08, 0.22, 0.40, 0.22, 0.08])
    scores = np.arange(5) / 4
    spec = SprtSpec(0, 30, alpha=0.1, beta=0.1, model=model)
    # Tilt the even distribution until its mean (or mean in deviations) is what H1 says.
    tilts = [even * np.exp(x * scores) / (even * np.exp(x * scores)).sum() for x in np.linspace(0, 2, 2001)]
    means = np.array([tilt @ scores for tilt in tilts])
    deviations = np.sqrt([tilt @ (scores - mean) ** 2 for tilt, mean in zip(tilts, means, strict=True)])
    if model == "normalized":
        reached = (means - 0.5) / deviations / math.sqrt(2) * 800 / math.log(10)
    else:
        reached = 400 * np.log10(means / (1 - means))
    better = tilts[int(np.argmin(np.abs(reached - 30)))]
    false_h1 = accepted(even, spec, 400, seed=1).count("H1") / 400
    false_h0 = accepted(better, spec, 400, seed=2).count("H0") / 400
    print(f"{model}: seeds 1 and 2, false H1 {false_h1:.3f}, false H0 {false_h0:.3f}")
    assert 0 < false_h1 <= 0.1
    assert 0 < false_h0 <= 0.1
