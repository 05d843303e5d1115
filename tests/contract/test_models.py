"""What every registered kind of model owes to whoever asks it; there is no list of exceptions."""

from __future__ import annotations

import math
import random
import re
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from _pytest.mark import ParameterSet

from tests.doubles.chat import ChatServer, completion, plays, token
from tests.doubles.language import write_language_model
from tests.doubles.nets import write_lc0, write_policy
from w2s.errors import UsageError
from w2s.games import State, game
from w2s.kernels import game_names
from w2s.models import Answer, HasMatchState, Model, SupportsCandidates, SupportsScoring, Want
from w2s.models.reference import parse_reference
from w2s.models.registry import load_model, model_kinds
from w2s.tasks import MoveExample

REFERENCES = {
    "random": ["random"],
    "search": ["search:depth=2", "search:nodes=300", "search:depth=1&noise_cp=80"],
    "uci": ["uci:stockfish?nodes=200", "uci:stockfish?nodes=200&MultiPV=3"],
    "policy": [
        "policy:NETS/chess",
        "policy:NETS/connect_four?temperature=1.5&batch=3",
        "policy:NETS/othello?device=cpu",
        "policy:NETS/values/connect_four?think=3,2",
        "policy:NETS/values/othello?nodes=20&temperature=1",
        "policy:connect_four-small?nodes=16",
    ],
    "lc0": [
        "lc0:NETS/convolution.pb.gz",
        "lc0:NETS/plain.pb.gz?batch=5&temperature=0.5",
        "lc0:NETS/values.pb.gz?think=3,2&label=improved&dtype=float32",
    ],
    "openai": [
        "openai:SERVER/v1#player?cache=NETS/replies",
        "openai:SERVER/v1#player?logprobs=true&temperature=0.5&samples=2&cache=off",
    ],
    "hf": ["hf:NETS/language?score=option", "hf:NETS/language?score=option&temperature=1&batch_tokens=3000"],
}
"""At least one model of every kind; a kind without one fails the suite. NETS is a folder of small nets,
SERVER a server of chat completions that plays."""

TOLERANCE = {"hf": 1e-4}
"""How far the numbers of one answer may lie apart between two batches, where a kind says so; else none."""

ONE_GAME = {"uci": "chess", "lc0": "chess"}
NETS = tempfile.TemporaryDirectory(prefix="w2s-nets-")
WANTS = [
    Want(),
    Want(evidence=True),
    Want(evidence=True, values=True),
    Want(evidence=True, mask=True),
    Want(hidden=True, afterstate=True),
    Want(evidence=True, deliberation=True),
]


@cache
def server() -> ChatServer:
    """Plays legal moves as long as the tests run; its threads end with the process."""
    return ChatServer(lambda heard: completion(plays(heard), [token("m", -0.3, n=-2.5)])).__enter__()


def answered(model: Model, examples: list[MoveExample], want: Want) -> list[Answer]:
    """Its answers. What a model has not, it leaves out, or says so in one line before any work is done."""
    try:
        return model.answer(examples, want)
    except UsageError as error:
        assert want.hidden or want.afterstate
        assert "no hidden states" in str(error)
        assert "\n" not in str(error)
        return model.answer(examples, replace(want, hidden=False, afterstate=False))


def kind_of(reference: str) -> str:
    return parse_reference(reference).kind


def case(reference: str) -> ParameterSet:
    kind = kind_of(reference)
    marks = [pytest.mark.slow] if kind in ("hf", "uci") else []
    if kind == "uci":
        marks.append(pytest.mark.engine)
    return pytest.param(reference, marks=marks, id=reference)


def with_nets(reference: str) -> str:
    """The reference with the server or the nets that it names, made when they are first needed."""
    if "SERVER" in reference:
        pytest.importorskip("jinja2", reason="needs jinja2: pip install 'w2s[models]'")
        return reference.replace("SERVER", f"http://127.0.0.1:{server().port}").replace("NETS", NETS.name)
    if "NETS" not in reference:
        return reference
    pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")
    folder = Path(NETS.name)
    for name in game_names():
        if not (folder / name).exists():
            write_policy(folder / name, name)
            write_policy(folder / "values" / name, name, has_values=True)
    if "language" in reference and not (folder / "language").exists():
        pytest.importorskip("transformers", reason="needs transformers: pip install 'w2s[models]'")
        write_language_model(folder / "language")
    for policy in ("convolution", "plain"):
        if not (folder / f"{policy}.pb.gz").exists():
            write_lc0(folder / f"{policy}.pb.gz", policy=policy)
    if not (folder / "values.pb.gz").exists():
        write_lc0(folder / "values.pb.gz", outcomes=3)
    return reference.replace("NETS", NETS.name)


ALL = [case(reference) for kind in model_kinds() for reference in REFERENCES.get(kind.name, [])]


@pytest.fixture(params=ALL)
def model(request: pytest.FixtureRequest) -> Iterator[Model]:
    loaded = load_model(with_nets(request.param), seed=3, concurrency=2)
    yield loaded
    loaded.close()


def games_of(model: Model) -> list[str]:
    named = [name for name in game_names() if re.search(f"[/:]{name}", model.reference)]
    only = named[0] if named else ONE_GAME.get(kind_of(model.reference))
    return [only] if only else game_names()


def states(names: list[str], count: int, seed: int = 5) -> list[State]:
    """Unfinished states at many distances from the start, by random play."""
    draw, found = random.Random(seed), []
    while len(found) < count:
        state = game(names[len(found) % len(names)]).state()
        for _ in range(draw.randrange(30)):
            if state.outcome() is None:
                state = state.play(draw.choice(state.legal_moves()))
        if state.outcome() is None:
            found.append(state)
    return found


def labels(model: Model, count: int = 8) -> list[MoveExample]:
    return [MoveExample(f"{i}", state) for i, state in enumerate(states(games_of(model), count))]


def without_time(answers: list[Answer]) -> list[Answer]:
    """Answers as far as two can be compared: vectors as bytes, no time."""
    return [
        replace(
            answer,
            seconds=0.0,
            hidden=None if answer.hidden is None else answer.hidden.tobytes(),  # type: ignore[arg-type]
            afterstate=None if answer.afterstate is None else answer.afterstate.tobytes(),  # type: ignore[arg-type]
        )
        for answer in answers
    ]


def assert_same(model: Model, first: list[Answer], second: list[Answer]) -> None:
    """Two lists of answers are equal, as far as the kind of model promises."""
    most = TOLERANCE.get(kind_of(model.reference))
    if most is None:
        assert without_time(first) == without_time(second)
        return
    assert [(a.label, a.rank, a.failure) for a in first] == [(a.label, a.rank, a.failure) for a in second]
    for a, b in zip(first, second, strict=True):
        assert np.allclose([a.log_prob, a.margin, a.entropy], [b.log_prob, b.margin, b.entropy], atol=most)
        for name in ("hidden", "afterstate"):
            pair = [getattr(answer, name) for answer in (a, b)]
            if all(vector is None for vector in pair):
                continue
            vectors = [vector.astype(float) for vector in pair]
            assert np.allclose(*vectors, atol=most, rtol=2**-9)  # one step of float16 beside it


def test_every_registered_kind_is_tested() -> None:
    assert REFERENCES.keys() == {kind.name for kind in model_kinds()}
    for kind, references in REFERENCES.items():
        assert references
        assert {kind_of(reference) for reference in references} == {kind}


@pytest.mark.parametrize("want", WANTS, ids=str)
def test_every_example_has_one_legal_canonical_answer(model: Model, want: Want) -> None:
    examples = labels(model)
    answers = answered(model, examples, want)
    assert len(answers) == len(examples)
    for example, answer in zip(examples, answers, strict=True):
        assert answer.failure is None
        assert answer.label in example.state.legal_moves()
        assert answer.seconds >= 0


def test_no_examples_give_no_answers(model: Model) -> None:
    assert model.answer([], Want(evidence=True, values=True)) == []


@pytest.mark.parametrize("want", WANTS, ids=str)
def test_evidence_is_in_range(model: Model, want: Want) -> None:
    examples = labels(model)
    for example, answer in zip(examples, answered(model, examples, want), strict=True):
        legal = example.state.legal_moves()
        if not want.evidence:
            assert (answer.log_prob, answer.margin, answer.entropy, answer.n_options) == (None,) * 4
            continue
        assert answer.n_options == len(legal)
        known = [value is not None for value in (answer.log_prob, answer.margin, answer.entropy)]
        assert all(known) or not any(known)
        if answer.log_prob is not None and answer.margin is not None and answer.entropy is not None:
            assert -math.inf < answer.log_prob <= 0
            assert -1 <= answer.margin <= 1
            assert 0 <= answer.entropy <= math.log(len(legal)) + 1e-9


@pytest.mark.parametrize("want", WANTS, ids=str)
def test_values_are_given_on_request_for_legal_moves(model: Model, want: Want) -> None:
    examples = labels(model, 4)
    for example, answer in zip(examples, answered(model, examples, want), strict=True):
        assert set(answer.values_cp) <= set(example.state.legal_moves())
        assert want.values or not answer.values_cp
        for value in [*answer.values_cp.values(), answer.value_cp]:
            assert value is None or (isinstance(value, int) and abs(value) <= 100_000)


def test_order_of_a_batch_does_not_change_answers(model: Model) -> None:
    if not model.deterministic:
        pytest.skip("does not claim to be deterministic")
    examples = labels(model)
    want = Want(evidence=True, hidden=True, afterstate=True)
    order = random.Random(1).sample(range(len(examples)), len(examples))
    shuffled = answered(model, [examples[i] for i in order], want)
    straight = answered(model, examples, want)
    assert_same(model, shuffled, [straight[i] for i in order])


def test_batch_equals_one_by_one(model: Model) -> None:
    if not model.deterministic:
        pytest.skip("does not claim to be deterministic")
    examples = labels(model)
    want = Want(evidence=True, hidden=True, afterstate=True)
    singly = [answered(model, [example], want)[0] for example in examples]
    assert_same(model, singly, answered(model, examples, want))


def play(model: Model, names: list[str], plies: int) -> list[list[str]]:
    """Matches of the model against itself, all in lockstep."""
    lines = [game(name).state() for name in names]
    for _ in range(plies):
        live = [i for i, state in enumerate(lines) if state.outcome() is None]
        examples = [MoveExample(f"{i}", lines[i], match=f"{i}") for i in live]
        for i, answer in zip(live, model.answer(examples, Want(evidence=True)), strict=True):
            lines[i] = lines[i].play(answer.label)
    if isinstance(model, HasMatchState):
        for i in range(len(lines)):
            model.release(f"{i}")
    return [state.moves() for state in lines]


def test_reloaded_model_replays_matches(model: Model) -> None:
    if not model.deterministic:
        pytest.skip("does not claim to be deterministic")
    names = (games_of(model) * 4)[: model.slots or 4]
    first = play(model, names, 16)
    again = load_model(model.reference, seed=3, concurrency=2)
    try:
        assert play(again, names, 16) == first
        assert play(model, names, 16) == first
    finally:
        again.close()


@pytest.mark.parametrize("match", [None, "7"])
@pytest.mark.parametrize("want", WANTS[:2], ids=str)
def test_only_and_rejected_restrict_the_answer(model: Model, match: str | None, want: Want) -> None:
    for number, state in enumerate(states(games_of(model), 6)):
        legal = state.legal_moves()
        some = tuple(legal[::3])
        name = match and f"{match}.{number}"
        (answer,) = model.answer([MoveExample("only", state, match=name, only=some)], want)
        assert answer.label in some
        if len(legal) > 1:
            again = MoveExample("again", state, match=name, attempt=1, rejected=(answer.label,))
            assert model.answer([again], want)[0].label in set(legal) - {answer.label}
        if isinstance(model, HasMatchState) and name is not None:
            model.release(name)


FINISHED = {
    "chess": ("rnb1kbnr/pppp1ppp/8/4p3/6Pq/5P2/PPPPP2P/RNBQKBNR w KQkq - 1 3", ()),
    "connect_four": ("startpos", tuple("4141414")),
    "othello": (
        "startpos",
        ("e6", "f4", "e3", "f6", "g5", "d6", "e7", "f5", "c5"),
    ),
}


def test_finished_game_has_an_answer_without_a_move(model: Model) -> None:
    for name in games_of(model):
        position, moves = FINISHED[name]
        state = game(name).state(position, moves)
        assert state.outcome() is not None
        assert not state.legal_moves()
        for want in WANTS:
            (answer,) = answered(model, [MoveExample("over", state)], want)
            assert state.read(answer.label)[0] is None
            assert answer.log_prob is None


def test_reference_loads_a_model_again_and_it_closes_twice(model: Model) -> None:
    again = load_model(model.reference)
    assert again.reference == model.reference
    again.close()
    again.close()


def test_vectors_are_absent_or_finite_and_of_one_length(model: Model) -> None:
    examples = labels(model)
    answers = answered(model, examples, Want(hidden=True, afterstate=True))
    for name in ("hidden", "afterstate"):
        vectors = [getattr(answer, name) for answer in answers]
        assert len({None if vector is None else vector.shape for vector in vectors}) == 1
        for vector in vectors:
            assert vector is None or (vector.dtype == np.float16 and np.isfinite(vector).all())
    plain = model.answer(examples, Want(evidence=True))
    assert all(answer.hidden is None and answer.afterstate is None for answer in plain)


def test_judgement_of_the_own_answer_equals_the_answer(model: Model) -> None:
    if not isinstance(model, SupportsScoring):
        pytest.skip("does not judge")
    examples = labels(model)
    answers = model.answer(examples, Want(evidence=True, hidden=True))
    judged = model.judge(examples, [answer.label for answer in answers])
    assert without_time(judged) == without_time(answers)
    assert all(answer.rank is not None for answer in answers)


def test_ranks_follow_probabilities(model: Model) -> None:
    if not isinstance(model, SupportsScoring):
        pytest.skip("does not judge")
    for state in states(games_of(model), 3):
        legal = state.legal_moves()
        judged = model.judge([MoveExample("x", state)] * len(legal), legal)
        assert sorted(answer.rank for answer in judged if answer.rank is not None) == list(range(len(legal)))
        by_rank = sorted(judged, key=lambda answer: answer.rank or 0)
        log_probs = [answer.log_prob for answer in by_rank if answer.log_prob is not None]
        assert log_probs == sorted(log_probs, reverse=True)
        most = TOLERANCE.get(kind_of(model.reference), 1e-9)
        assert math.isclose(sum(map(math.exp, log_probs)), 1.0, abs_tol=most)


def test_illegal_label_has_no_judgement(model: Model) -> None:
    if not isinstance(model, SupportsScoring):
        pytest.skip("does not judge")
    (state,) = states(games_of(model), 1)
    for label in ("", "no move", "e2e9", "\ud800"):
        (answer,) = model.judge([MoveExample("x", state)], [label])
        assert (answer.label, answer.failure) == (label, None)
        assert (answer.log_prob, answer.rank, answer.hidden) == (None, None, None)
    assert model.judge([], []) == []


def test_proposals_begin_with_the_answer_and_equal_judgements(model: Model) -> None:
    if not isinstance(model, SupportsCandidates) or not isinstance(model, SupportsScoring):
        pytest.skip("does not propose")
    examples, want = labels(model), Want(evidence=True, hidden=True)
    proposed = model.propose(examples, 3, want)
    answers = model.answer(examples, want)
    assert without_time([some[0] for some in proposed]) == without_time(answers)
    for example, (first, *others) in zip(examples, proposed, strict=True):
        names = [answer.label for answer in (first, *others)]
        assert len(set(names)) == len(names) == min(3, first.n_options or 1)
        judged = model.judge([example] * len(others), names[1:])
        assert_same(model, others, judged)
        ranks = [answer.rank or 0 for answer in others]
        assert ranks == sorted(ranks)
    assert [[answer.label] for answer in answers] == [
        [answer.label for answer in some] for some in model.propose(examples, 1, want)
    ]
    assert model.propose([], 3, want) == []


def test_at_least_one_kind_supports_scoring_and_candidates() -> None:
    nets = [*REFERENCES["policy"], *REFERENCES["lc0"]]
    found = [load_model(with_nets(reference)) for reference in nets]
    assert all(
        isinstance(model, SupportsScoring) and isinstance(model, SupportsCandidates) for model in found
    )
