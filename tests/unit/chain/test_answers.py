"""Right is every move that the oracle values within the margin of its best."""

from __future__ import annotations

import w2s
from w2s.arena.oracles import load_oracles
from w2s.chain.data.match_splits import OracleAnswers
from w2s.tasks import MoveExample

STATES = [w2s.game("connect_four").state(moves=list(moves)) for moves in ("", "4", "4433", "414141", "1212")]
EXAMPLES = [MoveExample(f"p{number}", state) for number, state in enumerate(STATES)]


def verifier(reference: str = "search:depth=4", margin_cp: int = 0) -> OracleAnswers:
    return OracleAnswers(load_oracles([reference], cap_cp=1000, concurrency=1)[0], margin_cp)


def test_ties_are_all_right_as_a_full_search_has_it() -> None:
    for state, right in zip(STATES, verifier().right_moves(EXAMPLES), strict=True):
        values = state.search(depth=4, all_moves=True).values
        capped = {move: max(-1000, min(1000, value)) for move, value in values.items()}
        assert set(right) == {move for move, value in capped.items() if value == max(capped.values())}


def test_a_margin_makes_more_moves_right() -> None:
    narrow, wide = verifier().right_moves(EXAMPLES), verifier(margin_cp=200).right_moves(EXAMPLES)
    assert all(set(few) <= set(many) for few, many in zip(narrow, wide, strict=True))
    assert sum(map(len, wide)) > sum(map(len, narrow))


def test_what_the_oracle_does_not_know_has_no_right_move() -> None:
    assert verifier("exact:nodes=1").right_moves(EXAMPLES[:1]) == [()]


def test_all_examples_are_answered_and_counted() -> None:
    told: list[tuple[int, int]] = []
    found = verifier().answered(EXAMPLES * 20, lambda done, total: told.append((done, total)))
    assert [example.id for example in found] == [example.id for example in EXAMPLES * 20]
    assert all(example.gold for example in found)
    assert told == [(64, 100), (100, 100)]
