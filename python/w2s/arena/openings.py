"""Openings: the positions from which matches start, read from a file with one opening per line.

A line of a ``.txt`` file is a name, a colon and moves, or only moves. A line of an ``.epd`` or ``.fen`` file
is a position, named by its ``id`` if it has one. A ``.pgn`` file gives the first 16 plies of its games. Empty
lines and lines that begin with ``#`` are skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from w2s.assets import arenas_folder
from w2s.errors import DataError, UsageError
from w2s.games import State, game
from w2s.games.records import read_pgn

_PGN_PLIES = 16
_ID = re.compile(r'\bid\s+"([^"]*)"')


@dataclass(frozen=True, slots=True)
class Opening:
    """A position and the moves from it after which the players take over."""

    name: str
    start: str
    moves: tuple[str, ...] = ()

    def state(self, game_name: str) -> State:
        """The state after the opening."""
        return game(game_name).state(self.start, self.moves)


def read_openings(file: str | None, game_name: str) -> list[Opening]:
    """The openings of a file, each of them legal and unfinished.

    Args:
        file: path of the file, relative to the working directory or to the bundled ``arenas/``; None for the
            starting position alone.
        game_name: name of the game.

    Raises:
        UsageError: the file is missing or of the wrong kind for the game.
        DataError: a line is not an opening; the message gives the number of the line.
    """
    if file is None:
        return [Opening("start", "startpos")]
    path = _find_file(file)
    found = _read_pgn(path, game_name) if path.suffix.lower() == ".pgn" else _read_lines(path)
    openings = [_validated(opening, game_name, f"{path}, {where}") for where, opening in found]
    if not openings:
        raise DataError("arena-openings-empty", f"{path} contains no opening; write one per line")
    return openings


def _find_file(file: str) -> Path:
    for path in (Path(file), arenas_folder() / file):
        if path.is_file():
            return path
    raise UsageError(
        "arena-openings-missing",
        f"openings file {file} not found in the working directory or in {arenas_folder()}; check its path",
    )


def _read_lines(path: Path) -> Iterable[tuple[str, Opening]]:
    parse = _parse_position if path.suffix.lower() in {".epd", ".fen"} else _parse_moves
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise DataError("arena-openings-not-utf8", f"{path} is not text in UTF-8; save it as UTF-8") from None
    except OSError as error:
        raise UsageError(
            "arena-openings-unreadable", f"cannot read {path}: {error.strerror or error}"
        ) from None
    for number, raw in enumerate(lines, 1):
        line = raw.strip()
        if line and not line.startswith("#"):
            yield f"line {number}", parse(line, f"line {number}")


def _parse_moves(line: str, where: str) -> Opening:
    name, _, moves = line.rpartition(":")
    return Opening(name.strip() or where, "startpos", tuple(moves.split()))


def _parse_position(line: str, where: str) -> Opening:
    fields = line.split()
    clocks = len(fields) >= 6 and all(re.fullmatch(r"\d+", field) for field in fields[4:6])
    name = _ID.search(line)
    return Opening(name[1] if name else where, " ".join(fields[:6] if clocks else fields[:4]))


def _read_pgn(path: Path, game_name: str) -> Iterable[tuple[str, Opening]]:
    if game_name != "chess":
        raise UsageError(
            "arena-openings-not-chess",
            f"{path} contains chess games; for {game_name} use .txt moves or .fen positions",
        )
    for record in read_pgn(path):
        where = f"game {record.number}"
        name = record.headers.get("Opening", where)
        yield where, Opening(name, record.start, record.moves[:_PGN_PLIES])


def _validated(opening: Opening, game_name: str, where: str) -> Opening:
    try:
        state = opening.state(game_name)
    except DataError as error:
        raise DataError("arena-opening-invalid", f"{where}: {error}") from None
    if state.outcome() is not None:
        raise DataError(
            "arena-opening-finished", f"{where}: the game is already over after this opening; remove it"
        )
    return Opening(opening.name, state.start_position, tuple(state.moves()))
