"""Matches reach positions; each counts once, and a game is found again by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

import w2s
from w2s.chain.config import ChainConfig
from w2s.chain.data.matches import arena_spec, distinct_positions, exclude_positions, play, with_temperature
from w2s.chain.data.splits import Splits, read_splits, write_splits
from w2s.tasks import MoveExample


def config(**matches: object) -> ChainConfig:
    return ChainConfig.model_validate(
        {
            "game": "connect_four",
            "source": "matches",
            "teacher": "random",
            "student": "search:depth=1",
            "matches": {"games": 6, **matches},
        }
    )


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
def test_nets_that_name_no_temperature_get_one(reference: str, temperature: float, expected: str) -> None:
    assert with_temperature(reference, temperature) == expected


def test_positions_are_distinct_have_a_choice_and_carry_their_game(tmp_path: Path) -> None:
    spec = arena_spec(config(), "random", "search:depth=1", 0)
    told: list[tuple[int, int]] = []
    found = play(spec, tmp_path / "a", "round-1", lambda done, total: told.append((done, total)))
    examples = [example for game in found.games for example in game]
    assert told[-1] == (6, 6)
    assert len({example.state.key for example in examples}) == len(examples) == found.distinct
    assert found.distinct <= found.choices <= found.positions
    for example in examples:
        assert len(example.state.legal_moves()) > 1
        assert example.state.outcome() is None
        assert example.id.startswith(f"{example.group}-")
        assert str(example.group).startswith("round-1-connect_four-")


def test_the_same_seed_reaches_the_same_positions_and_another_others(tmp_path: Path) -> None:
    def reached(seed: int, folder: str) -> set[int]:
        spec = arena_spec(config(), "random", "search:depth=1", seed)
        games = play(spec, tmp_path / folder, "m", lambda *_: None).games
        return {example.state.key for game in games for example in game}

    first = reached(0, "a")
    assert first == reached(0, "b")
    assert first != reached(1, "c")


def test_of_games_that_share_a_position_one_keeps_it() -> None:
    states = [w2s.game("connect_four").state(moves=list(moves)) for moves in ("123", "321", "1", "2")]
    examples = [MoveExample(f"e{at}", state, group=f"g{at}") for at, state in enumerate(states)]
    assert states[0].key == states[1].key
    kept = {seed: [example.id for example in distinct_positions(examples, seed)] for seed in range(20)}
    assert {tuple(ids) for ids in kept.values()} == {("e0", "e2", "e3"), ("e1", "e2", "e3")}


def test_within_a_game_the_first_of_a_position_stays() -> None:
    state = w2s.game("connect_four").state()
    examples = [MoveExample(f"e{at}", state, group="g") for at in range(3)]
    assert [example.id for example in distinct_positions(examples, 0)] == ["e0"]


def test_held_positions_are_left_out_and_so_are_games_without_any_other() -> None:
    states = [w2s.game("connect_four").state(moves=[move]) for move in "1234"]
    first, second, third, fourth = (MoveExample(state.position, state) for state in states)
    held = [states[0].key, states[2].key, states[3].key]
    assert exclude_positions([[first, second], [third], [fourth]], held) == [[second]]


def test_roles_survive_the_file_with_history_and_answers(tmp_path: Path) -> None:
    state = w2s.game("chess").state(moves=["e4", "e5", "Nf3"])
    rows = [MoveExample(f"e{at}", state, gold=gold, group="g") for at, gold in enumerate((("b8c6",), (), ()))]
    splits = Splits(gold=rows[:1], pool=rows[1:], test=[])
    write_splits(splits, tmp_path / "examples.parquet")
    again = read_splits(tmp_path / "examples.parquet")
    assert [(one.id, one.gold, one.group) for one in again.gold] == [("e0", ("b8c6",), "g")]
    assert [one.id for one in again.pool] == ["e1", "e2"]
    assert again.gold[0].state.played == state.played
    assert again.test == []
