"""The games of a run as other tools read them: PGN for chess, JSON lines for every other game.

Knows nothing about labels. The same matches give the same bytes: no date, no machine, no order of ending.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from w2s.arena.record import MatchRecord
from w2s.games import State, game
from w2s.models.confidence import moves_to_mate
from w2s.models.uci.protocol import is_chess960

_COLUMNS = 80
_SPACE = "\xa0"
"""Stands for a space at which no line is broken."""


def write_games(path: Path, records: Iterable[MatchRecord], models: Mapping[str, str]) -> None:
    """Write the matches to a file; void ones, which are replayed, are left out.

    A chess match is a PGN game: first player White, ``Termination`` the ending in words, comments the value
    that the mover saw in pawns (``+0.35``, ``-M3`` for being mated in three) and the time taken under a
    clock; ``book`` where the opening moved. Any other match is one JSON object on one line, its values in
    hundredths of a unit, which ``w2s.games.records.read_games`` reads again.

    Args:
        path: the file, replaced where it exists.
        records: finished matches, in the order in which they are to be written.
        models: the reference behind each player's name.
    """
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for record in records:
            if record.ending.scored:
                write = _pgn if record.game == "chess" else _json_line
                file.write(write(record, models))


def _json_line(record: MatchRecord, models: Mapping[str, str]) -> str:
    seats = {"first_model": models[record.first], "second_model": models[record.second]}
    return json.dumps({**record.to_json(), "result": record.result, **seats}, allow_nan=False) + "\n"


def _pgn(record: MatchRecord, models: Mapping[str, str]) -> str:
    state = game(record.game).state(record.start, record.moves)
    headers = "".join(f'[{name} "{_quoted(value)}"]\n' for name, value in _headers(record, models).items())
    words = [*_movetext(state, record), *_closing(record), record.result]
    return f"{headers}\n{_wrapped(words)}\n\n"


def _headers(record: MatchRecord, models: Mapping[str, str]) -> dict[str, str]:
    headers = {
        "Event": "w2s arena",
        "Site": "?",
        "Date": "????.??.??",
        "Round": f"{record.pair + 1}.{record.number % 2 + 1}",
        "White": record.first,
        "Black": record.second,
        "Result": record.result,
    }
    if record.start != game(record.game).state().position:
        headers |= {"SetUp": "1", "FEN": record.start}
    if is_chess960(record.start):
        headers["Variant"] = "Chess960"
    if record.time_control is not None:
        headers["TimeControl"] = record.time_control
    return headers | {
        "Opening": record.opening,
        "PlyCount": str(len(record.moves)),
        "Termination": record.ending.value,
        "WhiteModel": models[record.first],
        "BlackModel": models[record.second],
        "Match": str(record.number),
    }


def _quoted(value: str) -> str:
    """A tag value on one line, quotes and backslashes escaped."""
    printable = "".join(sign if sign.isprintable() else " " for sign in value)
    return printable.replace("\\", "\\\\").replace('"', '\\"')


def _movetext(state: State, record: MatchRecord) -> Iterator[str]:
    """Move numbers, moves and comments; Black's move has a number where it begins or follows a comment."""
    board = record.start.split()
    ply = 2 * int(board[5]) - (2 if board[1] == "w" else 1)
    alone = True
    said = zip(state.moves("san"), record.values_cp, record.seconds, strict=True)
    for index, (move, value_cp, seconds) in enumerate(said):
        if ply % 2 == 0:
            yield f"{ply // 2 + 1}.{_SPACE}{move}"
        else:
            yield f"{ply // 2 + 1}...{_SPACE}{move}" if alone else move
        comment = "book" if index < record.opening_plies else _comment(value_cp, seconds)
        if comment:
            yield f"{{{comment}}}"
        alone = bool(comment)
        ply += 1


def _comment(value_cp: int | None, seconds: float | None) -> str:
    value = "" if value_cp is None else _pawns(value_cp)
    time = "" if seconds is None else f"{seconds:.3f}s"
    return f"{value}{_SPACE}{time}" if value and time else value or time


def _pawns(value_cp: int) -> str:
    moves = moves_to_mate(value_cp)
    if moves is not None:
        return f"{'+' if value_cp > 0 else '-'}M{moves}"
    return f"{value_cp / 100:+.2f}"


def _closing(record: MatchRecord) -> list[str]:
    """The ending's detail as words of a comment; no brace and nothing unprintable in it."""
    who = f"{record.by}: " if record.by else ""
    printable = "".join(sign if sign.isprintable() else " " for sign in f"{who}{record.detail}")
    text = " ".join(printable.replace("{", "(").replace("}", ")").split())
    return f"{{{text}}}".split() if record.detail else []


def _wrapped(words: Iterable[str]) -> str:
    """Words on lines of at most 80 columns; a longer word is cut."""
    lines, line = [], ""
    for word in words:
        if line and len(line) + 1 + len(word) > _COLUMNS:
            lines.append(line)
            line = ""
        line = f"{line} {word}" if line else word
        while len(line) > _COLUMNS:
            lines.append(line[:_COLUMNS])
            line = line[_COLUMNS:]
    return "\n".join([*lines, line]).replace(_SPACE, " ")
