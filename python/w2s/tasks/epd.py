"""Extended Position Description as examples: one position per line, with ``bm``, ``am`` and graded moves.

The operations are those of the PGN standard of 1994. Grades follow the Strategic Test Suite: ``c9`` lists
moves, ``c8`` the score of each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from w2s.errors import DataError
from w2s.games import Game, State, game
from w2s.tasks.move import MoveExample
from w2s.tasks.rows import OnBadRow, located

_OPERATION = re.compile(r'\s*([A-Za-z]\w*)\s*((?:"[^"]*"|[^;"])*)(?:;|$)')


def read_epd(path: Path, rules: str, on_bad_row: OnBadRow) -> Iterator[MoveExample]:
    """The positions of a file; a line without ``bm`` or ``am`` has no gold.

    The id is the operation ``id`` if no earlier line has the same, else the file name and the line number.
    ``group`` is None, because a suite does not say which game a position is from.

    Raises:
        DataError: the file cannot be read.
    """
    names: set[str] = set()
    for number, line in _lines(path):
        try:
            example = _example(game(rules), line, f"{path.stem}-{number}", names)
        except DataError as error:
            on_bad_row(located(f"{path}, line {number}", error))
            continue
        names.add(example.id)
        yield example


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if line.strip() and not line.startswith("#"):
                    yield number, line.strip()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError("task-file-unreadable", f"cannot read {path}: {error}") from None


def _example(rules: Game, line: str, name: str, taken: set[str]) -> MoveExample:
    position, operations = _split(rules.name, line)
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


def _split(rules: str, line: str) -> tuple[str, dict[str, str]]:
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
