"""A state of a game, immutable, with the moves that led to it.

Knows nothing about who chooses the moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from w2s import kernels
from w2s.errors import DataError


class Outcome(NamedTuple):
    """How a game ended: ``winner`` 0 (who started), 1 or None (draw), and the ``reason`` in words."""

    winner: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Game:
    """The rules of one game by name; ``state`` gives states of it.

    Example:
        >>> import w2s
        >>> w2s.game("connect_four").state("startpos").play("4").legal_moves()
        ['1', '2', '3', '4', '5', '6', '7']
    """

    name: str

    def state(self, position: str = "startpos", moves: tuple[str, ...] | list[str] = ()) -> State:
        """The state after ``moves`` from ``position``.

        Raises:
            DataError: the position or one of the moves is not legal.
        """
        state = State(kernels.start(self.name, position))
        for move in moves:
            state = state.play(move)
        return state


def game(name: str) -> Game:
    """The game of that name.

    Raises:
        UsageError: no game has that name; the message lists those that exist.
    """
    kernels.start(name, "startpos")
    return Game(name)


class State:
    """A state of a game together with how it was reached; playing gives a new state.

    Moves are texts: the canonical form (UCI for chess, ``4`` for Connect Four, ``d3`` for Othello) comes
    out, any notation of the game goes in.
    """

    __slots__ = ("_core",)

    def __init__(self, core: kernels.CoreState) -> None:
        """Wrap a state of the core; users start from :func:`w2s.game`."""
        self._core = core

    def __repr__(self) -> str:
        return f"<{self.game} {self.position}>"

    @property
    def game(self) -> str:
        """Name of the game."""
        return self._core.game

    @property
    def position(self) -> str:
        """The position as text: FEN for chess."""
        return self._core.position

    @property
    def start_position(self) -> str:
        """The position where the line of play began, as text."""
        return self._core.start_position

    @property
    def to_move(self) -> int:
        """0 where the player that started the game is to move, else 1."""
        return self._core.to_move

    @property
    def key(self) -> int:
        """Identity for agreement: equal for transpositions, clocks left out; 64 bits."""
        return self._core.key

    @property
    def ply(self) -> int:
        """Moves played since the beginning of the line."""
        return self._core.ply

    @property
    def played(self) -> str:
        """The moves played since the beginning of the line in canonical form, joined by spaces."""
        return self._core.played

    def moves(self, notation: str = "canonical") -> list[str]:
        """The moves played since the beginning of the line, as text."""
        return self._core.move_texts(notation)

    def legal_moves(self, notation: str = "canonical") -> list[str]:
        """The legal moves as text, in the game's fixed order."""
        return self._core.legal_texts(notation)

    def read(self, text: str) -> tuple[str | None, str]:
        """``(canonical text, "")``, or ``(None, why)``: unparsable, illegal or ambiguous. Never raises."""
        move, why = self._parsed(text)
        return (None, why) if move is None else (self._core.print_move(move), "")

    def print(self, move: str, notation: str = "san") -> str:
        """A legal move in another notation: ``san``, ``long`` or ``canonical``."""
        return self._core.print_move(self._number(move), notation)

    def play(self, move: str) -> State:
        """The state after a move.

        Raises:
            DataError: the text is not a legal move here.
        """
        return State(self._core.play(self._number(move)))

    def outcome(self, *, claimed: bool = True) -> Outcome | None:
        """How the game ended, or None. ``claimed``: threefold repetition and fifty moves end it (match
        rules); otherwise only what ends a game by itself."""
        ended = self._core.outcome(claimed)
        return None if ended is None else Outcome(*ended)

    def planes(self) -> npt.NDArray[np.float32]:
        """Feature planes, float32, channels × rows × columns, seen by the player to move."""
        return self._core.planes()

    def policy_indices(self) -> npt.NDArray[np.int64]:
        """Policy index of each legal move, int64, in the order of :meth:`legal_moves`."""
        return self._core.policy_indices()

    def search(
        self, *, depth: int | None = None, nodes: int | None = None, all_moves: bool = False
    ) -> kernels.Searched:
        """What the built-in search finds here; the same for the same limits, whatever the machine.

        Args:
            depth: plies from here, 1 to 128; forcing moves are followed beyond it.
            nodes: states visited, from 1; the first ply is always finished. Without a limit, one ply.
            all_moves: give a value to every legal move, in ``values``, instead of to the best one only.

        Returns:
            ``best`` (canonical text, None where the game is over), ``value_cp`` for the player to move in
            hundredths of a unit (a win in n plies is 1,000,000 − n), ``depth``, ``nodes``, ``line``,
            ``values`` and ``exact`` (whether the value is proven).

        Raises:
            UsageError: a limit below 1.

        Example:
            >>> import w2s
            >>> found = w2s.game("connect_four").state(moves=list("414141")).search(depth=5)
            >>> found.best, found.value_cp, found.exact
            ('4', 999999, True)
        """
        return kernels.search([self._core], depth=depth, nodes=nodes, all_moves=all_moves)[0]

    def solve(self, *, nodes: int) -> dict[str, int] | None:
        """The proven value of every legal move, or None where the proof takes more than ``nodes`` nodes.

        Values as in :meth:`search`, and in Othello discs times 100; empty where the game is over. Chess is
        never solved: its games have no bound on their length.

        Raises:
            UsageError: ``nodes`` below 1.
        """
        return kernels.solve([self._core], nodes=nodes)[0]

    def perft(self, depth: int) -> int:
        """How many lines of exactly ``depth`` plies the rules allow from here.

        Raises:
            UsageError: ``depth`` is not from 0 to 64.

        Example:
            >>> import w2s
            >>> w2s.game("chess").state().perft(3)
            8902
        """
        return kernels.perft(self._core, depth)[0]

    def _parsed(self, text: str) -> tuple[int | None, str]:
        try:
            return self._core.parse_move(text)
        except UnicodeEncodeError:  # half a character, which is part of no notation
            return None, "unparsable"

    def _number(self, text: str) -> int:
        move, why = self._parsed(text)
        if move is None:
            raise DataError(f"{text[:40]!r} is {why} in {self.game} position {self.position}")
        return move
