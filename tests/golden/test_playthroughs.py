"""Golden playthroughs: rules, keys and notation are what they were, byte by byte."""

from __future__ import annotations

import pytest

from tests.golden.playthroughs import PLAYTHROUGHS, written
from tests.golden.write import FOLDER, path_of
from w2s.kernels import game_names

# What the files have to show, so that a playthrough cannot lose its point unseen.
SHOWN = {
    "chess": [
        "· O-O ·",
        "· O-O-O ·",
        "plays d1g1 · O-O",  # Chess960
        "plays e5d6 · exd6 · e5xd6",  # en passant
        "=Q+",
        "=N",
        "wins, mate",
        "a draw, stalemate",
        "a draw, repetition",
        "a draw, fifty-move",
        "a draw, insufficient material",
        "by itself: goes on",
    ],
    "connect_four": ["player 0 wins, line", "player 1 wins, line", "a draw, board full"],
    "othello": ["plays pass", "no moves\nas match", "wins, board full", "wins, no moves"],
}


def test_every_game_is_played_through_and_nothing_else() -> None:
    assert sorted(PLAYTHROUGHS) == sorted(game_names()) == sorted(SHOWN)
    assert sorted(path.stem for path in FOLDER.glob("*.txt")) == sorted(PLAYTHROUGHS)


@pytest.mark.parametrize("name", PLAYTHROUGHS)
def test_playthroughs_are_what_they_were(name: str) -> None:
    golden = path_of(name).read_bytes()
    assert written(name).encode() == golden, (
        "if this is meant: python -m tests.golden.write, and read the diff"
    )


@pytest.mark.parametrize("name", PLAYTHROUGHS)
def test_playthroughs_show_what_they_are_for(name: str) -> None:
    text = path_of(name).read_text(encoding="utf-8")
    assert not [what for what in SHOWN[name] if what not in text]
