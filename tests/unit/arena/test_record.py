"""Records of matches: what was written is read again, equal in every field."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.doubles.errors import raises_code
from tests.unit.arena.doubles import record
from w2s.arena.ending import Ending
from w2s.arena.record import MatchRecord
from w2s.errors import DataError

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
def test_a_record_comes_back_from_json_exactly(written: MatchRecord) -> None:
    found = MatchRecord.from_json(json.loads(json.dumps(written.to_json(), allow_nan=False)))
    assert found == written
    assert isinstance(found.ending, Ending)


@pytest.mark.parametrize(("winner", "result"), [(0, "1-0"), (1, "0-1"), (None, "1/2-1/2")])
def test_the_result_is_seen_from_the_player_that_started(winner: int | None, result: str) -> None:
    assert record(winner=winner).result == result


@pytest.mark.parametrize(
    "change", [{"ending": "quarrel"}, {"colour": 1}, {"moves": None}, {"values_cp": 3}, {"moves": [1]}]
)
def test_a_record_of_another_version_is_an_error_that_names_the_match(change: dict[str, object]) -> None:
    with raises_code("arena-record-unreadable", DataError) as caught:
        MatchRecord.from_json({**record().to_json(), **change})
    assert "match 5 " in str(caught.value)


def test_a_record_without_a_field_is_an_error() -> None:
    values = record().to_json()
    del values["winner"]
    with raises_code("arena-record-unreadable", DataError) as caught:
        MatchRecord.from_json(values)
    assert "winner" in str(caught.value)
