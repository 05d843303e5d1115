"""The referee: each rule of adjudication ends a match exactly when its condition holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.doubles.errors import raises_code
from w2s.arena.record import Ending
from w2s.arena.referee import Adjudication, Adjudicator
from w2s.arena.spec import ArenaSpec, DrawRule, MatchRules, ResignRule
from w2s.config import parse_config
from w2s.errors import UsageError
from w2s.games import State, game

SHUFFLE = ("Nf3", "Nf6", "Ng1", "Ng8")
WIN, DRAW = "8/8/8/8/8/2k5/8/K2R4 w - - {} 70", "8/8/8/8/3k4/3p4/8/3K4 w - - {} 70"


def after(plies: int) -> State:
    return game("chess").state("startpos", [SHUFFLE[ply % 4] for ply in range(plies)])


def decide(rules: MatchRules, values: list[int | None]) -> list[Adjudication | None]:
    """The decision after each ply; White moves first."""
    adjudicator = Adjudicator(rules)
    decisions = []
    for ply, value in enumerate(values):
        adjudicator.add_move(ply % 2, value)
        decisions.append(adjudicator.decision(after(ply + 1)))
    return decisions


def first(decisions: list[Adjudication | None]) -> tuple[int, int | None] | None:
    """The ply (from 1) of the first decision, and its winner."""
    for ply, decision in enumerate(decisions, 1):
        if decision is not None:
            return ply, decision.winner
    return None


def test_draw_needs_level_moves_of_both_sides() -> None:
    rules = MatchRules(draw=DrawRule(after=0, moves=3, limit_cp=10))
    assert first(decide(rules, [0, 10, -10, 3, 5])) is None
    decisions = decide(rules, [0, 10, -10, 3, 5, -9])
    assert first(decisions) == (6, None)
    assert decisions[-1] is not None
    assert decisions[-1].ending is Ending.ADJUDICATED_SCORE


def test_draw_is_not_given_before_move_after() -> None:
    rules = MatchRules(draw=DrawRule(after=5, moves=1, limit_cp=10))
    assert first(decide(rules, [0] * 12)) == (10, None)


@pytest.mark.parametrize("breaks", [11, -11, None])
def test_draw_count_resets_at_unlevel_or_missing_value(breaks: int | None) -> None:
    rules = MatchRules(draw=DrawRule(after=0, moves=2, limit_cp=10))
    assert first(decide(rules, [0, 0, breaks, 0, 0])) is None
    assert first(decide(rules, [0, 0, breaks, 0, 0, 0, 0])) == (7, None)


def test_player_resigns_after_consecutive_lost_values() -> None:
    rules = MatchRules(resign=ResignRule(moves=2, limit_cp=500, twosided=False))
    assert first(decide(rules, [-500, None, -499, None, -500, None, -500])) == (7, 1)
    assert first(decide(rules, [None, -900, None, -600])) == (4, 0)


def test_twosided_resignation_needs_agreement_of_opponent() -> None:
    rules = MatchRules(resign=ResignRule(moves=2, limit_cp=500, twosided=True))
    assert first(decide(rules, [-800, 0, -800, 499, -800, 499])) is None
    assert first(decide(rules, [-800, 0, -800, 600, -800, 500])) == (6, 1)
    assert first(decide(rules, [700, -600, 700, -600])) == (4, 0)


def test_twosided_resignation_needs_opposite_values() -> None:
    rules = MatchRules(resign=ResignRule(moves=1, limit_cp=500, twosided=True))
    assert first(decide(rules, [-900, -900, -900, -900])) is None


def test_resignation_count_resets_at_missing_value() -> None:
    rules = MatchRules(resign=ResignRule(moves=2, limit_cp=500, twosided=False))
    assert first(decide(rules, [-900, 0, None, 0, -900, 0])) is None


def test_values_are_ignored_without_rules() -> None:
    assert first(decide(MatchRules(), [0, 0] * 30 + [-100_000, 100_000] * 30)) is None


def test_max_plies_is_a_draw_counted_from_start() -> None:
    rules = MatchRules(max_plies=6)
    decisions = decide(rules, [900] * 6)
    assert first(decisions) == (6, None)
    assert decisions[-1] is not None
    assert decisions[-1].ending is Ending.ADJUDICATED_LENGTH


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
def test_tablebase_decides_certain_results_only(data: Path, position: str, winner: int | str | None) -> None:
    """A won position counts only right after a capture or pawn move: else fifty moves may not suffice.
    Five men and castling rights are beyond the tables."""
    rules = MatchRules(tablebase=str(data / "syzygy-3-4"))
    decision = Adjudicator(rules).decision(game("chess").state(position))
    if winner == "goes on":
        assert decision is None
    else:
        assert decision == Adjudication(Ending.ADJUDICATED_TABLEBASE, winner, "by the tablebase")  # type: ignore[arg-type]


@pytest.mark.data
def test_tablebase_takes_precedence_over_values(data: Path) -> None:
    rules = MatchRules(
        tablebase=str(data / "syzygy-3-4"),
        resign=ResignRule(moves=1, limit_cp=500, twosided=False),
    )
    adjudicator = Adjudicator(rules)
    adjudicator.add_move(0, -900)
    decision = adjudicator.decision(game("chess").state(WIN.format(0)))
    assert decision is not None
    assert (decision.ending, decision.winner) == (Ending.ADJUDICATED_TABLEBASE, 0)


def test_folder_without_tables_is_an_error_that_names_it(tmp_path: Path) -> None:
    adjudicator = Adjudicator(MatchRules(tablebase=str(tmp_path)))
    with pytest.raises(UsageError, match=str(tmp_path)):
        adjudicator.decision(game("chess").state())


def test_tablebase_is_refused_for_other_games() -> None:
    tables = {
        "game": "othello",
        "players": {"a": "random", "b": "random"},
        "rules": {"tablebase": "somewhere"},
    }
    with raises_code("arena-tablebase-not-chess", UsageError):
        parse_config(ArenaSpec, tables, "here")
