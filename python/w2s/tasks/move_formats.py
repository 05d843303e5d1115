"""Positions and games in text formats as examples of moves: EPD and FEN, Lichess puzzles, and PGN."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from w2s.errors import DataError
from w2s.games import Game, State, game
from w2s.games.records import GameRecord, read_pgn
from w2s.tasks.move import MoveExample
from w2s.tasks.rows import OnBadRow, located

# Extended Position Description ----------------------------------------------------------------------------


_OPERATION = re.compile(r'\s*([A-Za-z]\w*)\s*((?:"[^"]*"|[^;"])*)(?:;|$)')


def read_epd(path: Path, rules: str, on_bad_row: OnBadRow) -> Iterator[MoveExample]:
    """The positions of a file; a line without ``bm`` or ``am`` has no gold.

    The id is the operation ``id`` if no earlier line has the same, else the file name and the line number.
    ``group`` is None, because a suite does not say which game a position is from. The operations are those of
    the PGN standard of 1994. Grades follow the Strategic Test Suite: ``c9`` lists moves, ``c8`` the score of
    each.

    Raises:
        DataError: the file cannot be read.
    """
    names: set[str] = set()
    for number, line in _epd_lines(path):
        try:
            example = _epd_example(game(rules), line, f"{path.stem}-{number}", names)
        except DataError as error:
            on_bad_row(located(f"{path}, line {number}", error))
            continue
        names.add(example.id)
        yield example


def _epd_lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if line.strip() and not line.startswith("#"):
                    yield number, line.strip()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError("task-file-unreadable", f"cannot read {path}: {error}") from None


def _epd_example(rules: Game, line: str, name: str, taken: set[str]) -> MoveExample:
    position, operations = _split_epd(rules.name, line)
    state = rules.state(position)
    own_id = operations.get("id", "").strip('"')
    best = _moves(state, operations.get("bm", ""))
    avoid = _moves(state, operations.get("am", ""))
    if avoid and not best:
        best = tuple(move for move in state.legal_moves() if move not in avoid)
    return MoveExample(
        own_id if own_id and own_id not in taken else name,
        state,
        gold=best,
        grades=_grades(state, operations),
    )


def _split_epd(rules: str, line: str) -> tuple[str, dict[str, str]]:
    """The position, with its clocks if they are plain numbers, and the operations by name."""
    if rules != "chess":
        position, _, rest = line.partition(";")
    else:
        fields = line.split(maxsplit=6)
        clocks = len(fields) >= 6 and fields[4].isdecimal() and fields[5].isdecimal()
        wanted = 6 if clocks else 4
        position, rest = " ".join(fields[:wanted]), " ".join(line.split(maxsplit=wanted)[wanted:])
    return position.strip(), {found[1]: found[2].strip() for found in _OPERATION.finditer(rest)}


def _moves(state: State, text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_move(state, word) for word in text.split()))


def _move(state: State, word: str) -> str:
    move, why = state.read(word)
    if move is None:
        raise DataError("game-illegal-move", f"{word[:20]!r} is {why} in {state.position}")
    return move


def _grades(state: State, operations: dict[str, str]) -> tuple[tuple[str, float], ...]:
    """The scores in ``c8`` of the moves in ``c9``, divided by the largest score of the line."""
    scores, moves = (operations.get(name, "").strip('"').split() for name in ("c8", "c9"))
    if not scores and not moves:
        return ()
    if len(scores) != len(moves):
        raise DataError("task-epd-scores", f"c8 has {len(scores)} scores, but c9 has {len(moves)} moves")
    try:
        values = [float(score) for score in scores]
    except ValueError:
        raise DataError("task-epd-scores", "c8 contains a score that is not a number") from None
    most = max(values)
    if not (most > 0 and min(values) >= 0):
        raise DataError(
            "task-epd-scores", "the scores in c8 must not be negative, and the largest must be above 0"
        )
    return tuple((_move(state, move), value / most) for move, value in zip(moves, values, strict=True))


# Lichess puzzles ------------------------------------------------------------------------------------------


_BARE = ("fen", "moves", "rating")
_NEEDED = ("fen", "moves")


def read_lichess(path: Path, on_bad_row: OnBadRow) -> Iterator[MoveExample]:
    """The puzzles of a CSV file with the published header, or of bare ``fen,moves,rating``.

    By the published convention the position is the one *before* the opponent's move. ``Moves`` begins with
    that move, which becomes part of the history of the state; the second move is the solution.

    ``difficulty`` is the rating, ``group`` the Lichess game if the file names it. Without a ``PuzzleId`` the
    id is the file name and the line number.

    Raises:
        DataError: the file cannot be read, or a column is missing.
    """
    rules = game("chess")
    for line, row in _puzzle_rows(path):
        try:
            example = _puzzle(rules, row, f"{path.stem}-{line}")
        except DataError as error:
            on_bad_row(located(f"{path}, line {line}", error))
            continue
        yield example


def _puzzle_rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Line numbers and rows by lower-case column name."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            names: tuple[str, ...] | None = None
            for values in reader:
                if names is None:
                    names = _puzzle_columns(path, values)
                    if names is not _BARE:
                        continue
                if values:
                    yield reader.line_num, dict(zip(names, values, strict=False))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError("task-file-unreadable", f"cannot read {path}: {error}") from None


def _puzzle_columns(path: Path, first: list[str]) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in first)
    if "fen" not in names and any("/" in value for value in first):
        return _BARE
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise DataError(
            "task-missing-column", f"{path} has no column {' or '.join(missing)}; Lichess puzzles need it"
        )
    return names


def _puzzle(rules: Game, row: Mapping[str, str], name: str) -> MoveExample:
    moves = row.get("moves", "").split()
    if len(moves) < 2:
        raise DataError("task-puzzle-too-short", "Moves needs the opponent's move and the solution")
    state = rules.state(row["fen"]).play(moves[0])
    solution, why = state.read(moves[1])
    if solution is None:
        raise DataError("game-illegal-move", f"the solution {moves[1][:20]!r} is {why} in {state.position}")
    return MoveExample(
        row.get("puzzleid") or name,
        state,
        gold=(solution,),
        difficulty=_rating(row.get("rating", "")),
        group=_lichess_game(row.get("gameurl", "")),
    )


def _rating(text: str) -> float | None:
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise DataError("task-not-number", f"the rating {text[:20]!r} is not a number") from None


def _lichess_game(address: str) -> str | None:
    """``https://lichess.org/787zsVup/black#48`` → ``787zsVup``."""
    tail = address.partition("#")[0].removesuffix("/black").rstrip("/")
    return tail.rpartition("/")[2] or None


# Games in PGN ---------------------------------------------------------------------------------------------


def read_pgn_moves(path: Path) -> Iterator[MoveExample]:
    """One example per move of every game; the earlier moves are the history of its state.

    The id is the file name, the game number and the ply, both from 1; ``group`` is the game.

    Raises:
        DataError: the file cannot be read, or a game is invalid; the message has its number and line.
    """
    for record in read_pgn(path):
        yield from _game_examples(record, f"{path.stem}-{record.number}")


def _game_examples(record: GameRecord, name: str) -> Iterator[MoveExample]:
    state = game(record.game).state(record.start)
    for ply, move in enumerate(record.moves, 1):
        yield MoveExample(f"{name}-{ply}", state, gold=(move,), group=name)
        state = state.play(move)
