"""Records of matches survive JSON, and endings are classified."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.doubles.errors import raises_code
from tests.unit.arena.doubles import record
from w2s.arena.record import Ending, MatchRecord
from w2s.errors import DataError
from w2s.games import game

TEXT = st.text(max_size=20)
SECONDS = st.none() | st.floats(0, 1e6, allow_nan=False)
RECORDS = st.builds(
    MatchRecord,
    number=st.integers(0, 10**6),
    pair=st.integers(0, 10**6),
    opening=TEXT,
    game=TEXT,
    start=TEXT,
    moves=st.lists(TEXT, max_size=6).map(tuple),
    opening_plies=st.integers(0, 6),
    first=TEXT,
    second=TEXT,
    winner=st.sampled_from([0, 1, None]),
    ending=st.sampled_from(Ending),
    detail=TEXT,
    by=st.none() | TEXT,
    values_cp=st.lists(st.none() | st.integers(-100_000, 100_000), max_size=6).map(tuple),
    seconds=st.lists(SECONDS, max_size=6).map(tuple),
    time_control=st.none() | TEXT,
)


@given(RECORDS)
def test_record_survives_json(written: MatchRecord) -> None:
    found = MatchRecord.from_json(json.loads(json.dumps(written.to_json(), allow_nan=False)))
    assert found == written
    assert isinstance(found.ending, Ending)


@pytest.mark.parametrize(("winner", "result"), [(0, "1-0"), (1, "0-1"), (None, "1/2-1/2")])
def test_result_is_that_of_the_first_player(winner: int | None, result: str) -> None:
    assert record(winner=winner).result == result


@pytest.mark.parametrize(
    "change", [{"ending": "quarrel"}, {"colour": 1}, {"moves": None}, {"values_cp": 3}, {"moves": [1]}]
)
def test_record_of_other_version_is_an_error_that_names_match(change: dict[str, object]) -> None:
    with raises_code("arena-record-unreadable", DataError) as caught:
        MatchRecord.from_json({**record().to_json(), **change})
    assert "match 5 " in str(caught.value)


def test_record_without_field_is_an_error() -> None:
    values = record().to_json()
    del values["winner"]
    with raises_code("arena-record-unreadable", DataError) as caught:
        MatchRecord.from_json(values)
    assert "winner" in str(caught.value)


ENDED = [
    ("chess", "startpos", "f3 e5 g4 Qh4"),
    ("chess", "k7/8/1Q6/8/8/8/8/K7 b - - 0 1", ""),
    ("chess", "startpos", "Nf3 Nf6 Ng1 Ng8 Nf3 Nf6 Ng1 Ng8"),
    ("chess", "k7/8/8/8/8/8/8/KR6 w - - 99 80", "Rb2"),
    ("chess", "k7/8/8/8/8/8/8/K7 w - - 0 1", ""),
    ("connect_four", "startpos", "1 2 1 2 1 2 1"),
]


@pytest.mark.parametrize(("name", "position", "moves"), ENDED)
def test_every_outcome_reason_is_an_ending(name: str, position: str, moves: str) -> None:
    outcome = game(name).state(position, moves.split()).outcome()
    assert outcome is not None
    assert Ending(outcome.reason).value == outcome.reason


def test_games_report_the_expected_reasons() -> None:
    reasons = [game(name).state(position, moves.split()).outcome() for name, position, moves in ENDED]
    assert [found.reason for found in reasons if found] == [
        "mate",
        "stalemate",
        "repetition",
        "fifty-move",
        "insufficient material",
        "line",
    ]


def test_endings_are_classified_and_only_void_is_unscored() -> None:
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
