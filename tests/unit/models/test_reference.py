"""References as text: every form of the grammar, the canonical text, and one line for what is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.doubles.errors import raises_code
from w2s.errors import UsageError
from w2s.models.reference import Reference, parse_reference, resolve_reference

FORMS = {
    "random": Reference("random"),
    "exact": Reference("exact"),
    "search:depth=3": Reference("search", "", {"depth": "3"}),
    "search:depth=1&noise_cp=30": Reference("search", "", {"depth": "1", "noise_cp": "30"}),
    "exact:nodes=200000": Reference("exact", "", {"nodes": "200000"}),
    "uci:stockfish": Reference("uci", "stockfish"),
    "uci:stockfish?nodes=2000&Skill Level=3&MultiPV=2": Reference(
        "uci", "stockfish", {"nodes": "2000", "Skill Level": "3", "MultiPV": "2"}
    ),
    'uci:"/opt/my engines/sf" --uci -x=1?nodes=1': Reference(
        "uci", '"/opt/my engines/sf" --uci -x=1', {"nodes": "1"}
    ),
    r"uci:C:\Program Files\sf.exe?SyzygyPath=D:\tb;E:\tb": Reference(
        "uci", r"C:\Program Files\sf.exe", {"SyzygyPath": r"D:\tb;E:\tb"}
    ),
    "uci:sf?Contempt=a=b?c": Reference("uci", "sf", {"Contempt": "a=b?c"}),
    "uci:sf?SyzygyPath=": Reference("uci", "sf", {"SyzygyPath": ""}),
    "uci:?Skill Level=3": Reference("uci", "", {"Skill Level": "3"}),
    "policy:chess-large": Reference("policy", "chess-large"),
    "policy:runs/a=b/net": Reference("policy", "runs/a=b/net"),
    "hf:org/model-7b?dtype=bfloat16": Reference("hf", "org/model-7b", {"dtype": "bfloat16"}),
    "lc0:weights/maia-1100.pb.gz": Reference("lc0", "weights/maia-1100.pb.gz"),
    "openai:http://localhost:8000/v1#m": Reference("openai", "http://localhost:8000/v1#m"),
    "syzygy:/data/tables": Reference("syzygy", "/data/tables"),
}


@pytest.mark.parametrize("text", FORMS)
def test_every_form_is_parsed_and_printed_unchanged(text: str) -> None:
    assert parse_reference(text) == FORMS[text]
    assert str(FORMS[text]) == text


def test_percent_codes_escape_separators() -> None:
    parsed = parse_reference("uci:engine%3F x?Book=a%26b%25")
    assert parsed == Reference("uci", "engine? x", {"Book": "a&b%"})
    assert str(parsed) == "uci:engine%3F x?Book=a%26b%25"
    assert parse_reference("openai:https://h/v1%3Fapi=1#m").target == "https://h/v1?api=1#m"
    assert parse_reference("uci:x?A=100%").options["A"] == "100%"


def test_target_that_looks_like_options_is_escaped() -> None:
    target = Reference("policy", "depth=3")
    assert parse_reference(str(target)) == target
    assert parse_reference("policy:depth=3").target == ""


def test_spellings_of_a_reference_share_the_canonical_text() -> None:
    assert str(parse_reference("search:?depth=3")) == "search:depth=3"
    assert str(parse_reference("uci:sf?a=%41")) == "uci:sf?a=A"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        (":", "invalid"),
        (" random", "invalid"),
        ("Random", "invalid"),
        ("/usr/games/stockfish", "invalid"),
        ("stock fish", "invalid"),
        ("random:", "incomplete"),
        ("uci:stockfish?", "incomplete"),
        ("uci:stockfish?nodes", "option-no-value"),
        ("search:depth=3&noise_cp", "option-no-value"),
        ("uci:stockfish?=3", "option-no-name"),
        ("search:depth=3&&nodes=1", "option-no-name"),
        ("search:depth=3&", "option-no-name"),
        ("search:depth=3&depth=4", "option-repeated"),
        ("uci:x?Hash=1&hash=2", "option-repeated"),
        ("uci:x?a=%FF", "not-utf8"),
        ("openai:http://me:secret@host/v1#m", "holds-secret"),
    ],
)
def test_invalid_reference_is_refused_in_one_line_with_a_remedy(text: str, code: str) -> None:
    with raises_code(f"model-reference-{code}", UsageError) as caught:
        parse_reference(text)
    message = str(caught.value)
    assert "\n" not in message
    assert "write" in message or "remove" in message


@pytest.mark.parametrize(
    "text", ["x\n" * 100_000, "uci:x?" + "a" * 1_000_000, "\0", "uci:a?" + "b=1&" * 9 + "\n"]
)
def test_long_invalid_text_gives_a_short_message(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_reference(text)
    assert len(str(caught.value)) < 600
    assert "\n" not in str(caught.value)


def test_folder_of_a_net_is_a_reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "students" / "a"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    assert str(resolve_reference("students/a")) == "policy:students/a"
    assert resolve_reference("students/a?temperature=0.5").options == {"temperature": "0.5"}
    assert resolve_reference(str(folder)).target == str(folder)


def test_reference_is_kept() -> None:
    assert str(resolve_reference("search:depth=3")) == "search:depth=3"
    assert resolve_reference("policy:students/a").target == "students/a"


@pytest.mark.parametrize("text", ["", "students/none", "x/" * 50_000, "~nobody-here/net", "a\0b/c"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        resolve_reference(text)
