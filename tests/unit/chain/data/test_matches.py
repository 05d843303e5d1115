"""Matches reach positions; each counts once, and a game is found again by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

import w2s
from w2s.arena import ArenaSpec
from w2s.chain.data.matches import (
    MatchRequest,
    arena_spec,
    distinct_positions,
    exclude_positions,
    play,
    with_temperature,
)
from w2s.chain.settings import Matches
from w2s.tasks import MoveExample


def spec(seed: int) -> ArenaSpec:
    request = MatchRequest("round-1", "random", "search:depth=1", seed, {})
    return arena_spec("connect_four", Matches(games=6), request)


@pytest.mark.parametrize(
    ("reference", "temperature", "expected"),
    [
        ("policy:a", 0.5, "policy:a?temperature=0.5"),
        ("lc0:b.pb.gz?batch=3", 1.0, "lc0:b.pb.gz?batch=3&temperature=1"),
        ("policy:a?temperature=2", 0.5, "policy:a?temperature=2"),
        ("policy:a", 0.0, "policy:a"),
        ("search:depth=1", 1.0, "search:depth=1"),
        ("random", 1.0, "random"),
    ],
)
def test_net_without_temperature_gets_one(reference: str, temperature: float, expected: str) -> None:
    assert with_temperature(reference, temperature) == expected


def test_positions_are_distinct_have_a_choice_and_carry_their_game(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    found = play(spec(0), tmp_path / "a", "round-1", lambda done, total: told.append((done, total)))
    examples = [example for game in found.games for example in game]
    assert told[-1] == (6, 6)
    assert len({example.state.key for example in examples}) == len(examples) == found.distinct
    assert found.distinct <= found.choices <= found.positions
    for example in examples:
        assert len(example.state.legal_moves()) > 1
        assert example.state.outcome() is None
        assert example.id.startswith(f"{example.group}-")
        assert str(example.group).startswith("round-1-connect_four-")


def test_positions_depend_on_the_seed(tmp_path: Path) -> None:
    def reached(seed: int, folder: str) -> set[int]:
        games = play(spec(seed), tmp_path / folder, "m", lambda *_: None).games
        return {example.state.key for game in games for example in game}

    first = reached(0, "a")
    assert first == reached(0, "b")
    assert first != reached(1, "c")


def test_one_game_keeps_a_shared_position() -> None:
    states = [w2s.game("connect_four").state(moves=list(moves)) for moves in ("123", "321", "1", "2")]
    examples = [MoveExample(f"e{at}", state, group=f"g{at}") for at, state in enumerate(states)]
    assert states[0].key == states[1].key
    kept = {seed: [example.id for example in distinct_positions(examples, seed)] for seed in range(20)}
    assert {tuple(ids) for ids in kept.values()} == {("e0", "e2", "e3"), ("e1", "e2", "e3")}


def test_first_occurrence_in_a_game_is_kept() -> None:
    state = w2s.game("connect_four").state()
    examples = [MoveExample(f"e{at}", state, group="g") for at in range(3)]
    assert [example.id for example in distinct_positions(examples, 0)] == ["e0"]


def test_excluded_positions_and_empty_games_are_dropped() -> None:
    states = [w2s.game("connect_four").state(moves=[move]) for move in "1234"]
    first, second, third, fourth = (MoveExample(state.position, state) for state in states)
    held = [states[0].key, states[2].key, states[3].key]
    assert exclude_positions([[first, second], [third], [fourth]], held) == [[second]]
