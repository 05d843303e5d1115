"""Endings: the words of the rules, and which of them are forfeits or have a result."""

from __future__ import annotations

import pytest

from w2s.arena.ending import Ending
from w2s.games import game

ENDED = [
    ("chess", "startpos", "f3 e5 g4 Qh4"),
    ("chess", "k7/8/1Q6/8/8/8/8/K7 b - - 0 1", ""),
    ("chess", "startpos", "Nf3 Nf6 Ng1 Ng8 Nf3 Nf6 Ng1 Ng8"),
    ("chess", "k7/8/8/8/8/8/8/KR6 w - - 99 80", "Rb2"),
    ("chess", "k7/8/8/8/8/8/8/K7 w - - 0 1", ""),
    ("connect_four", "startpos", "1 2 1 2 1 2 1"),
]


@pytest.mark.parametrize(("name", "position", "moves"), ENDED)
def test_every_reason_of_the_rules_is_an_ending(name: str, position: str, moves: str) -> None:
    outcome = game(name).state(position, moves.split()).outcome()
    assert outcome is not None
    assert Ending(outcome.reason).value == outcome.reason


def test_the_games_name_five_chess_endings_and_a_line_in_these_cases() -> None:
    reasons = [game(name).state(position, moves.split()).outcome() for name, position, moves in ENDED]
    assert [found.reason for found in reasons if found] == [
        "mate",
        "stalemate",
        "repetition",
        "fifty-move",
        "insufficient material",
        "line",
    ]


def test_a_forfeit_is_never_an_adjudication_and_only_void_has_no_result() -> None:
    assert {ending.name for ending in Ending if ending.is_forfeit} == {
        "FORFEIT_ILLEGAL",
        "FORFEIT_UNPARSABLE",
        "FORFEIT_TIME",
        "FORFEIT_CRASH",
        "FORFEIT_STALL",
    }
    assert {ending.name for ending in Ending if ending.is_adjudicated} == {
        "ADJUDICATED_SCORE",
        "ADJUDICATED_TABLEBASE",
        "ADJUDICATED_LENGTH",
    }
    assert [ending for ending in Ending if not ending.scored] == [Ending.VOID]
