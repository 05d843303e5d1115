"""The text of the UCI protocol: commands to write and lines to read; no processes and no clocks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from w2s.tasks import Clock

OptionKind = Literal["check", "spin", "combo", "button", "string"]

_FIELDS = frozenset(("default", "min", "max", "var"))
_KINDS: dict[str, OptionKind] = {
    "check": "check",
    "spin": "spin",
    "combo": "combo",
    "button": "button",
    "string": "string",
}


_OPTION = re.compile(rf"option name (?P<name>.+?) type (?P<kind>{'|'.join(_KINDS)})(?: (?P<rest>.*))?")


_SCORE = re.compile(rb" (cp|mate) +(-?\d{1,9})")
_RANK = re.compile(rb" multipv +([1-9]\d{0,4})")
"""Patterns on bytes, because an engine writes thousands of such lines."""


@dataclass(frozen=True, slots=True)
class EngineOption:
    """An option that an engine declares; ``low`` and ``high`` bound a spin, ``choices`` lists a combo."""

    name: str
    kind: OptionKind
    default: str = ""
    low: int | None = None
    high: int | None = None
    choices: tuple[str, ...] = ()


class SearchInfo(NamedTuple):
    """One line of play in an ``info`` line; exactly one of ``cp`` and ``mate`` is set.

    Attributes:
        rank: 1 for the best line of play.
        move: its first move, as text.
        cp: the score in centipawns for the player to move.
        mate: moves to mate; negative, or 0, where the player to move is mated.
        bound: whether the score is only a bound.
    """

    rank: int
    move: str
    cp: int | None
    mate: int | None
    bound: bool


@dataclass(frozen=True, slots=True)
class SearchLimits:
    """When a search ends: nodes, depth in plies, time in milliseconds; None means no limit."""

    nodes: int | None = None
    depth: int | None = None
    movetime_ms: int | None = None

    def __bool__(self) -> bool:
        """Whether there is any limit."""
        return not (self.nodes is None and self.depth is None and self.movetime_ms is None)


def decode_line(line: bytes) -> str:
    """A line as text; bytes that are not UTF-8 become U+FFFD."""
    return line.decode("utf-8", "replace").strip()


def parse_option(line: bytes) -> EngineOption | None:
    """The option that a line declares; None where it is another line or cannot be parsed.

    Bounds that contradict each other are dropped.
    """
    match = _OPTION.fullmatch(decode_line(line))
    name = match["name"].strip() if match is not None else ""
    if match is None or not name:
        return None
    kind, rest = _KINDS[match["kind"]], match["rest"] or ""
    if kind == "string":  # its default may hold any word
        return EngineOption(name, kind, _emptied(rest.partition("default")[2].strip()))
    fields = _fields(rest)
    low, high = (_whole(fields[bound][-1]) if bound in fields else None for bound in ("min", "max"))
    if low is not None and high is not None and low > high:
        low = high = None
    default = fields["default"][-1] if "default" in fields else ""
    return EngineOption(name, kind, _emptied(default), low, high, tuple(fields.get("var", ())))


def _emptied(default: str) -> str:
    return "" if default == "<empty>" else default


def _fields(words: str) -> dict[str, list[str]]:
    """The values of each keyword, in order: ``default a b var c var d`` → default: a b; var: c, d."""
    fields: dict[str, list[str]] = {}
    key = ""
    for word in words.split():
        if word in _FIELDS:
            key = word
            fields.setdefault(key, []).append("")
        elif key:
            fields[key][-1] = f"{fields[key][-1]} {word}".lstrip()
    return fields


def parse_info(line: bytes) -> SearchInfo | None:
    """The line of play in an ``info`` line; None where it has no score or no moves."""
    head, _, moves = line.partition(b" pv ")
    first, score = moves.split(None, 1), _SCORE.search(head)
    if not first or score is None or not head.startswith(b"info ") or b" string " in head:
        return None
    rank, value = _RANK.search(head), int(score[2])
    cp, mate = (value, None) if score[1] == b"cp" else (None, value)
    return SearchInfo(int(rank[1]) if rank else 1, decode_line(first[0]), cp, mate, b"bound" in head)


def parse_bestmove(line: bytes) -> str | None:
    """The move of a ``bestmove`` line, unchecked and possibly empty; None for other lines.

    The move to ponder on is left out.
    """
    words = decode_line(line).split(None, 1)
    if not words or words[0] != "bestmove":
        return None
    return f" {words[1]}".partition(" ponder")[0].strip() if len(words) > 1 else ""


def is_chess960(start: str) -> bool:
    """Whether a FEN needs Chess960 castling: its rights are named by files instead of sides."""
    fields = start.split(" ", 3)
    return len(fields) > 2 and not set(fields[2]) <= set("KQkq-")


def setoption(name: str, value: str | None = None) -> bytes:
    """The command that sets an option; a button has no value."""
    command = f"setoption name {name}" if value is None else f"setoption name {name} value {value}"
    return command.encode() + b"\n"


def position(start: str, moves: str) -> bytes:
    """The command that sets up the position after ``moves`` (joined by spaces) from the FEN ``start``."""
    line = f"position fen {start} moves {moves}\n" if moves else f"position fen {start}\n"
    return line.encode()


def go(limits: SearchLimits, clock: Clock | None, to_move: int, only: Sequence[str] = ()) -> bytes:
    """The command that starts a search; ``to_move`` is 0 for White, ``only`` the moves to search."""
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
