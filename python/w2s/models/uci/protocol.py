"""The text of the UCI protocol: commands to write, lines to read.

Knows nothing about processes, time or positions beyond their text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from w2s.tasks import Clock

OptionKind = Literal["check", "spin", "combo", "button", "string"]

_OPTION_WORDS = frozenset(("name", "type", "default", "min", "max", "var"))
_KINDS: dict[str, OptionKind] = {
    "check": "check",
    "spin": "spin",
    "combo": "combo",
    "button": "button",
    "string": "string",
}


@dataclass(frozen=True, slots=True)
class Option:
    """An option as an engine declares it. ``low`` and ``high`` bound a spin, ``choices`` a combo."""

    name: str
    kind: OptionKind
    default: str = ""
    low: int | None = None
    high: int | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Info:
    """What one ``info`` line says about one line of play.

    ``cp`` is the score in centipawns for the player to move; ``mate`` the moves to mate, negative where
    the player to move is mated. Exactly one of them is set. ``bound``: the score is only a bound.
    """

    rank: int
    move: str
    cp: int | None
    mate: int | None
    bound: bool


@dataclass(frozen=True, slots=True)
class Limits:
    """What ends the search of one answer: nodes, depth in plies, time in milliseconds; None is no limit."""

    nodes: int | None = None
    depth: int | None = None
    movetime_ms: int | None = None

    def __bool__(self) -> bool:
        """Whether there is any limit."""
        return not (self.nodes is None and self.depth is None and self.movetime_ms is None)


def text(line: bytes) -> str:
    """A line as text; bytes that are not UTF-8 become U+FFFD."""
    return line.decode("utf-8", "replace").strip()


def parse_option(line: bytes) -> Option | None:
    """The option that an ``option`` line declares, or None where the line is something else or broken."""
    words = text(line).split(" ")
    if words[0] != "option":
        return None
    fields: dict[str, list[str]] = {}
    choices: list[str] = []
    key = ""
    for word in words[1:]:
        if word in _OPTION_WORDS and not (key == "name" and word != "type"):
            key = word
            if key == "var":
                choices.append("")
        elif key == "var":
            choices[-1] = f"{choices[-1]} {word}".strip()
        else:
            fields.setdefault(key, []).append(word)
    said = {key: " ".join(value).strip() for key, value in fields.items()}
    kind = _KINDS.get(said.get("type", ""))
    if kind is None or not said.get("name"):
        return None
    default = said.get("default", "")
    return Option(
        said["name"],
        kind,
        "" if default == "<empty>" else default,
        _whole(said.get("min")),
        _whole(said.get("max")),
        tuple(choices),
    )


def parse_info(line: bytes) -> Info | None:
    """What an ``info`` line says about a line of play, or None where it has no score or no moves."""
    words = line.decode("utf-8", "replace").split()
    if not words or words[0] != "info":
        return None
    rank, cp, mate, bound = 1, None, None, False
    place, last = 1, len(words) - 1
    while place < last:
        word, value = words[place], words[place + 1]
        if word == "string":
            return None
        if word == "pv":
            scored = (cp is None) != (mate is None)
            return Info(rank, value, cp, mate, bound) if scored else None
        if word == "multipv":
            rank = _whole(value) or 1
            place += 1
        elif word == "cp":
            cp = _whole(value)
            place += 1
        elif word == "mate":
            mate = _whole(value)
            place += 1
        elif word in ("lowerbound", "upperbound"):
            bound = True
        place += 1
    return None


def parse_bestmove(line: bytes) -> str:
    """The move of a ``bestmove`` line as it stands, without the move to ponder on; may be any text."""
    move = text(line).removeprefix("bestmove")
    return move.split(" ponder", 1)[0].strip()


def setoption(name: str, value: str | None = None) -> bytes:
    """The command that sets an option; a button has no value."""
    said = f"setoption name {name}" if value is None else f"setoption name {name} value {value}"
    return said.encode() + b"\n"


def position(start: str, moves: str) -> bytes:
    """The command that sets up the position after ``moves`` (joined by spaces) from the FEN ``start``."""
    line = f"position fen {start} moves {moves}\n" if moves else f"position fen {start}\n"
    return line.encode()


def go(limits: Limits, clock: Clock | None, to_move: int, only: tuple[str, ...] = ()) -> bytes:
    """The command that starts a search; ``to_move`` is 0 for White, ``only`` the moves to look at."""
    words = ["go"]
    if limits.nodes is not None:
        words.append(f"nodes {limits.nodes}")
    if limits.depth is not None:
        words.append(f"depth {limits.depth}")
    if limits.movetime_ms is not None:
        words.append(f"movetime {limits.movetime_ms}")
    if clock is not None:
        words.append(_clock(clock, to_move))
    if only:
        words.append("searchmoves " + " ".join(only))
    return " ".join(words).encode() + b"\n"


def _clock(clock: Clock, to_move: int) -> str:
    own, other = _ms(clock.own_s), _ms(clock.other_s)
    white, black = (other, own) if to_move else (own, other)
    step = max(0, int(clock.increment_s * 1000))
    return f"wtime {white} btime {black} winc {step} binc {step}"


def _ms(seconds: float) -> int:
    """Milliseconds left, at least 1: engines read 0 as no clock at all."""
    return max(1, int(seconds * 1000))


def _whole(word: str | None) -> int | None:
    try:
        return None if word is None else int(word)
    except ValueError:
        return None
