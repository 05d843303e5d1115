"""How the differential's games go on: random play that reaches what uniform play does not.

Knows nothing about what is compared. ``uniform`` takes any legal move; ``shuffler`` takes moves back, so that
positions repeat; ``quiet`` avoids captures and pawn moves, so that clocks run; ``hunter`` prefers captures,
promotions and checks, so that games end in mates and bare endings.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import chess

Style = Callable[[chess.Board, Sequence[chess.Move], random.Random], chess.Move]
EAGER = 0.8


def uniform(board: chess.Board, moves: Sequence[chess.Move], draw: random.Random) -> chess.Move:
    """Any legal move."""
    return draw.choice(moves)


def shuffler(board: chess.Board, moves: Sequence[chess.Move], draw: random.Random) -> chess.Move:
    """The mover's last move taken back where that is legal, else a quiet one."""
    if len(board.move_stack) > 1 and draw.random() < EAGER:
        last = board.move_stack[-2]
        back = chess.Move(last.to_square, last.from_square)
        if back in moves and not board.is_castling(back):
            return back
    return quiet(board, moves, draw)


def quiet(board: chess.Board, moves: Sequence[chess.Move], draw: random.Random) -> chess.Move:
    """A move that neither captures nor moves a pawn, where there is one."""
    return draw.choice([move for move in moves if not board.is_zeroing(move)] or moves)


def hunter(board: chess.Board, moves: Sequence[chess.Move], draw: random.Random) -> chess.Move:
    """A capture, promotion or check, where there is one and mostly."""
    if draw.random() < EAGER:
        forcing = [m for m in moves if m.promotion or board.is_capture(m) or board.gives_check(m)]
        return draw.choice(forcing or moves)
    return draw.choice(moves)


STYLES: list[tuple[Style, int]] = [(uniform, 5), (shuffler, 2), (quiet, 1), (hunter, 2)]


def any_style(draw: random.Random) -> Style:
    """One of the styles; uniform play half of the time."""
    return draw.choices([style for style, _ in STYLES], [weight for _, weight in STYLES])[0]


def any_length(draw: random.Random) -> int:
    """Plies after which a game is left: mostly few, so that many starts are seen, sometimes to its end."""
    return draw.choice([3, 5, 8, 8, 12, 16, 24, 40, 160])
