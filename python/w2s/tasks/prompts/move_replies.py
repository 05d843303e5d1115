"""The legal move that a reply names, in any notation of the game.

The first rule that applies decides: the whole reply is a move; the last move after a mark such as "answer",
"best move" or a box; the last move after a weaker mark such as "play", bold or quotes; the first word,
because a line of play begins with the move that was asked for; the last legal move anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from w2s.games import State

_STRONG = re.compile(
    r"\\boxed\{|\b(?:answer|best move|best reply|best choice|my move|final move|i choose)\b", re.IGNORECASE
)
_WEAK = re.compile(
    r"\b(?:play|plays|playing|move|choose|column|square|go with|recommend)\b|\*\*|`|<move>|\"", re.IGNORECASE
)
_LEADING = "is are was would be should will to with the a in on at move column square play for me"
_FILLER = frozenset(_LEADING.split())
_TWO_SQUARES = re.compile(r"\b([a-h][1-8])\s*(?:to|-|–|—|→|->)\s*([a-h][1-8])\b", re.IGNORECASE)
_PIECE = re.compile(
    r"\b(king|queen|rook|bishop|knight)\s+(?:(?:to|on|takes|captures|moves)\s+){0,2}([a-h][1-8])\b",
    re.IGNORECASE,
)
_PIECES = {"king": "K", "queen": "Q", "rook": "R", "bishop": "B", "knight": "N"}
_NUMBER = re.compile(r"(?<![A-Za-z0-9])\d+\s?\.+\s*(?=\S)")
_IN_A_ROW = re.compile(r"\b[2-4][ -]in[ -]a[ -]row\b|\bconnect[ -]?4\b", re.IGNORECASE)
"""Phrases of Connect Four whose digits are not columns."""
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9=+#/\-]*")
_SQUARES = re.compile(r"(?:[A-H][1-8]){1,2}[QRBN]?")
_NEAR = 120
_LAST_MARKS = 100


def find_move(state: State, text: str) -> str | None:
    """The canonical text of the move that a reply names; None if it names no legal move."""
    whole = state.read(text.strip())[0] if len(text) < _NEAR else None
    if whole is not None:
        return whole
    text = _IN_A_ROW.sub(" ", text)
    text = _TWO_SQUARES.sub(r"\1\2", text)
    text = _PIECE.sub(lambda found: _PIECES[found[1].lower()] + found[2].lower(), text)
    for candidates in (_marked(state, text, _STRONG), _marked(state, text, _WEAK)):
        if (last := _last(candidates)) is not None:
            return last
    return _begins(state, text) or _last(_moves(state, text))


def _marked(state: State, text: str, mark: re.Pattern[str]) -> Iterator[str]:
    """The move directly after each mark; filler words are skipped."""
    for found in list(mark.finditer(text))[-_LAST_MARKS:]:
        for token in _tokens(text[found.end() : found.end() + _NEAR]):
            if (move := _read(state, token)) is not None:
                yield move
                break
            if token.lower() not in _FILLER:
                break


def _begins(state: State, text: str) -> str | None:
    first = next(_tokens(text[:_NEAR]), None)
    return None if first is None else _read(state, first)


def _moves(state: State, text: str) -> Iterator[str]:
    for token in _tokens(text):
        if (move := _read(state, token)) is not None:
            yield move


def _tokens(text: str) -> Iterator[str]:
    """Words that could be moves, without move numbers."""
    for found in _TOKEN.finditer(_NUMBER.sub("", text)):
        yield found[0].rstrip("-/")


def _read(state: State, token: str) -> str | None:
    move = state.read(token)[0]
    return state.read(token.lower())[0] if move is None and _SQUARES.fullmatch(token) else move


def _last(moves: Iterator[str]) -> str | None:
    last = None
    for last in moves:  # noqa: B007 - only the last one is used
        pass
    return last
