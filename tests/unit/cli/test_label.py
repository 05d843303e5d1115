"""What ``w2s label`` says at its end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from w2s.cli.app import run

PUZZLES = """\
PuzzleId,FEN,Moves,Rating
a,7k/5ppp/8/8/8/8/8/R3K3 b - - 0 1,h8g8 a1a8,600
b,6k1/5ppp/8/8/8/8/1q6/R3K3 b - - 0 1,b2b7 a1a7,1200
"""


def test_summary_says_what_right_means(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("puzzles.csv").write_text(PUZZLES)
    assert run(["label", "puzzles.csv", "--model", "search:depth=2", "--out", "labels.parquet"]) == 0
    said = capsys.readouterr().out
    assert "1 of 2 are right: the label is the known answer" in said
    assert "log_prob" not in said


def test_right_is_the_move_that_was_played_in_a_file_of_games(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("games.pgn").write_text('[Result "0-1"]\n\n1. f3 e5 2. g4 Qh4# 0-1\n')
    words = ["label", "games.pgn", "--model", "search:depth=2", "--out", "labels.parquet"]
    assert run([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["known"], found["right_is"]) == (4, "the move that was played")
