"""Configuration: what is refused, and what the message says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.doubles.errors import raises_code
from w2s.arena.spec import ArenaSpec, TimeControl
from w2s.chain.config import ChainConfig
from w2s.config import changed_keys, merge_tables, parse_config, read_toml
from w2s.errors import UsageError

PLAYERS = {"teacher": "random", "student": "random"}


def refused(tables: dict[str, object], code: str) -> str:
    with raises_code(code, UsageError) as caught:
        parse_config(ArenaSpec, {"game": "chess", "players": PLAYERS, **tables}, "x.toml")
    return str(caught.value)


def test_unknown_key_is_an_error_that_names_the_nearest() -> None:
    message = refused({"pair": 3}, "config-unknown-key")
    assert message.startswith("x.toml: pair ")
    assert "'pairs'" in message
    message = refused({"rules": {"max_ply": 3}}, "config-unknown-key")
    assert "rules.max_ply " in message
    assert "'max_plies'" in message


@pytest.mark.parametrize(
    ("key", "shown", "nearest"),
    [("Sprt", "Sprt", "sprt"), ("max-plies", "max-plies", ""), ("", '""', ""), ("a\nb", '"a\\nb"', "")],
)
def test_unknown_key_may_be_any_text(key: str, shown: str, nearest: str) -> None:
    message = refused({key: {"a": 1}}, "config-unknown-key")
    assert message.startswith(f"x.toml: {shown} is not a known key; ")
    assert repr(nearest) in message or not nearest
    assert message.isprintable()
    assert "rules.Draw " in refused({"rules": {"Draw": 3}}, "config-unknown-key")


@pytest.mark.parametrize(
    ("tables", "code", "key"),
    [
        ({"pairs": 0}, "config-invalid-value", "pairs"),
        ({"rules": {"illegal": "again"}}, "arena-illegal-policy", "retry:K"),
        ({"rules": {"illegal": "retry:0"}}, "arena-illegal-policy", "retry:K"),
        ({"verify": {"share": 1.5}}, "config-invalid-value", "verify.share"),
        ({"limits": {"tc": "fast"}}, "arena-time-control", "limits.tc"),
        ({"verdict": {"good_cp": 500}}, "arena-thresholds-order", "verdict"),
        ({"sprt": {"elo0": 5, "elo1": 0}}, "arena-sprt-order", "sprt"),
        ({"players": {"one": "random"}}, "arena-too-few-players", "--teacher"),
        ({"players": {"a": "random", "b": "random", "c": "random"}}, "arena-match-players", "round-robin"),
    ],
)
def test_invalid_value_is_refused_in_one_line(tables: dict[str, object], code: str, key: str) -> None:
    message = refused(tables, code)
    assert key in message
    assert "\n" not in message


def test_call_reports_mistakes_as_a_file_does() -> None:
    with raises_code("config-unknown-key") as caught:
        ChainConfig(teacher="random", student="random", examples={"fils": ["x"]})
    assert str(caught.value).startswith("ChainConfig: examples.fils is not a known key; did you mean 'files'")
    with raises_code("config-invalid-value") as caught:
        TimeControl(base_s=-1)
    assert str(caught.value).startswith("TimeControl: base_s: ")


def test_message_about_an_option_does_not_blame_the_file() -> None:
    tables = {"game": "chess", "players": PLAYERS, "rules": {"illegal": "shrug"}}
    for overrides, start in (
        ({"rules": {"illegal": "shrug"}}, "`rules.illegal`: "),
        ({"pairs": 3}, "chess.toml: rules.illegal: "),
    ):
        with raises_code("arena-illegal-policy", UsageError) as caught:
            parse_config(ArenaSpec, tables, "chess.toml", overrides)
        assert str(caught.value).startswith(start)


def test_configuration_survives_toml(tmp_path: Path) -> None:
    spec = parse_config(ArenaSpec, {"game": "chess", "players": PLAYERS, "limits": {"tc": "60+0.6"}}, "x")
    path = tmp_path / "run.toml"
    path.write_text(spec.to_toml(), encoding="utf-8")
    again = parse_config(ArenaSpec, read_toml(path), "run.toml")
    assert again == spec
    assert again.digest() == spec.digest()
    assert again.limits.clock == TimeControl(base_s=60, increment_s=0.6)


def test_digest_changes_with_any_value() -> None:
    spec = parse_config(ArenaSpec, {"game": "chess", "players": PLAYERS}, "x")
    assert spec.model_copy(update={"seed": 1}).digest() != spec.digest()


@pytest.mark.parametrize("content", [b"game = ", b"\xff\xfe", b"[players]\nteacher = 'a'\nteacher = 'b'"])
def test_broken_file_is_a_usage_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(content)
    with raises_code("config-not-toml", UsageError) as caught:
        read_toml(path)
    assert str(path) in str(caught.value)


def test_merge_tables_prefers_overrides_key_by_key() -> None:
    below = {"a": {"x": 1, "y": 2}, "b": [1]}
    assert merge_tables(below, {"a": {"y": 3}, "b": [2]}) == {"a": {"x": 1, "y": 3}, "b": [2]}
    assert below == {"a": {"x": 1, "y": 2}, "b": [1]}


def test_changed_keys_name_both_values() -> None:
    assert changed_keys({"a": {"x": 1}, "b": 2}, {"a": {"x": 2}, "b": 2}) == ["a.x (1 → 2)"]


def test_type_that_was_tried_is_not_part_of_the_key() -> None:
    with raises_code("config-invalid-value", UsageError) as caught:
        parse_config(ChainConfig, {"teacher": "a", "student": "b", "examples": {"test": 0}}, "x")
    assert str(caught.value).startswith("x: examples.test: ")


def test_data_folder_of_the_environment_is_inserted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.toml"
    path.write_text('teacher = "lc0:$W2S_DATA/net.pb.gz"\nfiles = ["$W2S_DATA/a.csv"]\n')
    monkeypatch.setenv("W2S_DATA", "/data")
    assert read_toml(path) == {"teacher": "lc0:/data/net.pb.gz", "files": ["/data/a.csv"]}
    monkeypatch.delenv("W2S_DATA")
    with raises_code("config-data-folder-unset", UsageError) as caught:
        read_toml(path)
    assert "a.toml" in str(caught.value)
