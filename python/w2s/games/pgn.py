"""Portable Game Notation split into games: tag pairs, the words of the main line, the result.

The rules of chess are not applied here: a word is not yet a move. The format is the PGN standard of 1994,
with the deviations of real files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from w2s.errors import DataError

_TOKEN = re.compile(
    r"""(?: [\s\ufeff]+ | \{[^}]*\} | \d+[.…]+ | \d+(?![^\s(){};]) | [.…]+ | \$\d+
          | [!?]+(?![^\s(){};]) | e\.p\.(?![^\s(){};]) )*+
    (?: (?P<end>\Z | ;.*)
      | (?P<result>(?:1-0|0-1|1/2-1/2|1/2|½-½|\*)(?![^\s(){};]))
      | (?P<move>[^\s(){};\[\]$*]+)
      | (?P<tag>\[\s*\w+\s+"(?:[^"\\]|\\.)*"\s*\] | \[\s*\w+\s+".*"\s*\](?=\s*$))
      | (?P<down>\() | (?P<up>\))
      | (?P<open>\{.*)
      | (?P<wrong>.) )""",
    re.VERBOSE | re.DOTALL,
)
_TAG = re.compile(r'\[\s*(\w+)\s+"(.*)"\s*\]', re.DOTALL)
_RESULTS = {"1-0": "1-0", "0-1": "0-1", "1/2-1/2": "1/2-1/2", "1/2": "1/2-1/2", "½-½": "1/2-1/2"}


@dataclass(slots=True)
class PgnGame:
    """One game whose moves are still text.

    Attributes:
        headers: the tag pairs.
        moves: the words of the main line, each with its line number in the file.
        result: ``1-0``, ``0-1``, ``1/2-1/2`` or ``*``.
    """

    headers: dict[str, str] = field(default_factory=dict)
    moves: list[tuple[str, int]] = field(default_factory=list)
    result: str = "*"


_Token = tuple[str, str, int]
"""Group name of the pattern, matched text, and line number."""


def split_pgn(path: str | Path) -> Iterator[PgnGame]:
    """The games of a PGN file, one by one. A line that is not UTF-8 is read as Latin-1.

    Raises:
        DataError: the file cannot be read, or is not PGN; the message has the game and the line.
    """
    try:
        with Path(path).open("rb") as file:
            yield from _games(_tokens(file), path)
    except OSError as error:
        raise DataError("game-file-unreadable", f"cannot read {path}: {error.strerror or error}") from None


def _tokens(lines: Iterable[bytes]) -> Iterator[_Token]:
    """All tokens except spaces, comments, glyphs and move numbers; unexpected text is ``wrong``."""
    opened = 0  # line number of an open comment
    for number, raw in enumerate(lines, 1):
        line = _decode(raw)
        place = 0
        if opened:
            place = line.find("}") + 1
            if not place:
                continue
            opened = 0
        elif line.startswith("%"):
            continue
        for found in _TOKEN.finditer(line, place):
            kind = found.lastgroup or "end"
            if kind == "open":
                opened = number
            elif kind != "end":
                yield kind, found[kind], number
    if opened:
        yield "wrong", "{", opened


def _games(tokens: Iterator[_Token], path: str | Path) -> Iterator[PgnGame]:
    number, depth, began = 1, 0, False
    text = PgnGame()
    for kind, word, line in tokens:
        depth += (kind == "down") - (kind == "up")
        if depth < 0 or kind == "wrong" or (kind == "tag" and depth):
            raise DataError("pgn-syntax-error", f"{path}, game {number}, line {line}: {_problem(word)}")
        if kind == "tag":
            if began:
                yield _without_result(text)
                number, began, text = number + 1, False, PgnGame()
            name, value = _tag(word)
            text.headers[name] = value
        elif kind == "result" and not depth:
            text.result = _RESULTS.get(word, "*")
            yield text
            number, began, text = number + 1, False, PgnGame()
        elif kind == "move" and not depth:
            text.moves.append((word, line))
            began = True
    if depth:
        raise DataError("pgn-syntax-error", f"{path}, game {number}: the file ends within a variation '('")
    if began or text.headers:
        yield _without_result(text)


def _problem(word: str) -> str:
    if word.startswith("["):
        return 'expected a tag pair like [White "name"] outside of variations and comments'
    if word == "{":
        return "the comment that begins here has no end"
    return f"unexpected {word!a}"


def _without_result(text: PgnGame) -> PgnGame:
    text.result = _RESULTS.get(text.headers.get("Result", ""), "*")
    return text


def _tag(text: str) -> tuple[str, str]:
    found = _TAG.fullmatch(text)
    if found is None:  # the token matched the same pattern
        raise AssertionError(text)
    value = found[2]
    return found[1], re.sub(r'\\(["\\])', r"\1", value) if "\\" in value else value


def _decode(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")
