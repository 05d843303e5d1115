"""A run that is killed, interrupted or widened ends with the same bytes as one that was not."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.doubles.signals import hears_ctrl_c

W2S = Path(sys.executable).with_name("w2s")
SETTING = """
game = "othello"
pairs = 4

[players]
teacher = "search:depth=1&noise_cp=200"
student = "search:depth=3&noise_cp=50"

[openings]
file = "openings/othello.txt"

[verify]
oracles = ["exact:nodes=3000", "search:depth=4"]
share = 0.5
"""
KILLS = 20


def start(setting: Path, out: Path, *options: str) -> subprocess.Popen[str]:
    words = [W2S, "arena", setting, "--out", out, *options]
    return subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=hears_ctrl_c
    )


def finish(setting: Path, out: Path, *options: str) -> tuple[bytes, bytes]:
    run = start(setting, out, *options)
    _, complaints = run.communicate()
    assert run.returncode == 0, complaints
    return (out / "labels.parquet").read_bytes(), (out / "games.jsonl").read_bytes()


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("setting") / "arena.toml"
    path.write_text(SETTING, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def whole(setting: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[tuple[bytes, bytes], float]:
    """The files of a run that nobody disturbed, and how long it took."""
    began = time.monotonic()
    files = finish(setting, tmp_path_factory.mktemp("whole"))
    return files, time.monotonic() - began


@pytest.mark.slow
def test_killed_and_resumed_run_ends_with_same_bytes(
    setting: Path, whole: tuple[tuple[bytes, bytes], float], tmp_path: Path
) -> None:
    files, seconds = whole
    draw = random.Random(17)
    for number in range(KILLS):
        out = tmp_path / str(number)
        run = start(setting, out)
        moment = draw.uniform(0, seconds)
        time.sleep(moment)
        run.send_signal(signal.SIGKILL)
        run.communicate()
        assert finish(setting, out) == files, f"killed after {moment:.3f} s"


@pytest.mark.slow
def test_ctrl_c_prints_the_resume_command(
    setting: Path, whole: tuple[tuple[bytes, bytes], float], tmp_path: Path
) -> None:
    out = tmp_path / "run"
    run = start(setting, out)
    while not (out / "journal.jsonl").exists() or not (out / "journal.jsonl").stat().st_size:
        time.sleep(0.01)
    run.send_signal(signal.SIGINT)
    _, said = run.communicate()
    if run.returncode == 0:
        pytest.skip("the run was over before Ctrl-C reached it")
    assert run.returncode == 130
    assert "Traceback" not in said
    line = next(line for line in said.splitlines() if "finished games are kept" in line)
    words = line.split("resume with: ")[1].split()
    assert subprocess.run([W2S, *words[1:]], capture_output=True, check=False).returncode == 0
    assert ((out / "labels.parquet").read_bytes(), (out / "games.jsonl").read_bytes()) == whole[0]


@pytest.mark.slow
def test_complete_run_is_only_read(
    setting: Path, whole: tuple[tuple[bytes, bytes], float], tmp_path: Path
) -> None:
    out = tmp_path / "run"
    assert finish(setting, out, "--concurrency", "2") == whole[0]
    before = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    run = start(setting, out)
    _, said = run.communicate()
    assert run.returncode == 0
    assert "is complete; nothing to do" in said
    assert {path.name: path.stat().st_mtime_ns for path in out.iterdir()} == before


@pytest.mark.slow
def test_other_seed_plays_other_games(
    setting: Path, whole: tuple[tuple[bytes, bytes], float], tmp_path: Path
) -> None:
    other = finish(setting, tmp_path / "run", "--seed", "1")
    assert other[1] != whole[0][1]


def test_other_configuration_in_same_folder_is_refused(setting: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    finish(
        setting,
        out,
        "--pairs",
        "1",
        "--teacher",
        "random",
        "--student",
        "random",
        "--oracle",
        "search:depth=1",
    )
    run = start(setting, out, "--pairs", "2", "--teacher", "random", "--student", "random")
    _, said = run.communicate()
    assert run.returncode == 2
    assert "pairs (1 → 2)" in said.splitlines()[-1] or "pairs (1 → 2)" in said
    assert "name another --out" in said
