"""Adjudication: each rule ends a match exactly when its condition holds, and not before."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.doubles.errors import raises_code
from w2s.arena.adjudicate import Adjudicated, Adjudicator
from w2s.arena.ending import Ending
from w2s.arena.spec import ArenaSpec, DrawRule, MatchRules, ResignRule
from w2s.config import build
from w2s.errors import UsageError
from w2s.games import State, game

SHUFFLE = ("Nf3", "Nf6", "Ng1", "Ng8")
WIN, DRAW = "8/8/8/8/8/2k5/8/K2R4 w - - {} 70", "8/8/8/8/3k4/3p4/8/3K4 w - - {} 70"


def after(plies: int) -> State:
    return game("chess").state("startpos", [SHUFFLE[ply % 4] for ply in range(plies)])


def hear(rules: MatchRules, values: list[int | None]) -> list[Adjudicated | None]:
    """The verdict after each ply; White moves first."""
    adjudicator = Adjudicator(rules)
    verdicts = []
    for ply, value in enumerate(values):
        adjudicator.feed(ply % 2, value)
        verdicts.append(adjudicator.verdict(after(ply + 1)))
    return verdicts


def first(verdicts: list[Adjudicated | None]) -> tuple[int, int | None] | None:
    """The ply (from 1) of the first verdict, and its winner."""
    for ply, verdict in enumerate(verdicts, 1):
        if verdict is not None:
            return ply, verdict.winner
    return None


def test_a_draw_needs_so_many_level_moves_of_each_side() -> None:
    rules = MatchRules(draw=DrawRule(after=0, moves=3, limit_cp=10))
    assert first(hear(rules, [0, 10, -10, 3, 5])) is None
    verdicts = hear(rules, [0, 10, -10, 3, 5, -9])
    assert first(verdicts) == (6, None)
    assert verdicts[-1] is not None
    assert verdicts[-1].ending is Ending.ADJUDICATED_SCORE


def test_a_draw_is_not_given_before_move_after_has_been_played_by_both() -> None:
    rules = MatchRules(draw=DrawRule(after=5, moves=1, limit_cp=10))
    assert first(hear(rules, [0] * 12)) == (10, None)


@pytest.mark.parametrize("breaks", [11, -11, None])
def test_one_move_that_is_not_level_or_has_no_value_breaks_the_row(breaks: int | None) -> None:
    rules = MatchRules(draw=DrawRule(after=0, moves=2, limit_cp=10))
    assert first(hear(rules, [0, 0, breaks, 0, 0])) is None
    assert first(hear(rules, [0, 0, breaks, 0, 0, 0, 0])) == (7, None)


def test_a_player_that_sees_itself_lost_long_enough_resigns() -> None:
    rules = MatchRules(resign=ResignRule(moves=2, limit_cp=500, twosided=False))
    assert first(hear(rules, [-500, None, -499, None, -500, None, -500])) == (7, 1)
    assert first(hear(rules, [None, -900, None, -600])) == (4, 0)


def test_a_twosided_resignation_waits_until_the_other_has_agreed_as_long() -> None:
    rules = MatchRules(resign=ResignRule(moves=2, limit_cp=500, twosided=True))
    assert first(hear(rules, [-800, 0, -800, 499, -800, 499])) is None
    assert first(hear(rules, [-800, 0, -800, 600, -800, 500])) == (6, 1)
    assert first(hear(rules, [700, -600, 700, -600])) == (4, 0)


def test_two_players_that_both_see_themselves_lost_do_not_agree() -> None:
    rules = MatchRules(resign=ResignRule(moves=1, limit_cp=500, twosided=True))
    assert first(hear(rules, [-900, -900, -900, -900])) is None


def test_a_value_that_is_missing_breaks_a_resignation() -> None:
    rules = MatchRules(resign=ResignRule(moves=2, limit_cp=500, twosided=False))
    assert first(hear(rules, [-900, 0, None, 0, -900, 0])) is None


def test_values_end_nothing_without_rules() -> None:
    assert first(hear(MatchRules(), [0, 0] * 30 + [-100_000, 100_000] * 30)) is None


def test_the_longest_game_is_a_draw_and_counts_from_the_start_of_the_line() -> None:
    rules = MatchRules(max_plies=6)
    verdicts = hear(rules, [900] * 6)
    assert first(verdicts) == (6, None)
    assert verdicts[-1] is not None
    assert verdicts[-1].ending is Ending.ADJUDICATED_LENGTH


@pytest.mark.data
@pytest.mark.parametrize(
    ("position", "winner"),
    [
        (WIN.format(0), 0),
        (WIN.format(0).replace(" w ", " b "), 0),
        (WIN.format(7), "goes on"),
        (DRAW.format(0), None),
        (DRAW.format(7), None),
        ("8/8/8/8/8/2k5/8/K2RR3 w - - 0 70", 0),
        ("8/8/8/8/8/2kp4/8/K2RR3 w - - 0 70", "goes on"),
        ("4k3/8/8/8/8/8/8/4K2R w K - 0 1", "goes on"),
    ],
)
def test_tables_decide_where_they_are_sure(data: Path, position: str, winner: int | str | None) -> None:
    """A won position counts only right after a capture or pawn move: else fifty moves may not suffice.
    Five men and castling rights are beyond the tables."""
    rules = MatchRules(tablebase=str(data / "syzygy-3-4"))
    verdict = Adjudicator(rules).verdict(game("chess").state(position))
    if winner == "goes on":
        assert verdict is None
    else:
        assert verdict == Adjudicated(Ending.ADJUDICATED_TABLEBASE, winner, "by the tablebase")  # type: ignore[arg-type]


@pytest.mark.data
def test_a_table_goes_before_what_the_players_saw(data: Path) -> None:
    rules = MatchRules(
        tablebase=str(data / "syzygy-3-4"),
        resign=ResignRule(moves=1, limit_cp=500, twosided=False),
    )
    adjudicator = Adjudicator(rules)
    adjudicator.feed(0, -900)
    verdict = adjudicator.verdict(game("chess").state(WIN.format(0)))
    assert verdict is not None
    assert (verdict.ending, verdict.winner) == (Ending.ADJUDICATED_TABLEBASE, 0)


def test_a_folder_without_tables_is_an_error_that_names_it(tmp_path: Path) -> None:
    adjudicator = Adjudicator(MatchRules(tablebase=str(tmp_path)))
    with pytest.raises(UsageError, match=str(tmp_path)):
        adjudicator.verdict(game("chess").state())


def test_tables_are_refused_where_the_game_is_not_chess() -> None:
    tables = {
        "game": "othello",
        "players": {"a": "random", "b": "random"},
        "rules": {"tablebase": "somewhere"},
    }
    with raises_code("arena-tablebase-not-chess", UsageError):
        build(ArenaSpec, tables, "here")
