"""Scores of lines of play: mates, bounds, and the latest line of each rank."""

from __future__ import annotations

from w2s.models.confidence import MATE_CP
from w2s.models.uci.play import latest_infos, score_cp
from w2s.models.uci.protocol import SearchInfo


def exact(rank: int, move: str, cp: int) -> SearchInfo:
    return SearchInfo(rank, move, cp, None, False)


def bound(rank: int, move: str, cp: int) -> SearchInfo:
    return SearchInfo(rank, move, cp, None, True)


def mate(moves: int) -> SearchInfo:
    return SearchInfo(1, "a1a2", None, moves, False)


def test_score_is_centipawns() -> None:
    assert [score_cp(exact(1, "e2e4", cp)) for cp in (-31, 0, 512)] == [-31, 0, 512]


def test_nearer_mates_have_more_extreme_scores() -> None:
    assert score_cp(mate(1)) == MATE_CP - 100
    assert score_cp(mate(-1)) == -(MATE_CP - 100)
    assert score_cp(mate(0)) == -MATE_CP  # mated where it stands
    in_order = [score_cp(mate(moves)) for moves in (0, -1, -2, -900, 900, 2, 1)]
    assert in_order == sorted(in_order)


def test_mates_exceed_all_evaluations() -> None:
    highest, lowest = (score_cp(exact(1, "e2e4", cp)) for cp in (10**30, -(10**30)))
    assert score_cp(mate(-(10**6))) < lowest < highest < score_cp(mate(10**6))


def test_latest_line_of_each_rank_is_used_in_order() -> None:
    infos = [exact(1, "e2e4", 10), exact(2, "d2d4", 9), exact(2, "c2c4", 7), exact(1, "e2e4", 20)]
    assert latest_infos(infos) == [exact(1, "e2e4", 20), exact(2, "c2c4", 7)]


def test_bound_replaces_only_another_bound() -> None:
    assert latest_infos([exact(1, "e2e4", 10), bound(1, "e2e4", 90)]) == [exact(1, "e2e4", 10)]
    assert latest_infos([bound(1, "e2e4", 90), exact(1, "e2e4", 10)]) == [exact(1, "e2e4", 10)]
    assert latest_infos([bound(1, "e2e4", 90), bound(1, "e2e4", 95)]) == [bound(1, "e2e4", 95)]


def test_move_on_two_ranks_uses_better_rank() -> None:
    infos = [exact(2, "e2e4", 3), exact(1, "e2e4", 20), exact(3, "a2a3", -5)]
    assert latest_infos(infos) == [exact(1, "e2e4", 20), exact(3, "a2a3", -5)]


def test_no_lines_give_no_evidence() -> None:
    assert latest_infos([]) == []
