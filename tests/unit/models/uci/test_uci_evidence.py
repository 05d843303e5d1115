"""Scores of lines of play: mates, bounds, and the last word on each rank."""

from __future__ import annotations

from w2s.models.confidence import MATE_CP
from w2s.models.uci.evidence import latest, score_cp
from w2s.models.uci.protocol import Info


def exact(rank: int, move: str, cp: int) -> Info:
    return Info(rank, move, cp, None, False)


def bound(rank: int, move: str, cp: int) -> Info:
    return Info(rank, move, cp, None, True)


def mate(moves: int) -> Info:
    return Info(1, "a1a2", None, moves, False)


def test_a_score_is_its_centipawns() -> None:
    assert [score_cp(exact(1, "e2e4", cp)) for cp in (-31, 0, 512)] == [-31, 0, 512]


def test_a_nearer_mate_is_worth_more_and_being_mated_sooner_is_worse() -> None:
    assert score_cp(mate(1)) == MATE_CP - 100
    assert score_cp(mate(-1)) == -(MATE_CP - 100)
    assert score_cp(mate(0)) == -MATE_CP  # mated where it stands
    in_order = [score_cp(mate(moves)) for moves in (0, -1, -2, -900, 900, 2, 1)]
    assert in_order == sorted(in_order)


def test_every_mate_lies_beyond_every_evaluation() -> None:
    highest, lowest = (score_cp(exact(1, "e2e4", cp)) for cp in (10**30, -(10**30)))
    assert score_cp(mate(-(10**6))) < lowest < highest < score_cp(mate(10**6))


def test_the_last_word_on_a_rank_counts_and_ranks_are_in_order() -> None:
    infos = [exact(1, "e2e4", 10), exact(2, "d2d4", 9), exact(2, "c2c4", 7), exact(1, "e2e4", 20)]
    assert latest(infos) == [exact(1, "e2e4", 20), exact(2, "c2c4", 7)]


def test_a_bound_never_replaces_an_exact_score_but_another_bound() -> None:
    assert latest([exact(1, "e2e4", 10), bound(1, "e2e4", 90)]) == [exact(1, "e2e4", 10)]
    assert latest([bound(1, "e2e4", 90), exact(1, "e2e4", 10)]) == [exact(1, "e2e4", 10)]
    assert latest([bound(1, "e2e4", 90), bound(1, "e2e4", 95)]) == [bound(1, "e2e4", 95)]


def test_a_move_that_stands_on_two_ranks_counts_on_the_better_one() -> None:
    infos = [exact(2, "e2e4", 3), exact(1, "e2e4", 20), exact(3, "a2a3", -5)]
    assert latest(infos) == [exact(1, "e2e4", 20), exact(3, "a2a3", -5)]


def test_no_lines_are_no_evidence() -> None:
    assert latest([]) == []
