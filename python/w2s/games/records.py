"""Game records in files: Portable Game Notation, and the JSON lines of the arena.

Files are read game by game, so they may be larger than memory. Every move is checked by the rules.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from w2s import kernels
from w2s.errors import DataError
from w2s.games.pgn import PgnGame, split_pgn
from w2s.games.state import Game, State, game

_CHESS_VARIANTS = {"", "standard", "chess", "normal", "from position", "chess960", "fischerandom"}


@dataclass(frozen=True, slots=True)
class GameRecord:
    """One game of a file.

    Attributes:
        number: number of the game in the file, from 1.
        game: name of the game.
        start: the start position.
        moves: the moves in canonical form.
        result: ``1-0``, ``0-1``, ``1/2-1/2``, or ``*`` if unknown.
        headers: tag pairs of a PGN game, or the other fields of a JSON line, as text.
    """

    number: int
    game: str
    start: str
    moves: tuple[str, ...]
    result: str
    headers: dict[str, str] = field(default_factory=dict)


def read_games(path: str | Path) -> Iterator[GameRecord]:
    """The games of a ``.pgn`` file, or of a ``.jsonl`` file of the arena, one by one.

    Raises:
        DataError: the file cannot be read, has another ending, or a game is invalid.
    """
    suffix = Path(path).suffix.lower()
    if suffix == ".pgn":
        return read_pgn(path)
    if suffix == ".jsonl":
        return read_jsonl(path)
    raise DataError("game-file-format", f"{path}: games are read from .pgn and .jsonl files only")


def read_pgn(path: str | Path) -> Iterator[GameRecord]:
    """The chess games of a PGN file, one by one; Chess960 included.

    Comments, glyphs and variations are skipped. A line that is not UTF-8 is read as Latin-1. Moves may be in
    any notation that :meth:`w2s.games.State.read` accepts. A game without a result at its end has the result
    of its header.

    Raises:
        DataError: the file cannot be read, or a game is invalid; the message has its number and line.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from w2s.games.records import read_pgn
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder) / "mate.pgn"
        ...     _ = path.write_text('[White "A"] 1. f3 e5 {weak} 2. g4 (2. e4) Qh4# 0-1')
        ...     [(game.headers, game.moves, game.result) for game in read_pgn(path)]
        [({'White': 'A'}, ('f2f3', 'e7e5', 'g2g4', 'd8h4'), '0-1')]
    """
    rules = game("chess")
    for number, text in enumerate(split_pgn(path), 1):
        where = f"{path}, game {number}"
        state = _pgn_start(rules, text, where)
        start = state.position
        for move, line in text.moves:
            state = _played(state, move, f"{where}, line {line}")
        yield GameRecord(number, rules.name, start, tuple(state.moves()), text.result, text.headers)


def read_jsonl(path: str | Path) -> Iterator[GameRecord]:
    """The games of a file of JSON lines, each an object with ``game``, ``start``, ``moves`` and ``result``.

    Raises:
        DataError: the file cannot be read, or a line is not a game; the message has the line.
    """
    number = 0
    for line_number, line in enumerate(_lines(path), 1):
        if line.strip():
            number += 1
            yield _from_json(line, number, f"{path}, line {line_number}")


def _pgn_start(rules: Game, text: PgnGame, where: str) -> State:
    variant = text.headers.get("Variant", "")
    if variant.lower() not in _CHESS_VARIANTS:
        raise DataError(
            "pgn-unknown-variant", f"{where}: variant {variant[:40]!a} is neither chess nor Chess960"
        )
    return _start(rules, text.headers.get("FEN", "startpos"), where)


def _start(rules: Game, position: str, where: str) -> State:
    try:
        return rules.state(position)
    except DataError as error:
        raise DataError(error.code, f"{where}: {error}") from None


def _played(state: State, move: str, where: str) -> State:
    try:
        return state.play(move)
    except DataError as error:
        raise DataError(error.code, f"{where}: {error}") from None


def _lines(path: str | Path) -> Iterator[bytes]:
    try:
        with Path(path).open("rb") as file:
            yield from file
    except OSError as error:
        raise DataError("game-file-unreadable", f"cannot read {path}: {error.strerror or error}") from None


def _from_json(line: bytes, number: int, where: str) -> GameRecord:
    values = _object(line, where)
    rules, moves = game(values.pop("game")), values.pop("moves")
    state = _start(rules, values.pop("start"), where)
    start, result = state.position, values.pop("result")
    for move in moves:
        state = _played(state, move, where)
    headers = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
    return GameRecord(number, rules.name, start, tuple(state.moves()), result, headers)


def _object(line: bytes, where: str) -> dict[str, Any]:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        raise DataError("game-not-json", f"{where} is not a JSON object") from None
    if not isinstance(values, dict):
        raise DataError("game-not-json", f"{where} is not a JSON object")
    if values.get("game", "chess") not in kernels.game_names():
        raise DataError("game-unknown", f"{where}: no game is called {str(values['game'])[:40]!a}")
    wrong = [name for name in ("game", "start", "result") if not isinstance(values.get(name), str)]
    moves = values.get("moves")
    if not isinstance(moves, list) or not all(isinstance(move, str) for move in moves):
        wrong.append("moves")
    if wrong:
        raise DataError(
            "game-record-incomplete",
            f"{where} is not a game: {', '.join(wrong)} missing or of the wrong type",
        )
    return values
