"""Finding engines: PATH first, then where distributions put games."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.doubles.errors import raises_code
from w2s.errors import ModelError
from w2s.models.uci import find_engines, finder
from w2s.models.uci.finder import resolve


def program(folder: Path, name: str, mode: int = 0o755) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return path


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """PATH and the games folder, both empty."""
    path, games = tmp_path / "bin", tmp_path / "games"
    monkeypatch.setenv("PATH", str(path))
    monkeypatch.setattr(finder, "FOLDERS", (str(games),))
    return path, games


def test_debian_games_folder_is_searched() -> None:
    assert "/usr/games" in finder.FOLDERS


def test_path_precedes_games_folder(folders: tuple[Path, Path]) -> None:
    path, games = folders
    among_games = program(games, "stockfish")
    assert resolve("stockfish") == str(among_games)
    on_path = program(path, "stockfish")
    assert resolve("stockfish") == str(on_path)


def test_known_engines_are_listed_in_fixed_order(folders: tuple[Path, Path]) -> None:
    path, games = folders
    assert find_engines() == []
    found = [program(games, "stockfish"), program(path, "lc0"), program(games, "toga2")]
    program(path, "ls")
    program(path, "fruit", mode=0o644)
    assert find_engines() == found


def test_path_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = program(tmp_path / "here", "engine")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert [resolve("here/engine"), resolve("./here/engine"), resolve("~/here/engine")] == [str(path)] * 3


@pytest.mark.parametrize(
    ("name", "report"),
    [
        ("stockfish", "apt-get install stockfish"),
        ("nothing", "no engine 'nothing' on PATH or in"),
        ("./nothing", "does not exist"),
        ("./plain", "chmod +x"),
        ("./folder", "is a folder"),
    ],
)
def test_missing_program_is_refused_with_remedy(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, report: str
) -> None:
    monkeypatch.chdir(tmp_path)
    program(tmp_path, "plain", mode=0o644)
    (tmp_path / "folder").mkdir()
    with raises_code("uci-engine-not-found", ModelError) as caught:
        resolve(name)
    assert report in str(caught.value)
    assert "\n" not in str(caught.value)


def test_installed_engines_are_suggested(folders: tuple[Path, Path]) -> None:
    program(folders[1], "lc0")
    with raises_code("uci-engine-not-found", ModelError) as caught:
        resolve("lc1")
    assert "found here: lc0" in str(caught.value)
