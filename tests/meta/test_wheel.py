"""The built distributions: nothing astray; the wheel in an empty environment: what a user gets from pip."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.meta.dist import problems

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    maturin = Path(sys.executable).with_name("maturin")
    subprocess.run(
        [maturin, "build", "--release", "--sdist", "--quiet", "--out", folder], cwd=root, check=True
    )
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


def test_the_distributions_hold_what_they_should_and_nothing_else(wheel: Path) -> None:
    assert sorted(path.suffix for path in wheel.parent.iterdir()) == [".gz", ".whl"]
    assert problems(wheel.parent) == []


def test_a_stray_file_is_found(wheel: Path, tmp_path: Path) -> None:
    copy = tmp_path / wheel.name
    shutil.copyfile(wheel, copy)
    with zipfile.ZipFile(copy, "a") as archive:
        archive.writestr("tests/secret.txt", "")
    assert problems(tmp_path) == [f"{wheel.name}: astray: tests/secret.txt"]


def test_it_brings_no_framework(programs: Path, tmp_path: Path) -> None:
    listed = call(programs, tmp_path, "python", "-m", "pip", "list", "--format", "json")
    names = {package["name"].lower() for package in json.loads(listed.stdout)}
    assert "w2s" in names
    assert not names & {"torch", "transformers", "chess", "scikit-learn", "polars"}


@pytest.mark.parametrize("game", ["chess", "othello", "connect_four"])
def test_the_arena_plays_from_the_wheel(programs: Path, tmp_path: Path, game: str) -> None:
    players = ["--teacher", "search:depth=1", "--student", "search:depth=2"]
    words = ["w2s", "arena", "--game", game, *players, "--pairs", "1", "--out", "run", "--json"]
    done = call(programs, tmp_path, *words)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["games"] == 2
    assert "w2s arena --resume run" in done.stderr
    assert (tmp_path / "run" / "labels.parquet").exists()


FILTERS = [
    "labels.parquet --top 10% --out kept.parquet",
    "labels.parquet --threshold 0.8 --out kept.jsonl.zst",
    "labels.parquet --score second --aggregate log-odds --weights 2,1 --top 50 --by language --out kept/",
    "labels.parquet --budget 1e3 --cost n_tokens --out kept.arrow",
    "labels.parquet --gold correct --purity 0.8 --delta 0.05 --out sure.parquet",
    "labels.parquet --top 10% --stratify language --min-per-group 10 --memory 512MiB --out strata.parquet",
]


def test_the_filter_works_from_the_wheel(programs: Path, tmp_path: Path) -> None:
    done = call(programs, tmp_path, "python", "-c", _LABELS)
    assert done.returncode == 0, done.stderr
    for words in map(str.split, FILTERS):
        done = call(programs, tmp_path, "w2s", "filter", "--json", *words, "--score", "trust")
        assert done.returncode == 0, (words, done.stderr)
        assert 0 < json.loads(done.stdout)["rows_kept"] < 5_000
        assert (tmp_path / words[words.index("--out") + 1]).exists()
    words = (
        "votes.parquet",
        "--item",
        "id",
        "--worker",
        "model",
        "--vote",
        "label",
        "--out",
        "voted.parquet",
    )
    done = call(programs, tmp_path, "w2s", "trust", "votes", *words, "--method", "dawid-skene")
    assert done.returncode == 0, done.stderr


def test_the_doors_answer_from_the_wheel(root: Path, programs: Path, tmp_path: Path) -> None:
    done = call(programs, tmp_path, "python", str(root / "tests/meta/try_wheel.py"))
    assert done.returncode == 0, done.stderr
    assert "works on Python" in done.stdout


_LABELS = """
import numpy as np, pyarrow as pa, pyarrow.parquet as pq
rng = np.random.default_rng(0)
trust = rng.random(5_000, np.float32)
language = [("en", "de")[i % 3 == 0] for i in range(5_000)]
pq.write_table(pa.table({"id": np.arange(5_000), "trust": trust, "second": rng.random(5_000, np.float32),
    "language": language, "n_tokens": rng.integers(1, 90, 5_000), "correct": rng.random(5_000) < trust}),
    "labels.parquet", row_group_size=700)
pq.write_table(pa.table({"id": ["a", "a", "b"], "model": ["x", "y", "x"], "label": ["1", "1", "0"]}),
    "votes.parquet")
"""


def test_the_other_commands_answer_from_the_wheel(programs: Path, tmp_path: Path) -> None:
    assert "search" in call(programs, tmp_path, "w2s", "models").stdout
    facts = json.loads(call(programs, tmp_path, "w2s", "doctor", "--json").stdout)
    assert "chess" in facts["arenas"]
    assert str(tmp_path) not in facts["arenas"]
    for name in ("left", "right"):
        (tmp_path / f"{name}.jsonl").write_text('{"id": "a", "position": "startpos", "label": "e4"}\n')
    same = call(programs, tmp_path, "w2s", "agree", "--game", "chess", "left.jsonl", "right.jsonl")
    assert same.returncode == 0, same.stderr


@pytest.mark.parametrize(
    ("words", "extra"),
    [
        (
            "arena --game chess --teacher random --student random --pairs 1 --oracle syzygy:. --out run",
            "chess",
        ),
        ("arena --game chess --pairs 1 --out run", "models"),
        ("chain --rounds 1 --out run", "models"),
    ],
)
def test_a_missing_extra_is_named_with_its_install_line(
    programs: Path, tmp_path: Path, words: str, extra: str
) -> None:
    done = call(programs, tmp_path, "w2s", *words.split())
    assert done.returncode == 5, done.stderr
    said = done.stderr.splitlines()[-1]
    assert f"pip install 'w2s[{extra}]'" in said
    assert said.endswith(f"[missing-extra-{extra}]")
