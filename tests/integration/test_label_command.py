"""``w2s label`` and ``w2s eval`` as commands: files, output, refusals, and a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from w2s.cli.app import run
from w2s.cli.label import _states

PUZZLES = """\
PuzzleId,FEN,Moves,Rating
a,7k/5ppp/8/8/8/8/8/R3K3 b - - 0 1,h8g8 a1a8,600
b,6k1/5ppp/8/8/8/8/1q6/R3K3 b - - 0 1,b2b7 a1a7,1200
c,6k1/5ppp/8/8/8/8/8/RR2K3 b - - 0 1,h7h6 a1a8,700
"""


@pytest.fixture
def puzzles(tmp_path: Path) -> Path:
    path = tmp_path / "puzzles.csv"
    path.write_text(PUZZLES, encoding="utf-8")
    return path


def test_labels_are_written_with_their_correctness(puzzles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = puzzles.with_name("labels.parquet")
    command = ["label", str(puzzles), "--model", "search:depth=2", "--oracle", "search:depth=1"]
    assert run([*command, "--out", str(out), "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    rows = pq.read_table(out).to_pylist()
    assert summary["labels"] == len(rows) == 3
    assert summary["correct"] == sum(row["correct"] for row in rows)
    assert rows[0]["label"] == "a1a8"
    assert rows[0]["search_depth1_regret_cp"] == 0
    assert [row["difficulty"] for row in rows] == [600, 1200, 700]
    assert run([*command, "--out", str(out)]) == 0
    assert "nothing was done" in capsys.readouterr().err
    assert run([*command, "--seed", "1", "--out", str(out)]) == 2
    assert "--overwrite" in capsys.readouterr().err


def test_a_missing_folder_is_created(puzzles: Path, tmp_path: Path) -> None:
    out = tmp_path / "runs" / "a" / "labels.parquet"
    assert run(["label", str(puzzles), "--model", "random", "--out", str(out)]) == 0
    assert [path.name for path in out.parent.iterdir()] == ["labels.parquet"]


def test_a_changed_prompt_is_another_labelling(tmp_path: Path) -> None:
    prompt, model = tmp_path / "p.jinja", "openai:http://127.0.0.1:9/v1#small?prompt={}"
    prompt.write_text("{{ question }}\n---\n{{ label }}", encoding="utf-8")
    before = _states([model.format(prompt), None])
    assert list(before) == [str(prompt)]
    prompt.write_text("Say: {{ question }}\n---\n{{ label }}", encoding="utf-8")
    assert _states([model.format(prompt), None]) != before
    (tmp_path / "reward").mkdir()
    (tmp_path / "reward" / "config.json").write_text("{}", encoding="utf-8")
    assert list(_states([None, f"hf:{tmp_path / 'reward'}"])) == [str(tmp_path / "reward")]


def test_vectors_of_another_table_are_not_replaced(puzzles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    vectors = puzzles.with_name("hidden.parquet")
    puzzles.with_name("others.parquet").write_bytes(b"a table")
    vectors.write_bytes(b"its vectors")
    command = ["label", str(puzzles), "--model", "search:depth=1", "--overwrite"]
    assert run([*command, "--out", str(puzzles.with_name("labels.parquet"))]) == 2
    assert "hidden.parquet belongs to others.parquet" in capsys.readouterr().err
    assert vectors.read_bytes() == b"its vectors"


def test_eval_prints_accuracies_and_their_difference(
    puzzles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["eval", str(puzzles), "--model", "search:depth=2", "--model", "random"]
    assert run(command) == 0
    text = capsys.readouterr().out
    assert "random − search:depth=2" in text
    assert run([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["examples"] == 3
    first, second = (model["accuracy"]["value"] for model in found["models"])
    assert found["differences"][0]["difference"]["value"] == pytest.approx(second - first)


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--model", "random", "--hidden"], 2, "random has no hidden states"),
        (["--model", "random", "--evidence", "dreams"], 2, "[evidence-unknown]"),
        (["--model", "random", "--evidence", "hidden:3"], 2, "[evidence-bad-number]"),
        (["--model", "random", "--reward", "hf:x"], 2, "[label-reward-without-evidence]"),
        (["--model", "random", "--evidence", "samples:2,samples:4"], 2, "[evidence-repeated]"),
        (["--model", "random", "--out", "/proc/nothing/labels.parquet"], 1, "cannot write /proc"),
        (["--model", "random", "--student", "random"], 2, "random cannot judge labels"),
        (["--model", "nothing"], 2, "names no model"),
        (["--model", "random", "--bad-rows", "perhaps"], 2, "--bad-rows"),
        (["--model", "random", "--out", "labels.csv"], 2, "end the name in .parquet"),
        (["--model", "random", "--out", "{puzzles}/a/labels.parquet"], 2, "is not a folder, so"),
        (["--model", "random", "--game", "othello"], 2, "of a format of chess"),
    ],
)
def test_invalid_options_are_refused_in_one_line(
    puzzles: Path, capsys: pytest.CaptureFixture[str], options: list[str], code: int, message: str
) -> None:
    before = set(puzzles.parent.iterdir())
    out = [] if "--out" in options else ["--out", str(puzzles.with_name("labels.parquet"))]
    given = [option.format(puzzles=puzzles) for option in options]
    assert run(["label", str(puzzles), *given, *out]) == code
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1
    assert set(puzzles.parent.iterdir()) == before


def test_bad_rows_are_an_error_or_skipped_and_counted(
    puzzles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with puzzles.open("a", encoding="utf-8") as file:
        file.write("d,8/8/8 w,h8g8 a1a8,600\n")
    command = ["eval", str(puzzles), "--model", "random"]
    assert run(command) == 3
    assert "line 5" in capsys.readouterr().err
    assert run([*command, "--bad-rows", "skip"]) == 0
    assert "1 rows skipped" in capsys.readouterr().err


@pytest.mark.data
@pytest.mark.slow
def test_a_killed_labelling_ends_with_the_same_bytes(data: Path, tmp_path: Path) -> None:
    source = data / "lichess-puzzles-10k" / "lichess_puzzles.csv"
    files = [tmp_path / name / "labels.parquet" for name in ("whole", "killed")]
    for file in files:
        file.parent.mkdir()
    arguments = ["label", str(source), "--model", "search:depth=1&noise_cp=30", "--limit", "2500", "--out"]
    command = [sys.executable, "-c", "from w2s.cli.app import main; main()", *arguments]
    subprocess.run([*command, str(files[0])], check=True)
    process = subprocess.Popen([*command, str(files[1])])
    deadline = time.monotonic() + 60
    while not list(files[1].parent.glob(".labels.parquet.*/000001/labels.parquet")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not files[1].exists()
    subprocess.run([*command, str(files[1])], check=True)
    assert files[0].read_bytes() == files[1].read_bytes()
