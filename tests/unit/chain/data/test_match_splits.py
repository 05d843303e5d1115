"""Games are split whole, and oracles answer positions."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

import w2s
from tests.doubles.errors import raises_code
from w2s.arena.oracles import load_oracles
from w2s.chain.data.match_splits import OracleAnswers, split_games
from w2s.errors import DataError
from w2s.tasks import MoveExample

START = w2s.game("connect_four").state()


def games_of(sizes: Sequence[int]) -> list[list[MoveExample]]:
    return [
        [MoveExample(f"g{number}-{ply}", START, group=f"g{number}") for ply in range(size)]
        for number, size in enumerate(sizes)
    ]


def known(examples: Sequence[MoveExample]) -> list[tuple[str, ...]]:
    return [("4",)] * len(examples)


@given(st.lists(st.integers(1, 9), min_size=30, max_size=50), st.integers(0, 9))
def test_game_is_in_one_split_and_counts_are_met(sizes: list[int], seed: int) -> None:
    splits = split_games(games_of(sizes), {"gold": 8, "test": 6, "pool": 10}, known, seed).splits
    assert (len(splits.gold), len(splits.test)) == (8, 6)
    assert 0 < len(splits.pool) <= 10
    groups = [{example.group for example in rows} for rows in (splits.gold, splits.pool, splits.test)]
    assert sum(map(len, groups)) == len(set().union(*groups))
    assert all(example.gold == ("4",) for example in [*splits.gold, *splits.test])
    assert not any(example.gold for example in splits.pool)


def test_gold_is_spread_over_games() -> None:
    splits = split_games(games_of([20] * 30), {"gold": 20, "test": 10, "pool": 30}, known, 0).splits
    assert len({example.group for example in splits.gold}) == 10
    assert len({example.group for example in splits.pool}) > 10


def test_split_depends_on_the_seed() -> None:
    counts = {"gold": 5, "test": 5, "pool": 5}
    first, again, other = (split_games(games_of([4] * 20), counts, known, seed).splits for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_unknown_and_trivial_positions_are_left_out_and_counted() -> None:
    def answer(examples: Sequence[MoveExample]) -> list[tuple[str, ...]]:
        by_ply = {"0": (), "1": tuple("1234567"), "2": ("4", "3")}
        return [by_ply[example.id.split("-")[1]] for example in examples]

    dealt = split_games(games_of([3] * 10), {"gold": 3, "test": 2, "pool": 25}, answer, 0)
    assert {example.gold for example in [*dealt.splits.gold, *dealt.splits.test]} == {("4", "3")}
    assert (dealt.unknown, dealt.any_move) == (5, 5)
    assert len(dealt.splits.pool) == 15


def test_later_round_has_only_a_pool() -> None:
    splits = split_games(games_of([3] * 10), {"pool": 12}, known, 0).splits
    assert (len(splits.gold), len(splits.pool), len(splits.test)) == (0, 12, 0)


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"gold": 50, "test": 1, "pool": 1}, "--games"),
        ({"gold": 1, "test": 40, "pool": 1}, "(--test)"),
        ({"gold": 6, "test": 6, "pool": 1}, "a pool after gold and test"),
    ],
)
def test_too_few_positions_are_refused_with_the_remedy(counts: dict[str, int], said: str) -> None:
    with raises_code("chain-too-few-positions", DataError) as caught:
        split_games(games_of([3] * 4), counts, known, 0)
    assert said in str(caught.value)


def test_no_games_at_all_are_refused() -> None:
    with raises_code("chain-too-few-positions", DataError):
        split_games([], {"pool": 1}, known, 0)


STATES = [w2s.game("connect_four").state(moves=list(moves)) for moves in ("", "4", "4433", "414141", "1212")]
EXAMPLES = [MoveExample(f"p{number}", state) for number, state in enumerate(STATES)]


def verifier(reference: str = "search:depth=4", margin_cp: int = 0) -> OracleAnswers:
    return OracleAnswers(load_oracles([reference], cap_cp=1000, concurrency=1)[0], margin_cp)


def test_all_best_moves_are_right() -> None:
    for state, right in zip(STATES, verifier().right_moves(EXAMPLES), strict=True):
        values = state.search(depth=4, all_moves=True).values
        capped = {move: max(-1000, min(1000, value)) for move, value in values.items()}
        assert set(right) == {move for move, value in capped.items() if value == max(capped.values())}


def test_margin_makes_more_moves_right() -> None:
    narrow, wide = verifier().right_moves(EXAMPLES), verifier(margin_cp=200).right_moves(EXAMPLES)
    assert all(set(few) <= set(many) for few, many in zip(narrow, wide, strict=True))
    assert sum(map(len, wide)) > sum(map(len, narrow))


def test_unknown_position_has_no_right_move() -> None:
    assert verifier("exact:nodes=1").right_moves(EXAMPLES[:1]) == [()]


def test_all_examples_are_answered_and_counted() -> None:
    told: list[tuple[int, int]] = []
    found = verifier().answer(EXAMPLES * 20, lambda done, total: told.append((done, total)))
    assert [example.id for example in found] == [example.id for example in EXAMPLES * 20]
    assert all(example.gold for example in found)
    assert told == [(64, 100), (100, 100)]
