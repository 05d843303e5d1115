"""The built wheel in an empty environment outside the checkout: what a user gets from pip."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

BYTES_WITHOUT_ARENAS = 8_000_000


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    maturin = Path(sys.executable).with_name("maturin")
    subprocess.run([maturin, "build", "--release", "--quiet", "--out", folder], cwd=root, check=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def programs(root: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that holds the wheel and what it requires, nothing else."""
    folder = tmp_path_factory.mktemp("empty") / "venv"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--constraint", root / "constraints.txt", wheel], check=True)
    return folder / "bin"


def call(programs: Path, place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the environment away from the checkout, with nothing of this one's paths."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [programs / words[0], *words[1:]], cwd=place, env=clean, capture_output=True, text=True, check=False
    )


def test_the_wheel_holds_what_it_should_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "abi3" in wheel.name
    for needed in ("w2s/py.typed", "w2s/_core.pyi", "w2s/arenas/chess.toml", "w2s/arenas/openings/chess.txt"):
        assert needed in names
    strays = [n for n in names if "/build/" in n or "__pycache__" in n or n.startswith(("tests", "docs"))]
    assert strays == []
    packed = {info.filename: info.compress_size for info in zipfile.ZipFile(wheel).infolist()}
    assert sum(size for name, size in packed.items() if "/arenas/" not in name) < BYTES_WITHOUT_ARENAS


def test_it_brings_no_framework(programs: Path, tmp_path: Path) -> None:
    listed = call(programs, tmp_path, "python", "-m", "pip", "list", "--format", "json")
    names = {package["name"].lower() for package in json.loads(listed.stdout)}
    assert "w2s" in names
    assert not names & {"torch", "transformers", "chess", "scikit-learn", "polars"}


@pytest.mark.parametrize("game", ["chess", "othello", "connect_four"])
def test_the_arena_plays_from_the_wheel(programs: Path, tmp_path: Path, game: str) -> None:
    done = call(programs, tmp_path, "w2s", "arena", "--game", game, "--pairs", "1", "--out", "run", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["games"] == 2
    assert "w2s arena --resume run" in done.stderr
    assert (tmp_path / "run" / "labels.parquet").exists()


def test_the_other_commands_answer_from_the_wheel(programs: Path, tmp_path: Path) -> None:
    assert "search" in call(programs, tmp_path, "w2s", "models").stdout
    facts = json.loads(call(programs, tmp_path, "w2s", "doctor", "--json").stdout)
    assert "chess" in facts["arenas"]
    assert str(tmp_path) not in facts["arenas"]
    for name in ("left", "right"):
        (tmp_path / f"{name}.jsonl").write_text('{"id": "a", "position": "startpos", "label": "e4"}\n')
    same = call(programs, tmp_path, "w2s", "agree", "--game", "chess", "left.jsonl", "right.jsonl")
    assert same.returncode == 0, same.stderr


def test_a_missing_extra_is_named_with_its_install_line(programs: Path, tmp_path: Path) -> None:
    words = ["w2s", "arena", "--game", "chess", "--pairs", "1", "--oracle", "syzygy:.", "--out", "run"]
    done = call(programs, tmp_path, *words)
    assert done.returncode == 5
    assert done.stderr.splitlines()[-1].endswith("pip install 'w2s[chess]'")
