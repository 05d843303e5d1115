"""References to UCI engines: our own options, the engine's, and the command."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.doubles.errors import raises_code
from w2s.errors import ModelError, UsageError
from w2s.models import load_model
from w2s.models.confidence import TEMPERATURE_CP
from w2s.models.reference import Reference
from w2s.models.uci.loading import UciSettings
from w2s.models.uci.play import DEFAULT_TIMEOUT_S, SearchSettings
from w2s.models.uci.protocol import SearchLimits


def settings(command: str, options: Mapping[str, str] | None = None) -> UciSettings:
    return UciSettings.from_reference(Reference("uci", command, options or {}))


def test_limits_are_separated_from_engine_options() -> None:
    options = {"nodes": "2000", "Skill Level": "3", "depth": "9", "movetime": "50", "Nodes Time": "1"}
    found = settings("x", options)
    assert found.search == SearchSettings(SearchLimits(2000, 9, 50), TEMPERATURE_CP, DEFAULT_TIMEOUT_S)
    assert found.engine_options == {"Skill Level": "3", "Nodes Time": "1"}


def test_temperature_and_timeout_are_own_options() -> None:
    found = settings("x", {"temperature_cp": "25.5", "timeout_s": "0.5"})
    assert (found.search.temperature_cp, found.search.timeout_s, found.engine_options) == (25.5, 0.5, {})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("nodes", value) for value in ("0", "-1", "1.5", "", "many", "٣", "9" * 30, "1_000")),
        *(("depth", value) for value in ("0", "x")),
        *(("movetime", value) for value in ("0", "10ms")),
        *(("temperature_cp", value) for value in ("0", "-1", "nan", "inf", "warm")),
        *(("timeout_s", value) for value in ("0", "inf", "soon")),
    ],
)
def test_invalid_limit_is_refused_in_one_line(name: str, value: str) -> None:
    with pytest.raises(UsageError) as caught:
        settings("x", {name: value})
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("stockfish", ["stockfish"]),
        ("lc0 --backend=blas -w 'my net.pb'", ["lc0", "--backend=blas", "-w", "my net.pb"]),
        ("'/opt/my engines/sf' bench", ["/opt/my engines/sf", "bench"]),
        (r"/opt/my\ engines/sf", ["/opt/my engines/sf"]),
        ("sf; rm -rf $HOME", ["sf;", "rm", "-rf", "$HOME"]),
    ],
)
def test_command_is_split_without_a_shell(command: str, words: list[str]) -> None:
    assert settings(command).command == tuple(words)


def test_path_with_spaces_is_one_program(tmp_path: Path) -> None:
    path = tmp_path / "it's an engine"
    path.touch()
    assert settings(str(path)).command == (str(path),)


@pytest.mark.parametrize(
    ("command", "report"),
    [("", "no program"), ("  ", "no program"), ("'a", "No closing quotation"), ("a\0b", "NUL byte")],
)
def test_invalid_command_is_refused_in_one_line(command: str, report: str) -> None:
    with raises_code("uci-invalid-command", UsageError) as caught:
        settings(command)
    assert report in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_silent_engine_is_reported_before_it_times_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("w2s.models.uci.engine.SILENCE_S", 0.1)
    with raises_code("uci-start-failed", ModelError):
        load_model("uci:sleep 60?timeout_s=0.6")
    (record,) = caplog.records
    assert "sleep has sent nothing for 0 s, uciok is awaited" in record.message
