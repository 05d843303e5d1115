"""A label is judged by the solution set; where a solution wins at once, every such move is right."""

from __future__ import annotations

import pytest

import w2s
from w2s.tasks import MoveExample, grade, judge

TWO_MATES = "6k1/5ppp/8/8/8/8/8/RR2K3 w - - 0 1"
STALEMATE = "7k/8/6K1/8/8/8/8/5Q2 w - - 0 1"


def example(position: str, *gold: str, game: str = "chess") -> MoveExample:
    return MoveExample("a", w2s.game(game).state(position), gold=gold)


@pytest.mark.parametrize(
    ("label", "right"),
    [("a1a8", True), ("Ra8#", True), ("b1b8", True), ("a1a7", False), ("", False), ("a8a1", False)],
)
def test_every_mate_is_right_if_gold_mates(label: str, right: bool) -> None:
    assert judge(example(TWO_MATES, "a1a8"), label) is right


def test_mate_is_wrong_if_gold_does_not_mate() -> None:
    assert judge(example(TWO_MATES, "a1a7"), "a1a8") is False


def test_stalemate_is_not_a_win() -> None:
    assert judge(example(STALEMATE, "f1f8"), "f1f7") is False


def test_example_without_gold_is_not_judged() -> None:
    assert judge(example(TWO_MATES), "a1a8") is None
    assert grade(example(TWO_MATES), "a1a8") is None


def test_missing_label_is_wrong() -> None:
    assert judge(example(TWO_MATES, "a1a8"), None) is False


def test_immediate_win_is_right_in_every_game() -> None:
    position = w2s.game("connect_four").state(moves=list("44141")).play("4").play("1").position
    state = w2s.game("connect_four").state(position)
    wins = [
        move for move in state.legal_moves() if (end := state.play(move).outcome()) and end.winner is not None
    ]
    assert wins
    assert all(judge(MoveExample("a", state, gold=(wins[0],)), move) for move in wins)


def test_grade_is_the_score_of_the_move_or_zero() -> None:
    graded = MoveExample(
        "a", w2s.game("chess").state(TWO_MATES), gold=("a1a8",), grades=(("a1a8", 1.0), ("a1a7", 0.25))
    )
    assert [grade(graded, move) for move in ("Ra8#", "Ra7", "Ra6", "nonsense")] == [1.0, 0.25, 0.0, 0.0]
    assert grade(example(TWO_MATES, "a1a8"), "Rb8#") == 1.0
