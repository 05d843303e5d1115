"""The configuration of an arena: time controls as text."""

from __future__ import annotations

import pytest
from pydantic_core import PydanticCustomError

from w2s.arena.spec import TimeControl


@pytest.mark.parametrize(
    ("text", "base_s", "increment_s", "written"),
    [
        ("60+0.6", 60, 0.6, "60+0.6"),
        ("60", 60, 0, "60"),
        (" 0.25+0 ", 0.25, 0, "0.25"),
        ("1000000+100", 1_000_000, 100, "1000000+100"),
    ],
)
def test_time_control_is_parsed_and_printed(
    text: str, base_s: float, increment_s: float, written: str
) -> None:
    control = TimeControl.parse(text)
    assert (control.base_s, control.increment_s) == (base_s, increment_s)
    assert control.text == written
    assert TimeControl.parse(control.text) == control


@pytest.mark.parametrize("text", ["", "+1", "60+", "1:00", "-5", "6e1", "60+0.6+1", "inf", "0+1"])
def test_invalid_time_control_is_refused(text: str) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        TimeControl.parse(text)
    assert caught.value.type == "arena-time-control"
