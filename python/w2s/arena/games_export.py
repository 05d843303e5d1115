"""Export of the games of a run for other tools: PGN for chess, JSON lines for every other game.

The same matches give the same bytes: without dates, machines or the order in which matches ended.
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
"""A space at which lines are not broken; it is written as a plain space."""


def write_games(path: Path, records: Iterable[MatchRecord], models: Mapping[str, str]) -> None:
    """Write matches to a file, without void ones, which are replayed.

    A chess match is a PGN game: the first player is White, ``Termination`` is the ending in words, and
    comments hold how the player judged its move in pawns (``+0.35``, ``-M3`` if it is mated in three), the
    time under a clock, and ``book`` after the last move of the opening. A match of another game is one line
    with a JSON object, with values in hundredths of a unit. :func:`w2s.games.records.read_games` reads both.

    Args:
        path: the file; an existing one is replaced.
        records: finished matches, in the order of the file.
        models: model references by player name.
    """
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for record in records:
            if record.ending.scored:
                write = _pgn if record.game == "chess" else _json_line
                file.write(write(record, models))


def _json_line(record: MatchRecord, models: Mapping[str, str]) -> str:
    references = {"first_model": models[record.first], "second_model": models[record.second]}
    return json.dumps({**record.to_json(), "result": record.result, **references}, allow_nan=False) + "\n"


def _pgn(record: MatchRecord, models: Mapping[str, str]) -> str:
    state = game(record.game).state(record.start, record.moves)
    headers = "".join(f'[{name} "{_escape(value)}"]\n' for name, value in _headers(record, models).items())
    words = [*_movetext(state, record), *_detail_comment(record), record.result]
    return f"{headers}\n{_wrap(words)}\n\n"


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


def _escape(value: str) -> str:
    """A tag value on one line with quotes and backslashes escaped."""
    return _printable(value).replace("\\", "\\\\").replace('"', '\\"')


def _printable(text: str) -> str:
    """The text with a space in the place of every unprintable character."""
    return "".join(character if character.isprintable() else " " for character in text)


def _movetext(state: State, record: MatchRecord) -> Iterator[str]:
    """Move numbers, moves and comments; Black's move is numbered at the start and after a comment."""
    board = record.start.split()
    ply = 2 * int(board[5]) - (2 if board[1] == "w" else 1)
    numbered = True
    moves = zip(state.moves("san"), record.values_cp, record.seconds, strict=True)
    for index, (move, value_cp, seconds) in enumerate(moves):
        if ply % 2 == 0:
            yield f"{ply // 2 + 1}.{_SPACE}{move}"
        else:
            yield f"{ply // 2 + 1}...{_SPACE}{move}" if numbered else move
        last_book = index == record.opening_plies - 1
        comment = "book" if last_book else _comment(value_cp, seconds)
        if comment:
            yield f"{{{comment}}}"
        numbered = bool(comment)
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


def _detail_comment(record: MatchRecord) -> list[str]:
    """The detail of the ending as words of a comment, without braces and unprintable characters."""
    who = f"{record.by}: " if record.by else ""
    text = " ".join(_printable(f"{who}{record.detail}").replace("{", "(").replace("}", ")").split())
    return f"{{{text}}}".split() if record.detail else []


def _wrap(words: Iterable[str]) -> str:
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
