"""The search model: the move of the search, seeded noise, evidence and values on the scale of all models."""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import fmean, pstdev

import pytest

from w2s.games import State, game
from w2s.models import Answer, Want
from w2s.models.registry import load_model
from w2s.models.search import to_model_cp
from w2s.tasks import MoveExample

START = game("chess").state()
MATE_IN_2 = game("chess").state("7k/8/5K2/8/8/8/8/6R1 w - - 0 1")
GAMES = ("chess", "connect_four", "othello")
EVIDENCE = Want(evidence=True)


def states_of(name: str, plies: int) -> list[State]:
    """The states of a short game of the search against itself, with some noise."""
    state, states = game(name).state(), []
    while state.outcome() is None and len(states) < plies:
        states.append(state)
        state = state.play(ask("search:depth=1&noise_cp=200", state, match="m").label)
    assert len(states) > min(plies, 6) - 1
    return states


def ask(
    reference: str,
    state: State,
    want: Want | None = None,
    *,
    match: str | None = None,
    seed: int = 0,
    **more: object,
) -> Answer:
    example = MoveExample("x", state, match=match, **more)  # type: ignore[arg-type]
    return load_model(reference, seed=seed).answer([example], want or Want())[0]


@pytest.mark.parametrize("name", GAMES)
@pytest.mark.parametrize("limit", ["depth=3", "nodes=3000"])
def test_without_noise_the_best_move_is_played(name: str, limit: str) -> None:
    option, number = limit.split("=")
    for state in states_of(name, 12):
        found = state.search(**{option: int(number)})
        answer = ask(f"search:{limit}", state)
        assert (answer.label, answer.value_cp) == (found.best, to_model_cp(found.value_cp))
        wide = state.search(**{option: int(number)}, all_moves=True)
        answer = ask(f"search:{limit}", state, EVIDENCE)
        assert (answer.label, answer.value_cp) == (wide.best, to_model_cp(wide.value_cp))


@pytest.mark.parametrize("name", GAMES)
def test_values_cover_every_legal_move_without_noise(name: str) -> None:
    for state in states_of(name, 6):
        plain = ask("search:depth=2", state, Want(values=True))
        noisy = ask("search:depth=2&noise_cp=500", state, Want(values=True))
        assert list(plain.values_cp) == state.legal_moves()
        assert noisy.values_cp == plain.values_cp
        assert plain.value_cp == max(plain.values_cp.values()) == plain.values_cp[plain.label]
        assert noisy.value_cp == plain.values_cp[noisy.label]


def test_evidence_is_the_softmax_over_legal_moves() -> None:
    answer = ask("search:depth=2&temperature_cp=50", START, Want(evidence=True, values=True))
    weights = {move: math.exp(value / 50) for move, value in answer.values_cp.items()}
    probs = sorted((weight / sum(weights.values()) for weight in weights.values()), reverse=True)
    assert answer.log_prob == pytest.approx(math.log(probs[0]))
    assert answer.margin == pytest.approx(probs[0] - probs[1])
    assert answer.entropy == pytest.approx(-sum(p * math.log(p) for p in probs))
    assert answer.n_options == 20
    assert answer.label == max(weights, key=lambda move: weights[move])


def test_wide_search_gives_no_unrequested_evidence() -> None:
    answer = ask("search:depth=1&noise_cp=30", START)
    assert (answer.log_prob, answer.margin, answer.entropy, answer.n_options) == (None,) * 4
    assert answer.values_cp == {}


def test_evidence_of_a_noisy_search_uses_the_noisy_values() -> None:
    for number in range(20):
        answer = ask("search:depth=1&noise_cp=100", START, EVIDENCE, match=str(number))
        assert answer.margin is not None
        assert answer.margin >= 0


def test_noise_is_normal_with_the_given_deviation() -> None:
    model = load_model("search:depth=1&noise_cp=40")
    values = dict.fromkeys(START.legal_moves(), 0)
    drawn = [
        noise
        for number in range(250)
        for noise in model._noisy(MoveExample("x", START, match=str(number)), values).values()  # type: ignore[attr-defined]
    ]
    assert len(drawn) == 5000
    assert abs(fmean(drawn)) < 2.5
    assert abs(pstdev(drawn) - 40) < 1.5


def line_of(seats: tuple[str, str], match: str, plies: int = 12) -> list[str]:
    state = START
    for ply in range(plies):
        state = state.play(ask(seats[ply % 2], state, match=match).label)
    return state.moves()


def test_one_reference_on_both_sides_does_not_replay_a_game() -> None:
    noisy = "search:depth=1&noise_cp=60"
    lines = [tuple(line_of((noisy, noisy), str(match))) for match in range(6)]
    assert len(set(lines)) == len(lines)
    assert lines[0] == tuple(line_of((noisy, noisy), "0"))


def test_noise_of_two_references_is_independent() -> None:
    one, two = "search:depth=1&noise_cp=500", "search:depth=1&noise_cp=501"
    pairs = [(ask(one, state).label, ask(two, state).label) for state in states_of("chess", 30)]
    assert sum(left == right for left, right in pairs) < 12


def test_noise_never_gives_up_a_forced_mate() -> None:
    for number in range(30):
        answer = ask("search:depth=4&noise_cp=300", MATE_IN_2, match=str(number))
        assert answer.value_cp is not None
        assert answer.value_cp > 50_000


def test_forced_wins_and_losses_are_counted_in_moves_of_the_winner() -> None:
    assert ask("search:depth=4", MATE_IN_2).value_cp == 100_000 - 200
    lost = MATE_IN_2.play(ask("search:depth=4", MATE_IN_2).label)
    assert ask("search:depth=4", lost).value_cp == -(100_000 - 100)
    assert [to_model_cp(1_000_000 - plies) for plies in (1, 3, 5)] == [99_900, 99_800, 99_700]
    assert [to_model_cp(plies - 1_000_000) for plies in (0, 2, 4)] == [-100_000, -99_900, -99_800]
    assert [to_model_cp(value) for value in (-6400, 0, 312)] == [-6400, 0, 312]


@pytest.mark.parametrize("noise", ["", "&noise_cp=100"])
@pytest.mark.parametrize("want", [Want(), EVIDENCE])
def test_rejected_moves_are_skipped(noise: str, want: Want) -> None:
    reference = f"search:depth=2{noise}"
    values, rejected = [], []
    for _ in range(5):
        answer = ask(reference, START, want, rejected=tuple(rejected))
        assert answer.label not in rejected
        rejected.append(answer.label)
        values.append(answer.value_cp)
    if not noise:
        assert all(earlier >= later for earlier, later in pairwise(values))


def test_answer_restricted_to_one_move_has_its_value() -> None:
    values = ask("search:depth=3", START, Want(values=True)).values_cp
    for move in ("a2a4", "e2e4", "g2g4"):
        answer = ask("search:depth=3", START, EVIDENCE, only=(move,))
        assert (answer.label, answer.value_cp) == (move, values[move])
        assert (answer.log_prob, answer.n_options) == (0.0, 20)


def test_clock_and_batch_size_do_not_change_answers() -> None:
    states = states_of("othello", 8)
    model = load_model("search:depth=2&noise_cp=50")
    together = model.answer([MoveExample("x", state) for state in states], EVIDENCE)
    assert together == [ask(model.reference, state, EVIDENCE) for state in states]
