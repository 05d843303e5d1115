"""Games in PGN as examples: every position, with the move that was played as its gold.

This is one of the formats of :mod:`w2s.tasks.move_dataset`, each in its own module.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from w2s.games import game
from w2s.games.records import GameRecord, read_pgn
from w2s.tasks.move import MoveExample


def read_pgn_moves(path: Path) -> Iterator[MoveExample]:
    """One example per move of every game; the earlier moves are the history of its state.

    The id is the file name, the game number and the ply, both from 1; ``group`` is the game.

    Raises:
        DataError: the file cannot be read, or a game is invalid; the message has its number and line.
    """
    for record in read_pgn(path):
        yield from _examples(record, f"{path.stem}-{record.number}")


def _examples(record: GameRecord, name: str) -> Iterator[MoveExample]:
    state = game(record.game).state(record.start)
    for ply, move in enumerate(record.moves, 1):
        yield MoveExample(f"{name}-{ply}", state, gold=(move,), group=name)
        state = state.play(move)
