"""Search, proof and perft of a state: what Python users get of the core."""

from __future__ import annotations

import pytest

import w2s
from w2s.errors import UsageError

FOOLS_MATE = "rnb1kbnr/pppp1ppp/8/4p3/6Pq/5P2/PPPPP2P/RNBQKBNR w KQkq - 1 3"


def test_search_reports_its_result_and_depth() -> None:
    state = w2s.game("chess").state("6k1/5ppp/8/8/8/8/8/R3K3 w - - 0 1")
    found = state.search(depth=3)
    assert (found.best, found.value_cp, found.exact, found.line) == ("a1a8", 999_999, True, ["a1a8"])
    assert found.values == {}
    wide = state.search(depth=2, all_moves=True)
    assert list(wide.values) == state.legal_moves()
    assert (wide.best, wide.values["a1a8"]) == ("a1a8", 999_999)


def test_node_limit_ends_search() -> None:
    state = w2s.game("othello").state()
    few, many = state.search(nodes=1_000), state.search(nodes=20_000)
    assert few.nodes <= 1_000 < many.nodes <= 20_000
    assert few.depth < many.depth
    assert state.search(nodes=20_000, depth=2).depth == 2


def test_finished_game_has_no_best_move() -> None:
    found = w2s.game("chess").state(FOOLS_MATE).search(depth=3)
    assert (found.best, found.value_cp, found.line) == (None, -1_000_000, [])


def test_proof_values_every_move_or_none() -> None:
    game = w2s.game("connect_four")
    threat = game.state(moves=list("4455"))
    solved = threat.play("6").solve(nodes=1_000_000)
    assert solved is not None
    assert list(solved) == threat.play("6").legal_moves()
    assert max(solved.values()) < -900_000  # three in a row, open on both sides
    assert game.state().solve(nodes=100) is None
    assert w2s.game("chess").state().solve(nodes=100) is None


@pytest.mark.parametrize(
    ("game", "counts"), [("chess", [1, 20, 400, 8902]), ("othello", [1, 4, 12, 56, 244])]
)
def test_perft_matches_published_counts(game: str, counts: list[int]) -> None:
    state = w2s.game(game).state()
    assert [state.perft(depth) for depth in range(len(counts))] == counts


def test_invalid_limits_are_refused() -> None:
    state = w2s.game("chess").state()
    for ask in (
        lambda: state.search(depth=0),
        lambda: state.search(nodes=-1),
        lambda: state.solve(nodes=0),
        lambda: state.perft(-1),
    ):
        with pytest.raises(UsageError) as caught:
            ask()
        assert caught.value.code in {"game-bad-search-limit", "game-bad-perft-depth"}
