"""The user's options, checked against those that an engine declares."""

from __future__ import annotations

import pytest

from tests.doubles.errors import raises_code
from w2s.errors import UsageError
from w2s.models.uci.options import EngineOptions
from w2s.models.uci.protocol import EngineOption

DECLARED = (
    EngineOption("Threads", "spin", "1", 1, 512),
    EngineOption("Hash", "spin", "16", 1, 1024),
    EngineOption("Skill Level", "spin", "20", 0, 20),
    EngineOption("Overhead", "spin", "10"),
    EngineOption("UCI_LimitStrength", "check", "false"),
    EngineOption("Style", "combo", "Normal", choices=("Normal", "Very Risky")),
    EngineOption("Clear Hash", "button"),
    EngineOption("Log File", "string", ""),
    EngineOption("Broken", "spin", "many", 0, 9),
)


def options(**wanted: str) -> EngineOptions:
    return EngineOptions(DECLARED, {name.replace("_", " "): value for name, value in wanted.items()}, "eng")


def test_names_are_case_insensitive_and_sent_as_declared() -> None:
    assert options(skill_level="3", STYLE="very risky").to_set() == [
        ("Skill Level", "3"),
        ("Style", "Very Risky"),
    ]


def test_threads_then_hash_are_set_first() -> None:
    names = [name for name, _ in options(Skill_Level="3", Hash="8", Log_File="x", Threads="2").to_set()]
    assert names == ["Threads", "Hash", "Skill Level", "Log File"]


@pytest.mark.parametrize("written", ["true", "True", "yes", "on", "1"])
def test_check_accepts_any_yes(written: str) -> None:
    found = EngineOptions(DECLARED, {"uci_limitstrength": written}, "eng")
    assert found.to_set() == [("UCI_LimitStrength", "true")]
    assert found.is_on("UCI_LimitStrength")


@pytest.mark.parametrize("written", ["false", "NO", "off", "0"])
def test_check_accepts_any_no(written: str) -> None:
    assert EngineOptions(DECLARED, {"UCI_LimitStrength": written}, "eng").to_set() == [
        ("UCI_LimitStrength", "false")
    ]


def test_button_is_set_without_value() -> None:
    assert options(Clear_Hash="true").to_set() == [("Clear Hash", None)]


def test_spin_accepts_numbers_in_inclusive_range() -> None:
    assert options(Skill_Level="+07").to_set() == [("Skill Level", "7")]
    assert options(Skill_Level="0").to_set() == [("Skill Level", "0")]
    assert options(Skill_Level="20").to_set() == [("Skill Level", "20")]
    assert options(Overhead="-999999").to_set() == [("Overhead", "-999999")]


def test_string_is_unchanged() -> None:
    assert options(Log_File=" a=b & c ").to_set() == [("Log File", " a=b & c ")]


@pytest.mark.parametrize(
    ("name", "value", "report"),
    [
        ("Skill Level", "21", "option 'Skill Level' of eng must be from 0 to 20, not '21'"),
        ("Skill Level", "-1", "option 'Skill Level' of eng must be from 0 to 20, not '-1'"),
        ("Skill Level", "high", "a whole number from 0 to 20, not 'high'"),
        ("Skill Level", "", "a whole number from 0 to 20, not ''"),
        ("Skill Level", "3.5", "a whole number from 0 to 20, not '3.5'"),
        ("Overhead", "much", "a whole number from any to any, not 'much'"),
        ("UCI_LimitStrength", "maybe", "true or false, not 'maybe'"),
        ("Style", "wild", "one of Normal, Very Risky, not 'wild'"),
        ("Clear Hash", "3", "a button"),
        ("Log File", "a\nquit", "one line of text"),
        ("Log File", "a\rquit", "one line of text"),
        ("Log File", "a\0", "one line of text"),
        ("Skill Level", "9" * 10_000, "not '999"),
    ],
)
def test_invalid_value_is_refused_in_one_line(name: str, value: str, report: str) -> None:
    with raises_code("uci-invalid-option", UsageError) as caught:
        EngineOptions(DECLARED, {name: value}, "eng")
    assert report in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(("written", "meant"), [("Skil Level", "Skill Level"), ("treads", "Threads")])
def test_nearest_name_is_suggested(written: str, meant: str) -> None:
    with raises_code("uci-unknown-option", UsageError) as caught:
        EngineOptions(DECLARED, {written: "1"}, "eng")
    assert f"'{written}': did you mean '{meant}'?" in str(caught.value)


def test_all_options_are_listed_without_near_name() -> None:
    with raises_code("uci-unknown-option", UsageError) as caught:
        EngineOptions(DECLARED, {"zzzzzz": "1"}, "eng")
    assert "did you mean" not in str(caught.value)
    assert all(option.name in str(caught.value) for option in DECLARED)


def test_engine_without_options_is_reported() -> None:
    with raises_code("uci-unknown-option", UsageError) as caught:
        EngineOptions((), {"Hash": "1"}, "eng")
    assert "its options are: none" in str(caught.value)


def test_current_values_are_found() -> None:
    found = options(Hash="32")
    assert (found.number("hash"), found.number("Threads"), found.number("Style")) == (32, 1, None)
    assert (found.number("Broken"), found.number("Missing")) == (None, None)
    assert (found.is_wanted("HASH"), found.is_wanted("Threads")) == (True, False)
    assert (found.highest("Hash"), found.highest("Overhead"), found.highest("Missing")) == (1024, None, None)
    assert (found.is_on("UCI_LimitStrength"), found.is_on("Missing")) == (False, False)
