"""The final tables of an arena: the decision of a test, the reference of ratings, labels without evidence."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from w2s.arena import ArenaProgress, ArenaSpec, run
from w2s.arena.spec import SprtConfig, Verification
from w2s.cli import arena_view
from w2s.cli.arena_view import View, standing_text


def standing(tmp_path: Path, players: dict[str, str], **changes: Any) -> tuple[dict[str, Any], str]:
    plain: dict[str, Any] = {"game": "connect_four", "pairs": 2, "verify": Verification(oracles=())}
    result = run(ArenaSpec(players=players, **{**plain, **changes}), tmp_path / "run")
    return result, standing_text(result, tmp_path)


def test_sequential_test_says_in_words_what_it_decided(tmp_path: Path) -> None:
    players = {"teacher": "random", "student": "search:depth=2"}
    result, text = standing(tmp_path, players, pairs=60, sprt=SprtConfig(elo0=0, elo1=150))
    assert result["ratings"]["with_forfeits"]["sprt"]["verdict"] == "H1"
    assert "H1 (student is 150 Elo above teacher) is accepted" in text


def test_open_sequential_test_is_not_decided(tmp_path: Path) -> None:
    players = {"teacher": "random", "student": "random"}
    _, text = standing(tmp_path, players, sprt=SprtConfig(elo0=0, elo1=5))
    assert "not decided; it needs more pairs" in text
    assert "continue" not in text


def test_field_ratings_name_their_reference_and_wide_intervals(tmp_path: Path) -> None:
    players = {"a": "random", "b": "search:depth=1", "c": "search:depth=2"}
    _, text = standing(tmp_path, players, tournament="round-robin")
    assert "Elo is relative to the mean of the players, which has 0" in text
    assert "some intervals are wider than 400 Elo" in text


def test_labels_without_log_prob_are_counted(tmp_path: Path) -> None:
    players = {"teacher": "random", "student": "random"}
    result, text = standing(tmp_path, players)
    assert result["without_log_prob"] == {"teacher": 0, "student": 0}
    assert "have no log_prob" not in text
    result["without_log_prob"]["teacher"] = 7
    assert "7 of " in standing_text(result, tmp_path)
    assert "labels by teacher have no log_prob" in standing_text(result, tmp_path)


@pytest.mark.parametrize(
    ("model", "hint"), [("openai:URL#m", "logprobs=true"), ("uci:stockfish", "MultiPV=3")]
)
def test_labels_without_log_prob_name_the_option_of_their_kind(tmp_path: Path, model: str, hint: str) -> None:
    result, _ = standing(tmp_path, {"teacher": "random", "student": "random"})
    result["without_log_prob"]["teacher"] = 7
    assert hint not in standing_text(result, tmp_path)
    result["players"]["teacher"] = model
    assert hint in standing_text(result, tmp_path)


@pytest.mark.parametrize("word", ["illegal", "unparsable"])
def test_illegal_and_unparsable_labels_have_columns_of_their_own(tmp_path: Path, word: str) -> None:
    _, text = standing(tmp_path, {"teacher": "random", "student": "random"})
    header = next(line for line in text.splitlines() if line.startswith("labels by"))
    assert word in header.split()


@pytest.mark.slow
def test_time_passes_on_the_screen_while_nothing_is_finished(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(arena_view, "_SECONDS_BETWEEN_LINES", 0.5)
    spec = ArenaSpec(game="othello", players={"teacher": "random", "student": "random"})
    view = View(spec, "w2s arena --resume x")
    with view:
        assert not view.has_started
        view.show(ArenaProgress("play", 0, 40, time.monotonic()))
        time.sleep(1.6)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "resume with: w2s arena --resume x"
    assert len(lines) > 2
    assert all(line.startswith("step play · games 0/40 · time ") for line in lines[1:])
