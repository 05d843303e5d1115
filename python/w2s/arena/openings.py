"""Openings: where matches start, read from a file with one opening a line.

Knows nothing about schedules. A line of a ``.txt`` file is a name, a colon and moves, or only moves; a line
of an ``.epd`` or ``.fen`` file is a position, named by its ``id`` where it has one; a ``.pgn`` file gives the
first moves of its games. Lines that are empty or begin with ``#`` are skipped.
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
    found = _from_pgn(path, game_name) if path.suffix.lower() == ".pgn" else _from_lines(path)
    openings = [_checked(opening, game_name, f"{path}, {where}") for where, opening in found]
    if not openings:
        raise DataError("arena-openings-empty", f"{path} contains no opening")
    return openings


def _find(file: str) -> Path:
    for path in (Path(file), arenas_folder() / file):
        if path.is_file():
            return path
    raise UsageError(
        "arena-openings-missing",
        f"openings file {file} not found in the working directory or in {arenas_folder()}",
    )


def _from_lines(path: Path) -> Iterable[tuple[str, Opening]]:
    read = _from_position if path.suffix.lower() in {".epd", ".fen"} else _from_moves
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise DataError("arena-openings-not-utf8", f"{path} is not a UTF-8 text file") from None
    except OSError as error:
        raise UsageError(
            "arena-openings-unreadable", f"cannot read {path}: {error.strerror or error}"
        ) from None
    for number, raw in enumerate(lines, 1):
        line = raw.strip()
        if line and not line.startswith("#"):
            yield f"line {number}", read(line, f"line {number}")


def _from_moves(line: str, where: str) -> Opening:
    name, _, moves = line.rpartition(":")
    return Opening(name.strip() or where, "startpos", tuple(moves.split()))


def _from_position(line: str, where: str) -> Opening:
    fields = line.split()
    clocks = len(fields) >= 6 and all(re.fullmatch(r"\d+", field) for field in fields[4:6])
    name = _ID.search(line)
    return Opening(name[1] if name else where, " ".join(fields[:6] if clocks else fields[:4]))


def _from_pgn(path: Path, game_name: str) -> Iterable[tuple[str, Opening]]:
    if game_name != "chess":
        raise UsageError(
            "arena-openings-not-chess",
            f"{path} contains chess games; for {game_name} use .txt moves or .fen positions",
        )
    for record in read_pgn(path):
        where = f"game {record.number}"
        name = record.headers.get("Opening", where)
        yield where, Opening(name, record.start, record.moves[:_PGN_PLIES])


def _checked(opening: Opening, game_name: str, where: str) -> Opening:
    try:
        state = opening.state(game_name)
    except DataError as error:
        raise DataError("arena-opening-invalid", f"{where}: {error}") from None
    if state.outcome() is not None:
        raise DataError(
            "arena-opening-finished", f"{where}: the game is already over after this opening; remove it"
        )
    return Opening(opening.name, state.start_position, tuple(state.moves()))
