"""The parameters of a ``uci:`` reference: ours, the engine's, and the command."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.doubles.errors import raises_code
from w2s.errors import UsageError
from w2s.models.confidence import TEMPERATURE_CP
from w2s.models.uci.answering import TIMEOUT_S, Terms
from w2s.models.uci.protocol import Limits
from w2s.models.uci.settings import read_settings, split_command


def test_limits_are_ours_and_the_rest_is_the_engines() -> None:
    given = {"nodes": "2000", "Skill Level": "3", "depth": "9", "movetime": "50", "Nodes Time": "1"}
    terms, options = read_settings("uci:x", given)
    assert terms == Terms(Limits(2000, 9, 50), TEMPERATURE_CP, TIMEOUT_S)
    assert options == {"Skill Level": "3", "Nodes Time": "1"}


def test_temperature_and_timeout_are_ours() -> None:
    terms, options = read_settings("uci:x", {"temperature_cp": "25.5", "timeout_s": "0.5"})
    assert (terms.temperature_cp, terms.timeout_s, options) == (25.5, 0.5, {})


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
def test_a_limit_that_is_no_positive_number_is_one_line(name: str, value: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_settings("uci:x", {name: value})
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
def test_a_command_is_split_as_a_shell_would_and_no_shell_is_there(command: str, words: list[str]) -> None:
    assert split_command("uci:x", command) == words


def test_the_path_of_a_file_is_the_program_spaces_and_all(tmp_path: Path) -> None:
    path = tmp_path / "it's an engine"
    path.touch()
    assert split_command("uci:x", str(path)) == [str(path)]


@pytest.mark.parametrize(
    ("command", "report"),
    [("", "no program"), ("  ", "no program"), ("'a", "No closing quotation"), ("a\0b", "NUL byte")],
)
def test_invalid_command_is_refused_in_one_line(command: str, report: str) -> None:
    with raises_code("uci-invalid-command", UsageError) as caught:
        split_command("uci:x", command)
    assert report in str(caught.value)
    assert "\n" not in str(caught.value)
