"""Games of a PGN database as examples: every position, with the move that was played as its gold.

Knows nothing about who played well: ``difficulty`` stays unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from w2s.games import game
from w2s.games.records import GameRecord, read_pgn
from w2s.tasks.move import MoveExample


def read_moves(path: Path) -> Iterator[MoveExample]:
    """One example for every move of every game, the earlier moves in its state's history.

    The id is the name of the file, the number of the game and the ply, both from 1; ``group`` is the game.

    Raises:
        DataError: the file cannot be read, or a game is broken: its number and line are named.
    """
    for record in read_pgn(path):
        yield from _examples(record, f"{path.stem}-{record.number}")


def _examples(record: GameRecord, name: str) -> Iterator[MoveExample]:
    state = game(record.game).state(record.start)
    for ply, move in enumerate(record.moves, 1):
        yield MoveExample(f"{name}-{ply}", state, gold=(move,), group=name)
        state = state.play(move)
