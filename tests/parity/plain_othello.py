"""Othello from its rule book, on a list of eight lists; slow, and nothing to get wrong.

Knows nothing about bits. A square is ``x``, ``o`` or a space; ``board[0]`` is rank 1, the top of a diagram.
"""

from __future__ import annotations

Board = list[list[str]]
DIRECTIONS = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)]


def start() -> Board:
    """Black on d5 and e4, White on d4 and e5."""
    board = [[" "] * 8 for _ in range(8)]
    board[3][3] = board[4][4] = "o"
    board[3][4] = board[4][3] = "x"
    return board


def opponent(player: str) -> str:
    return "o" if player == "x" else "x"


def flips(board: Board, player: str, row: int, column: int) -> list[tuple[int, int]]:
    """The opponent's discs that a disc on a free square would turn."""
    found = []
    if board[row][column] != " ":
        return []
    for down, right in DIRECTIONS:
        line = []
        r, c = row + down, column + right
        while 0 <= r < 8 and 0 <= c < 8 and board[r][c] == opponent(player):
            line.append((r, c))
            r, c = r + down, c + right
        if 0 <= r < 8 and 0 <= c < 8 and board[r][c] == player:
            found += line
    return found


def placements(board: Board, player: str) -> list[str]:
    """Where a player can place a disc, row by row."""
    squares = [(row, column) for row in range(8) for column in range(8)]
    return [f"{'abcdefgh'[c]}{r + 1}" for r, c in squares if flips(board, player, r, c)]


def legal_moves(board: Board, player: str) -> list[str]:
    """Placements, or ``pass`` where only the opponent has one, or nothing."""
    own = placements(board, player)
    if not own and placements(board, opponent(player)):
        return ["pass"]
    return own


def play(board: Board, player: str, move: str) -> Board:
    """The board after a legal move."""
    after = [list(row) for row in board]
    if move != "pass":
        row, column = int(move[1]) - 1, "abcdefgh".index(move[0])
        for r, c in [(row, column), *flips(board, player, row, column)]:
            after[r][c] = player
    return after


def outcome(board: Board) -> tuple[int | None, str] | None:
    """Over when nobody can place a disc; more discs win. Winner 0 is ``x``."""
    if placements(board, "x") or placements(board, "o"):
        return None
    discs = [square for row in board for square in row]
    black, white = discs.count("x"), discs.count("o")
    winner = None if black == white else 0 if black > white else 1
    return winner, "no moves" if " " in discs else "board full"


def text(board: Board, player: str) -> str:
    """The diagram and who is to move."""
    return "/".join(map(_row_text, board)) + " " + player


def _row_text(row: list[str]) -> str:
    joined = "".join(row)
    for free in range(8, 0, -1):
        joined = joined.replace(" " * free, str(free))
    return joined
