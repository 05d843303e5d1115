"""A real engine behind ``uci:``: independent labels, evidence, mates and Chess960."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator

import pytest

from w2s.errors import UsageError
from w2s.games import State, game
from w2s.models import Answer, Model, Want, load_model
from w2s.models.confidence import MATE_CP
from w2s.models.uci import UciModel
from w2s.tasks import Clock, MoveExample

pytestmark = pytest.mark.engine

CHESS = game("chess")
START = CHESS.state()
EVERYTHING = Want(evidence=True, values=True)


def load(options: str, concurrency: int = 1) -> UciModel:
    model = load_model(f"uci:stockfish?{options}", concurrency=concurrency)
    assert isinstance(model, UciModel)
    return model


@pytest.fixture(scope="module")
def engine() -> Iterator[UciModel]:
    with load("nodes=2000") as model:
        yield model


def ask(model: Model, state: State, want: Want = EVERYTHING, **more: object) -> Answer:
    return model.answer([MoveExample("e", state, **more)], want)[0]  # type: ignore[arg-type]


def content(answer: Answer) -> tuple[object, ...]:
    """The content of an answer, without its time."""
    return (
        answer.label, answer.log_prob, answer.margin, answer.entropy, answer.n_options, answer.value_cp,
        tuple(answer.values_cp.items()), answer.raw, answer.failure,
    )  # fmt: skip


def some_states(count: int, seed: int) -> list[State]:
    """Positions of random games, some from the same game."""
    draw, states, state = random.Random(seed), [], START
    while len(states) < count:
        if state.outcome() is not None or state.ply >= 40:
            state = START
        state = state.play(draw.choice(state.legal_moves()))
        if state.ply % 5 == 0 and state.outcome() is None:
            states.append(state)
    return states


def test_label_does_not_depend_on_earlier_examples() -> None:
    """The bytes are equal in any order, in any batch, and in a new process."""
    states, want = some_states(12, seed=3), Want(evidence=True)
    with load("nodes=1500") as model:
        forward = [content(ask(model, state, want)) for state in states]
        backward = [content(ask(model, state, want)) for state in reversed(states)]
        ask(model, START, EVERYTHING)
        again = content(ask(model, states[0], want))
    with load("nodes=1500", concurrency=2) as model:
        asked = [MoveExample(str(n), state) for n, state in enumerate(states)]
        together = [content(answer) for answer in model.answer(asked, want)]
    assert forward == backward[::-1] == together
    assert again == forward[0]
    assert len({answer[0] for answer in forward}) > 3


def test_hash_is_cleared_for_labels_and_kept_in_matches() -> None:
    """With a kept hash, the second of two equal searches uses the results of the first."""
    with load("nodes=20000&Hash=64") as model:
        labels = [content(ask(model, START, Want(evidence=True))) for _ in range(2)]
        played = [ask(model, START, Want(), match="m", attempt=attempt).value_cp for attempt in (0, 1, 2)]
    assert labels[0] == labels[1]
    assert len(set(played)) > 1


def play(model: Model, name: str, state: State = START, plies: int = 24) -> list[tuple[object, ...]]:
    """A game of the engine against itself."""
    answers = []
    while state.ply < plies and state.outcome() is None:
        answers.append(content(ask(model, state, Want(evidence=True), match=name)))
        state = state.play(str(answers[-1][0]))
    return answers


def test_match_does_not_depend_on_earlier_matches() -> None:
    with load("nodes=800") as model:
        first = play(model, "a")
        model.release("a")
        play(model, "b", START.play("d2d4"))
        model.release("b")
        ask(model, START, Want(evidence=True))
        assert play(model, "a") == first
    with load("nodes=800", concurrency=2) as model:
        assert play(model, "c") == first


def test_concurrent_matches_equal_sequential_matches() -> None:
    begins = [START, START.play("d2d4"), START.play("c2c4")]
    with load("nodes=500") as model:
        apart = [[answer[0] for answer in play(model, str(n), state)] for n, state in enumerate(begins)]
    with load("nodes=500", concurrency=3) as model:
        states, together = list(begins), [[] for _ in begins]
        while states[0].ply < 24 or any(state.ply < 24 for state in states):
            going = [n for n, state in enumerate(states) if state.ply < 24]
            examples = [MoveExample("e", states[n], match=str(n)) for n in going]
            for n, answer in zip(going, model.answer(examples, Want(evidence=True)), strict=True):
                together[n].append(answer.label)
                states[n] = states[n].play(answer.label)
    assert together == apart


def test_evidence_is_consistent(engine: UciModel) -> None:
    for state in some_states(8, seed=5):
        answer = ask(engine, state, Want(evidence=True))
        assert answer.failure is None
        assert state.read(answer.label) == (answer.label, "")
        assert answer.n_options == len(state.legal_moves())
        assert answer.log_prob is not None
        assert answer.margin is not None
        assert answer.entropy is not None
        assert answer.log_prob <= 0
        assert 0 <= answer.margin < 1  # the label is the engine's best line
        assert 0 <= answer.entropy <= math.log(5) + 1e-9
        assert abs(answer.value_cp or 0) <= MATE_CP
        assert 0 < answer.seconds < 30
        assert answer.values_cp == {}


def test_every_legal_move_has_a_value_and_label_is_best() -> None:
    with load("depth=4") as model:
        for state in some_states(4, seed=7):
            answer = ask(model, state)
            assert list(answer.values_cp) == state.legal_moves()
            assert answer.values_cp[answer.label] == max(answer.values_cp.values()) == answer.value_cp


def test_values_are_complete_with_one_node() -> None:
    with load("nodes=1") as model:
        assert list(ask(model, START).values_cp) == START.legal_moves()


def test_values_do_not_change_the_match() -> None:
    with load("nodes=500") as model:
        plain = play(model, "a", plies=8)
    with load("nodes=500") as model:
        state = START
        for expected in plain:
            answer = ask(model, state, EVERYTHING, match="a")
            assert len(answer.values_cp) == len(state.legal_moves())
            assert answer.label == expected[0]
            state = state.play(answer.label)


MATES = [
    # FEN, label, value, values of some moves
    ("6k1/5ppp/8/8/8/8/8/R3K3 w Q - 0 1", "a1a8", MATE_CP - 100),  # mate in one
    ("7k/8/8/8/8/5R2/6R1/K7 w - - 0 1", None, MATE_CP - 100),
    ("k7/8/1K6/8/8/8/8/7R w - - 0 1", "h1h8", MATE_CP - 100),
    ("7k/5K2/8/8/8/8/8/R7 b - - 0 1", "h8h7", -(MATE_CP - 100)),  # mated in one by a1h1
]


@pytest.mark.parametrize(("fen", "label", "value"), MATES)
def test_mates_have_values_beyond_evaluations(fen: str, label: str | None, value: int) -> None:
    with load("depth=8") as model:
        answer = ask(model, CHESS.state(fen), Want(evidence=True))
    assert answer.value_cp == value
    assert label is None or answer.label == label


def test_only_move_has_probability_one(engine: UciModel) -> None:
    answer = ask(engine, CHESS.state("7k/5K2/8/8/8/8/8/R7 b - - 0 1"), Want(evidence=True))
    assert (answer.label, answer.n_options) == ("h8h7", 1)
    assert (answer.log_prob, answer.margin, answer.entropy) == (0.0, 1.0, 0.0)


def test_search_is_restricted_to_allowed_moves(engine: UciModel) -> None:
    for only in (("a2a3",), ("h2h4", "b1a3")):
        for match in (None, "m"):
            answer = ask(engine, START, Want(evidence=True), only=only, match=match)
            assert answer.label in only
            assert answer.value_cp is not None
    assert list(ask(engine, START, only=("h2h4", "b1a3")).values_cp) == ["b1a3", "h2h4"]


CASTLINGS = [
    # FEN, castling moves as the position writes them: the king to the rook's square in Chess960
    ("rk2r3/pppppppp/8/8/8/8/PPPPPPPP/RK2R3 w EAea - 0 1", ("b1e1", "b1a1")),
    ("4k3/8/8/8/8/8/8/R3K2R w KQ - 0 1", ("e1g1", "e1c1")),
    ("4k3/8/8/8/8/8/8/R3K2R w HA - 0 1", ("e1h1", "e1a1")),
    ("4k3/8/8/8/8/8/8/1R2K1R1 w GB - 0 1", ("e1g1", "e1b1")),
]


@pytest.mark.parametrize(("fen", "castlings"), CASTLINGS)
def test_castling_notation_matches_engine(engine: UciModel, fen: str, castlings: tuple[str, ...]) -> None:
    state = CHESS.state(fen)
    legal = [move for move in castlings if move in state.legal_moves()]
    assert legal
    for move in legal:
        answer = ask(engine, state, Want(evidence=True), only=(move,))
        assert (answer.label, answer.failure) == (move, None)
        after = state.play(move)
        reply = ask(engine, after, Want(evidence=True))  # the engine reads the move in the position line
        assert after.read(reply.label)[0] == reply.label


def test_chess960_and_chess_can_share_a_batch(engine: UciModel) -> None:
    states = [CHESS.state(fen) for fen, _ in CASTLINGS] * 2
    answers = engine.answer([MoveExample(str(n), state) for n, state in enumerate(states)], EVERYTHING)
    for state, answer in zip(states, answers, strict=True):
        assert list(answer.values_cp) == state.legal_moves()
    assert [content(answer) for answer in answers[:4]] == [content(answer) for answer in answers[4:]]


@pytest.mark.parametrize(
    ("options", "deterministic"),
    [
        ("nodes=10", True),
        ("depth=2&Hash=8", True),
        ("nodes=10&Skill Level=3", False),
        ("nodes=10&Skill Level=20", True),
        ("nodes=10&UCI_LimitStrength=true&UCI_Elo=1400", False),
        ("nodes=10&Threads=2", False),
        ("movetime=10", False),
    ],
)
def test_time_threads_and_weakening_are_not_deterministic(options: str, deterministic: bool) -> None:
    with load(options) as model:
        assert model.deterministic is deterministic
        assert ask(model, START, Want()).failure is None


def test_movetime_is_respected() -> None:
    with load("movetime=150") as model:
        answer = ask(model, START, Want(evidence=True), match="m")
    assert answer.failure is None
    assert 0.1 < answer.seconds < 5


def test_clock_is_respected() -> None:
    with load("Move Overhead=10") as model:
        clock = Clock(own_s=2.0, other_s=60.0, increment_s=0.0)
        answer = ask(model, START, Want(), match="m", clock=clock)
    assert (answer.failure, answer.seconds < 2.0) == (None, True)


def test_finished_game_has_no_label(engine: UciModel) -> None:
    mated = CHESS.state("startpos", ["f2f3", "e7e5", "g2g4", "d8h4"])
    assert ask(engine, mated).label == ""


def test_close_stops_infinite_search() -> None:
    """``go nodes`` with a number that is never reached is not waited for."""
    with load("nodes=9000000000000&timeout_s=3") as model:
        began = time.monotonic()
        answer = ask(model, START, Want(), match="m")
        assert (answer.failure, answer.label) == ("stall", "")
        assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    ("options", "report"),
    [
        ("nodes=1&Skil Level=3", "has no option 'Skil Level': did you mean 'Skill Level'?"),
        ("nodes=1&Skill Level=21", "must be from 0 to 20, not '21'"),
        ("nodes=0", "nodes of 'uci:stockfish?nodes=0'"),
    ],
)
def test_wrong_option_is_refused_before_any_work(options: str, report: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(options)
    assert report in str(caught.value).replace("\\", "")
    assert "\n" not in str(caught.value)
