"""A match: every way in which it can end, who is asked what, and what is labelled."""

from __future__ import annotations

import pytest

from tests.unit.arena.doubles import FOOLS_MATE, match
from w2s.arena.ending import Ending
from w2s.arena.match import Match
from w2s.arena.openings import Opening
from w2s.arena.spec import DrawRule, MatchRules
from w2s.models import Answer
from w2s.models.model import Failure


def give(playing: Match, *answers: str | Answer) -> Match:
    for answer in answers:
        playing.take(Answer(answer) if isinstance(answer, str) else answer)
    return playing


def ended(playing: Match) -> tuple[Ending | None, int | None, str | None]:
    found = playing.record()
    return playing.ended, found.winner, found.by


def test_a_match_ends_by_the_rules_of_its_game() -> None:
    playing = give(match(), *FOOLS_MATE)
    assert ended(playing) == (Ending.MATE, 1, None)
    assert playing.record().moves == FOOLS_MATE


def test_any_notation_is_played_and_kept_in_canonical_form() -> None:
    playing = give(match(), "f3", "e5", "g2-g4", "Qh4#")
    assert playing.record().moves == FOOLS_MATE
    assert [label.move_san for label in playing.labels] == ["f3", "e5", "g4", "Qh4#"]


def test_players_are_asked_in_turn_about_the_position_that_they_reached() -> None:
    playing = match(number=7)
    assert (playing.mover, playing.example().id, playing.example().match) == ("ann", "7:0:0", "7")
    give(playing, "e2e4")
    assert (playing.mover, playing.example().id) == ("bob", "7:1:0")
    assert playing.example().state.moves() == ["e2e4"]


def test_the_first_player_is_white_also_where_black_begins() -> None:
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
def test_an_answer_that_is_no_legal_move_forfeits(text: str, ending: Ending) -> None:
    playing = give(match(), "e2e4" if text == "e7e5" else "d2d4", "d7d5", text)
    assert ended(playing) == (ending, 1, "ann")
    assert len(playing.detail) < 300
    label = playing.labels[-1]
    assert (label.legal, label.played, label.failure) == (False, False, ending.value.split(": ")[1])


def test_a_refused_answer_may_be_tried_again_so_often_and_no_more() -> None:
    rules = MatchRules(illegal="retry:2")
    playing = give(match(rules), "e2e5", "Ke3")
    assert playing.ended is None
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


def test_a_mask_is_the_models_matter_and_an_illegal_answer_still_forfeits() -> None:
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
def test_a_model_that_fails_forfeits_and_its_label_says_so(failure: Failure, ending: Ending) -> None:
    playing = give(match(), "e2e4", Answer("", failure=failure, raw="it said: goodbye"))
    assert ended(playing) == (ending, 0, "bob")
    assert playing.detail == "it said: goodbye"
    label = playing.labels[-1]
    assert (label.player, label.ply, label.label, label.failure) == ("bob", 1, None, failure)
    assert not label.legal
    assert not label.played


def test_a_failure_of_the_machine_makes_the_match_void_without_winner_or_label() -> None:
    playing = give(match(), "e2e4", Answer("", failure="void", raw="no process could be started"))
    assert ended(playing) == (Ending.VOID, None, "bob")
    assert [label.ply for label in playing.labels] == [0]


def test_an_answer_after_its_time_loses_and_is_a_label_that_was_not_played() -> None:
    playing = give(match(tc="1+0.5"), Answer("e2e4", seconds=1.0), Answer("e7e5", seconds=1.001))
    assert ended(playing) == (Ending.FORFEIT_TIME, 0, "bob")
    assert playing.record().moves == ("e2e4",)
    assert "1.001 s of 1.000 s" in playing.detail
    late = playing.labels[-1]
    assert (late.label, late.legal, late.played, late.failure) == ("e7e5", True, False, None)


def test_the_clock_counts_down_by_the_time_taken_and_up_by_the_increment() -> None:
    playing = give(match(tc="60+0.6"), Answer("e2e4", seconds=2.0), Answer("e7e5", seconds=0.1))
    clock = playing.example().clock
    assert clock is not None
    assert (clock.own_s, clock.other_s) == (pytest.approx(58.6), pytest.approx(60.5))
    assert clock.increment_s == 0.6
    assert playing.state.ply == 2


def test_an_illegal_try_costs_time_and_earns_no_increment() -> None:
    playing = match(MatchRules(illegal="retry:3"), tc="10+5")
    give(playing, Answer("e2e5", seconds=4.0))
    clock = playing.example().clock
    assert clock is not None
    assert clock.own_s == pytest.approx(6.0)
    give(playing, Answer("e2e5", seconds=4.0), Answer("e2e4", seconds=2.5))
    assert ended(playing) == (Ending.FORFEIT_TIME, 1, "ann")


def test_without_a_clock_no_time_is_shown_or_kept() -> None:
    playing = give(match(), *(Answer(move, seconds=9e9) for move in FOOLS_MATE))
    assert playing.example().clock is None
    assert playing.record().seconds == (None,) * 4
    assert playing.record().time_control is None


def test_the_record_holds_values_times_and_the_control_beside_each_move() -> None:
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


def test_adjudication_hears_every_played_value_but_the_rules_of_the_game_come_first() -> None:
    rules = MatchRules(draw=DrawRule(after=0, moves=2, limit_cp=10))
    level = [Answer(move, value_cp=0) for move in FOOLS_MATE]
    assert ended(give(match(rules), *level)) == (Ending.MATE, 1, None)
    shuffle = [Answer(move, value_cp=5) for move in ("g1f3", "g8f6", "f3g1", "f6g8")]
    playing = give(match(rules), *shuffle)
    assert ended(playing) == (Ending.ADJUDICATED_SCORE, None, None)
    assert playing.detail == "2 moves of each side within ±10"


def test_a_match_whose_opening_is_too_long_ends_before_anybody_is_asked() -> None:
    playing = match(MatchRules(max_plies=2), opening=Opening("o", "startpos", ("e2e4", "e7e5")))
    assert ended(playing) == (Ending.ADJUDICATED_LENGTH, None, None)
    assert playing.labels == []


def test_a_match_in_progress_has_no_record() -> None:
    with pytest.raises(ValueError, match="not over"):
        match().record()


def test_text_that_no_file_can_hold_is_replaced_in_the_label() -> None:
    playing = give(match(), Answer("e2e4", raw="\ud800 e4", samples=("e4", "\udfff")))
    assert playing.labels[0].raw == "? e4"
    assert playing.labels[0].samples == ("e4", "?")
