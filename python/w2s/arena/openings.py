"""Openings: where matches start, read from a file with one opening a line.

Knows nothing about schedules. A line of a ``.txt`` file is a name, a colon and moves, or only moves; a line
of an ``.epd`` or ``.fen`` file is a position; a ``.pgn`` file gives the first moves of its games.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from w2s.arena.places import arenas_folder
from w2s.errors import DataError, UsageError, W2sError
from w2s.games import State, game
from w2s.games.records import read_pgn

_PGN_PLIES = 16


@dataclass(frozen=True, slots=True)
class Opening:
    """A position and the moves that are played from it before the players take over."""

    name: str
    start: str
    moves: tuple[str, ...] = ()

    def state(self, game_name: str) -> State:
        """The state in which the players take over."""
        return game(game_name).state(self.start, self.moves)


def read_openings(file: str | None, game_name: str) -> list[Opening]:
    """The openings of a file, each checked to be legal and unfinished; without a file, the start.

    A relative name is looked up in the working directory, then in the bundled ``arenas/``.

    Raises:
        UsageError: there is no such file.
        DataError: a line is not an opening; the message has the line's number.
    """
    if file is None:
        return [Opening("start", "startpos")]
    path = _find(file)
    if path.suffix == ".pgn":
        lines: Iterable[tuple[int, Opening]] = enumerate(_from_pgn(path), 1)
    else:
        lines = _from_lines(path, positions=path.suffix in {".epd", ".fen"})
    openings = [_checked(opening, game_name, path, number) for number, opening in lines]
    if not openings:
        raise DataError(f"{path} holds no opening")
    return openings


def _find(file: str) -> Path:
    for path in (Path(file), arenas_folder() / file):
        if path.is_file():
            return path
    raise UsageError(f"no openings file {file}; looked in the working directory and in {arenas_folder()}")


def _from_lines(path: Path, *, positions: bool) -> Iterable[tuple[int, Opening]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise DataError(f"{path} is not a text file in UTF-8") from None
    for number, raw in enumerate(lines, 1):
        line = raw.strip()
        if line and not line.startswith("#"):
            yield number, _from_position(line, number) if positions else _from_moves(line, number)


def _from_moves(line: str, number: int) -> Opening:
    name, colon, moves = line.partition(":")
    return Opening(name.strip() if colon else f"line {number}", "startpos", tuple((moves or name).split()))


def _from_position(line: str, number: int) -> Opening:
    fields = line.split()
    clocks = len(fields) >= 6 and all(re.fullmatch(r"\d+", field) for field in fields[4:6])
    return Opening(f"line {number}", " ".join(fields[:6] if clocks else fields[:4]))


def _from_pgn(path: Path) -> Iterable[Opening]:
    for record in read_pgn(path):
        yield Opening(record.headers.get("Opening", f"game {record.number}"), record.start, record.moves[:_PGN_PLIES])


def _checked(opening: Opening, game_name: str, path: Path, number: int) -> Opening:
    try:
        state = opening.state(game_name)
    except W2sError as error:
        raise DataError(f"{path}, line {number}: {error}") from None
    if state.outcome() is not None:
        raise DataError(f"{path}, line {number}: the game is over where the players should take over")
    return Opening(opening.name, state.start_position, tuple(state.moves()))
