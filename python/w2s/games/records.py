"""Game records: files in PGN and the JSON lines of the arena, and the first difference of two records.

Files are read game by game, so they may be larger than memory. Every move is checked by the rules.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal

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
        known = ", ".join(kernels.game_names())
        raise DataError(
            "game-unknown",
            f"{where}: no game is called {str(values['game'])[:40]!a}; the games are: {known}",
        )
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


# The first difference of two records ----------------------------------------------------------------------


Why = Literal["start", "move", "length", "unreadable"]
"""Different start positions, different moves, one record is longer, or a move is not legal there."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first difference between two records.

    Attributes:
        ply: number of moves that both have in common.
        why: the kind of difference.
        left: the move of the left record, canonical if it is legal; None if the record has ended; the start
            position if the starts differ.
        right: the same for the right record.
        meets: plies, left and right, at which the games next reach the same position, clocks ignored; None
            if they never do.
    """

    ply: int
    why: Why
    left: str | None
    right: str | None
    meets: tuple[int, int] | None = None

    def __str__(self) -> str:
        """The difference in one line."""
        again = f"; they meet again at plies {self.meets[0]} and {self.meets[1]}" if self.meets else ""
        if self.why == "start":
            return f"they start from different positions{again}"
        left, right = (self._shown(text) for text in (self.left, self.right))
        return f"ply {self.ply + 1}: {left} against {right}{again}"

    @staticmethod
    def _shown(text: str | None) -> str:
        return "the end" if text is None else text if text.isascii() and len(text) < 12 else ascii(text[:40])


def diverge(
    name: str,
    left: Sequence[str],
    right: Sequence[str],
    *,
    left_start: str = "startpos",
    right_start: str = "startpos",
) -> Divergence | None:
    """The first ply at which two records of a game differ; None if they are the same game.

    Args:
        name: name of the game.
        left: moves of the first record, in any notation.
        right: moves of the second record.
        left_start: start position of the first record.
        right_start: start position of the second record.

    Raises:
        UsageError: there is no such game.
        DataError: a start position cannot be read.

    Example:
        >>> from w2s.games.records import diverge
        >>> found = diverge("chess", ["d4", "d5", "c4"], ["d2d4", "Nf6", "c4", "d5"])
        >>> (found.ply, found.why, found.left, found.right)
        (1, 'move', 'd7d5', 'g8f6')
        >>> diverge("chess", ["Nf3"], ["g1f3"]) is None
        True
    """
    rules = game(name)
    state, other = rules.state(left_start), rules.state(right_start)
    if state.position != other.position:
        meets = _meeting(list(_states(state, left)), list(_states(other, right)))
        return Divergence(0, "start", state.position, other.position, meets)
    for ply, (ours, theirs) in enumerate(zip_longest(left, right)):
        move, against = _read_move(state, ours), _read_move(state, theirs)
        if move is None or move != against:
            meets = _meeting(list(_states(state, left[ply:])), list(_states(state, right[ply:])))
            return Divergence(
                ply, _difference_kind((ours, move), (theirs, against)), move or ours, against or theirs, meets
            )
        state = state.play(move)
    return None


def _read_move(state: State, text: str | None) -> str | None:
    return None if text is None else state.read(text)[0]


def _difference_kind(*sides: tuple[str | None, str | None]) -> Why:
    if any(text is not None and move is None for text, move in sides):
        return "unreadable"
    return "length" if any(text is None for text, _ in sides) else "move"


def _states(state: State, moves: Sequence[str]) -> Iterator[State]:
    """The states of a record from ``state`` on, as far as its moves are legal."""
    yield state
    for text in moves:
        move = _read_move(state, text)
        if move is None:
            return
        state = state.play(move)
        yield state


def _meeting(left: Sequence[State], right: Sequence[State]) -> tuple[int, int] | None:
    """The first plies, after the start of the lines, at which both have the same key."""
    common = left[0].key == right[0].key and left[0].position == right[0].position
    skip = 1 if common else 0
    first: dict[int, int] = {}
    for state in right[skip:]:
        first.setdefault(state.key, state.ply)
    return next(((state.ply, first[state.key]) for state in left[skip:] if state.key in first), None)
