"""The commands of the README run as they stand, only smaller."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).resolve().parents[2]
FENCES = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def fences(language: str) -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return [body for found, body in FENCES.findall(text) if found == language]


def commands() -> list[list[str]]:
    """Every ``w2s`` command line, comments dropped and continued lines joined."""
    lines = "\n".join(fences("sh")).replace("\\\n", " ").splitlines()
    words = [shlex.split(line, comments=True) for line in lines]
    return [command for command in words if command[:1] == ["w2s"]]


def smaller(command: list[str], data: Path) -> list[str]:
    """The same command with few games, few verified positions and folders that exist."""
    shrunk = [word.replace("syzygy:DIR", f"syzygy:{data / 'syzygy-3-4'}") for word in command]
    shrunk = [word.replace("nodes=100000", "nodes=1000") for word in shrunk]
    shrunk = [{"LEFT": "left.jsonl", "RIGHT": "right.jsonl"}.get(word, word) for word in shrunk]
    if command[1] == "arena":
        if "--pairs" in shrunk:
            shrunk[shrunk.index("--pairs") + 1] = "1"
        else:
            shrunk += ["--pairs", "1"]
        shrunk += ["--verify-share", "0.1"]
    return shrunk


def write_inputs(folder: Path) -> None:
    """The files that the commands name."""
    (folder / "left.jsonl").write_text('{"id": "a", "position": "startpos", "label": "e4"}\n')
    (folder / "right.jsonl").write_text('{"id": "a", "position": "startpos", "label": "e2e4"}\n')
    rng = np.random.default_rng(0)
    trust, language = rng.random(3_000), ["en", "de", "fr"] * 1_000
    labels = {"id": np.arange(3_000), "trust": trust, "correct": rng.random(3_000) < trust**0.01}
    pq.write_table(pa.table(labels), folder / "labels.parquet")
    (folder / "scores").mkdir()
    scores = {"a": trust, "b": rng.random(3_000), "language": language}
    pq.write_table(pa.table(scores), folder / "scores" / "first.parquet")
    (folder / "shards").mkdir()
    lines = "".join(f'{{"id": {i}, "trust": {score}}}\n' for i, score in enumerate(trust))
    with pa.CompressedOutputStream(folder / "shards" / "first.jsonl.zst", "zstd") as shard:
        shard.write(lines.encode())
    votes = {"id": ["a", "a", "b"], "model": ["x", "y", "x"], "label": ["1", "1", "0"]}
    pq.write_table(pa.table(votes), folder / "votes.parquet")


def test_the_readme_has_commands_of_every_kind() -> None:
    kinds = {command[1] for command in commands()}
    assert kinds >= {"filter", "trust", "arena", "agree", "models", "doctor"}


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.engine
def test_the_commands_of_the_readme_run(tmp_path: Path, data: Path) -> None:
    write_inputs(tmp_path)
    w2s = Path(sys.executable).with_name("w2s")
    for command in commands():
        words = [str(w2s), *smaller(command, data)[1:]]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (command, done.stderr)
        assert done.stdout.strip()


@pytest.mark.slow
def test_the_python_of_the_readme_runs(tmp_path: Path) -> None:
    code = fences("python")
    assert code
    for body in code:
        done = subprocess.run(
            [sys.executable, "-c", body], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_the_tree_of_the_readme_is_true() -> None:
    tree = next(body for body in fences("") if "rust/w2s-core/" in body)
    names = [line.split()[0] for line in tree.splitlines() if line.strip()]
    assert len(names) > 15
    assert [name for name in names if not (ROOT / name).exists()] == []
