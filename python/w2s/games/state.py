"""Immutable states of a game, each with the moves that led to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from w2s import kernels
from w2s.errors import DataError


class Outcome(NamedTuple):
    """How a game ended: ``winner`` is 0 (who started), 1 or None (draw); ``reason`` is a phrase."""

    winner: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Game:
    """The rules of a game.

    Example:
        >>> import w2s
        >>> w2s.game("connect_four").state("startpos").play("4").legal_moves()
        ['1', '2', '3', '4', '5', '6', '7']
    """

    name: str

    def state(self, position: str = "startpos", moves: tuple[str, ...] | list[str] = ()) -> State:
        """The state after ``moves`` from ``position``.

        Raises:
            UsageError: the position is not a text.
            DataError: the position or one of the moves is not legal.
        """
        state = State(kernels.start(self.name, position))
        for move in moves:
            state = state.play(move)
        return state


def game(name: str) -> Game:
    """The game of a name.

    Raises:
        UsageError: there is no such game; the message lists the games.
    """
    kernels.start(name, "startpos")
    return Game(name)


class State:
    """A state of a game and the line of play that reached it; playing a move returns a new state.

    Moves are text. Any notation of the game is accepted; results are canonical (UCI for chess, ``4`` for
    Connect Four, ``d3`` for Othello).
    """

    __slots__ = ("_core",)

    def __init__(self, core: kernels.CoreState) -> None:
        """Wrap a state of the Rust core; use :func:`w2s.game` to get one."""
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
        """The position at which the line of play began, as text."""
        return self._core.start_position

    @property
    def to_move(self) -> int:
        """0 if the player who started the game is to move, else 1."""
        return self._core.to_move

    @property
    def key(self) -> int:
        """A 64-bit identity of the position; equal for transpositions, and clocks do not count."""
        return self._core.key

    @property
    def ply(self) -> int:
        """Number of moves played since the beginning of the line."""
        return self._core.ply

    @property
    def played(self) -> str:
        """The moves played since the beginning of the line in canonical form, joined by spaces."""
        return self._core.played

    def moves(self, notation: str = "canonical") -> list[str]:
        """The moves played since the beginning of the line, as text."""
        return self._core.move_texts(notation)

    def legal_moves(self, notation: str = "canonical") -> list[str]:
        """The legal moves as text, in the fixed order of the game."""
        return self._core.legal_texts(notation)

    def read(self, text: str) -> tuple[str | None, str]:
        """``(canonical text, "")``, or ``(None, why)``: unparsable, illegal or ambiguous. Never raises."""
        move, why = self._parse(text)
        return (None, why) if move is None else (self._core.print_move(move), "")

    def print(self, move: str, notation: str = "san") -> str:
        """A legal move in the notation ``san``, ``long`` or ``canonical``."""
        return self._core.print_move(self._number(move), notation)

    def play(self, move: str) -> State:
        """The state after a move.

        Raises:
            DataError: the text is not a legal move here.
        """
        return State(self._core.play(self._number(move)))

    def outcome(self, *, claimed: bool = True) -> Outcome | None:
        """How the game ended; None if it continues.

        Args:
            claimed: whether threefold repetition and the fifty-move rule end the game, as in matches;
                otherwise only automatic endings count.
        """
        ended = self._core.outcome(claimed)
        return None if ended is None else Outcome(*ended)

    def planes(self) -> npt.NDArray[np.float32]:
        """Feature planes of the player to move: float32, shape (channels, rows, columns)."""
        return self._core.planes()

    def policy_indices(self) -> npt.NDArray[np.int64]:
        """Policy indices of the legal moves, in the order of :meth:`legal_moves`: int64, (n_moves,)."""
        return self._core.policy_indices()

    def search(
        self, *, depth: int | None = None, nodes: int | None = None, all_moves: bool = False
    ) -> kernels.CoreSearchResult:
        """The result of the built-in search; it depends on the limits only, not on the machine.

        Args:
            depth: plies to search, 1 to 128; forcing moves are searched further.
            nodes: states to visit, at least 1; the first ply is always finished. Without limits, one ply.
            all_moves: value every legal move, in ``values``, not only the best one.

        Returns:
            ``best`` (canonical text, None if the game is over), ``value_cp`` for the player to move in
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
        """The proven value of every legal move; None if the proof takes more than ``nodes`` nodes.

        Values are those of :meth:`search`, in Othello discs times 100; empty if the game is over. Chess is
        never solved, because the length of its games has no bound.

        Raises:
            UsageError: ``nodes`` below 1.
        """
        return kernels.solve([self._core], nodes=nodes)[0]

    def perft(self, depth: int) -> int:
        """The number of legal lines of exactly ``depth`` plies.

        Raises:
            UsageError: ``depth`` is not from 0 to 64.

        Example:
            >>> import w2s
            >>> w2s.game("chess").state().perft(3)
            8902
        """
        return kernels.perft(self._core, depth)[0]

    def _parse(self, text: str) -> tuple[int | None, str]:
        try:
            return self._core.parse_move(text)
        except (TypeError, UnicodeEncodeError):  # not a text, or a lone surrogate, which no notation has
            return None, "unparsable"

    def _number(self, text: str) -> int:
        move, why = self._parse(text)
        if move is None:
            raise DataError(
                "game-illegal-move", f"{str(text)[:40]!r} is {why} in {self.game} position {self.position}"
            )
        return move
