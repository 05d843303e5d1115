"""A match: every way in which it can end, who is asked what, and what is labelled."""

from __future__ import annotations

import pytest

from tests.unit.arena.doubles import FOOLS_MATE, match
from w2s.arena.match import Match
from w2s.arena.openings import Opening
from w2s.arena.record import Ending
from w2s.arena.spec import DrawRule, MatchRules
from w2s.models import Answer
from w2s.models.model import Failure


def give(playing: Match, *answers: str | Answer) -> Match:
    for answer in answers:
        playing.take(Answer(answer) if isinstance(answer, str) else answer)
    return playing


def ended(playing: Match) -> tuple[Ending | None, int | None, str | None]:
    found = playing.record()
    return playing.ending, found.winner, found.by


def test_match_ends_by_rules_of_game() -> None:
    playing = give(match(), *FOOLS_MATE)
    assert ended(playing) == (Ending.MATE, 1, None)
    assert playing.record().moves == FOOLS_MATE


def test_moves_are_stored_in_canonical_notation() -> None:
    playing = give(match(), "f3", "e5", "g2-g4", "Qh4#")
    assert playing.record().moves == FOOLS_MATE
    assert [label.move_san for label in playing.labels] == ["f3", "e5", "g4", "Qh4#"]


def test_example_is_current_position_for_player_to_move() -> None:
    playing = match(number=7)
    assert (playing.mover, playing.example().id, playing.example().match) == ("ann", "7:0:0", "7")
    give(playing, "e2e4")
    assert (playing.mover, playing.example().id) == ("bob", "7:1:0")
    assert playing.example().state.moves() == ["e2e4"]


def test_first_player_is_white_when_black_moves_first() -> None:
    playing = match(opening=Opening("black", "7k/8/8/8/8/7r/6r1/K7 b - - 0 1"))
    assert playing.mover == "bob"
    give(playing, "h3h1")
    assert ended(playing) == (Ending.MATE, 1, None)


@pytest.mark.parametrize(
    ("text", "ending"),
    [
        ("e2e5", Ending.FORFEIT_ILLEGAL),
        ("e7e5", Ending.FORFEIT_ILLEGAL),
        ("0000", Ending.FORFEIT_ILLEGAL),
        ("[e2e2]", Ending.FORFEIT_UNPARSABLE),
        ("", Ending.FORFEIT_UNPARSABLE),
        ("e2e4\0", Ending.FORFEIT_UNPARSABLE),
        ("\ud800", Ending.FORFEIT_UNPARSABLE),
        ("I would play the Sicilian. " * 400_000, Ending.FORFEIT_UNPARSABLE),
    ],
)
def test_illegal_answer_forfeits(text: str, ending: Ending) -> None:
    playing = give(match(), "e2e4" if text == "e7e5" else "d2d4", "d7d5", text)
    assert ended(playing) == (ending, 1, "ann")
    assert len(playing.detail) < 300
    label = playing.labels[-1]
    assert (label.legal, label.played, label.failure) == (False, False, ending.value.split(": ")[1])


def test_retry_rule_limits_repeated_answers() -> None:
    rules = MatchRules(illegal="retry:2")
    playing = give(match(rules), "e2e5", "Ke3")
    assert playing.ending is None
    example = playing.example()
    assert (example.id, example.attempt, example.rejected) == ("0:0:2", 2, ("e2e5", "Ke3"))
    give(playing, "e2e4")
    assert playing.mover == "bob"
    assert playing.labels[0].rejected == ("e2e5", "Ke3")
    assert playing.labels[0].played
    assert playing.example().rejected == ()
    give(playing, "e4", "e4", "e4")
    assert ended(playing) == (Ending.FORFEIT_ILLEGAL, 0, "bob")
    assert playing.labels[1].rejected == ("e4", "e4")
    assert len(playing.labels) == 2


def test_illegal_answer_forfeits_under_mask_rule() -> None:
    assert ended(give(match(MatchRules(illegal="mask")), "e2e5"))[0] is Ending.FORFEIT_ILLEGAL


@pytest.mark.parametrize(
    ("failure", "ending"),
    [
        ("crash", Ending.FORFEIT_CRASH),
        ("stall", Ending.FORFEIT_STALL),
        ("time", Ending.FORFEIT_TIME),
        ("reply", Ending.FORFEIT_UNPARSABLE),
    ],
)
def test_model_failure_forfeits_and_is_recorded_in_label(failure: Failure, ending: Ending) -> None:
    playing = give(match(), "e2e4", Answer("", failure=failure, raw="it said: goodbye"))
    assert ended(playing) == (ending, 0, "bob")
    assert playing.detail == "it said: goodbye"
    label = playing.labels[-1]
    assert (label.player, label.ply, label.label, label.failure) == ("bob", 1, None, failure)
    assert not label.legal
    assert not label.played


def test_void_failure_has_no_winner_and_no_label() -> None:
    playing = give(match(), "e2e4", Answer("", failure="void", raw="no process could be started"))
    assert ended(playing) == (Ending.VOID, None, "bob")
    assert [label.ply for label in playing.labels] == [0]


def test_late_answer_loses_and_is_an_unplayed_label() -> None:
    playing = give(match(tc="1+0.5"), Answer("e2e4", seconds=1.0), Answer("e7e5", seconds=1.001))
    assert ended(playing) == (Ending.FORFEIT_TIME, 0, "bob")
    assert playing.record().moves == ("e2e4",)
    assert "1.001 s of 1.000 s" in playing.detail
    late = playing.labels[-1]
    assert (late.label, late.legal, late.played, late.failure) == ("e7e5", True, False, None)


def test_clock_subtracts_time_and_adds_increment() -> None:
    playing = give(match(tc="60+0.6"), Answer("e2e4", seconds=2.0), Answer("e7e5", seconds=0.1))
    clock = playing.example().clock
    assert clock is not None
    assert (clock.own_s, clock.other_s) == (pytest.approx(58.6), pytest.approx(60.5))
    assert clock.increment_s == 0.6
    assert playing.state.ply == 2


def test_rejected_answer_costs_time_without_increment() -> None:
    playing = match(MatchRules(illegal="retry:3"), tc="10+5")
    give(playing, Answer("e2e5", seconds=4.0))
    clock = playing.example().clock
    assert clock is not None
    assert clock.own_s == pytest.approx(6.0)
    give(playing, Answer("e2e5", seconds=4.0), Answer("e2e4", seconds=2.5))
    assert ended(playing) == (Ending.FORFEIT_TIME, 1, "ann")


def test_match_without_clock_records_no_times() -> None:
    playing = give(match(), *(Answer(move, seconds=9e9) for move in FOOLS_MATE))
    assert playing.example().clock is None
    assert playing.record().seconds == (None,) * 4
    assert playing.record().time_control is None


def test_record_holds_values_times_and_time_control() -> None:
    opening = Opening("open", "startpos", ("f2f3", "e7e5"))
    playing = match(opening=opening, tc="5", number=3)
    give(playing, Answer("g2g4", value_cp=-30, seconds=0.25), Answer("d8h4", value_cp=99_900, seconds=0.5))
    found = playing.record()
    assert (found.number, found.pair, found.opening, found.opening_plies) == (3, 1, "open", 2)
    assert found.moves == FOOLS_MATE
    assert found.values_cp == (None, None, -30, 99_900)
    assert found.seconds == (None, None, 0.25, 0.5)
    assert found.time_control == "5"
    assert [label.ply for label in playing.labels] == [2, 3]


def test_rules_of_game_take_precedence_over_adjudication() -> None:
    rules = MatchRules(draw=DrawRule(after=0, moves=2, limit_cp=10))
    level = [Answer(move, value_cp=0) for move in FOOLS_MATE]
    assert ended(give(match(rules), *level)) == (Ending.MATE, 1, None)
    shuffle = [Answer(move, value_cp=5) for move in ("g1f3", "g8f6", "f3g1", "f6g8")]
    playing = give(match(rules), *shuffle)
    assert ended(playing) == (Ending.ADJUDICATED_SCORE, None, None)
    assert playing.detail == "2 moves of each side within ±10"


def test_match_with_too_long_opening_ends_at_once() -> None:
    playing = match(MatchRules(max_plies=2), opening=Opening("o", "startpos", ("e2e4", "e7e5")))
    assert ended(playing) == (Ending.ADJUDICATED_LENGTH, None, None)
    assert playing.labels == []


def test_unfinished_match_has_no_record() -> None:
    with pytest.raises(ValueError, match="not over"):
        match().record()


def test_label_replaces_lone_surrogates() -> None:
    playing = give(match(), Answer("e2e4", raw="\ud800 e4", samples=("e4", "\udfff")))
    assert playing.labels[0].raw == "? e4"
    assert playing.labels[0].samples == ("e4", "?")
