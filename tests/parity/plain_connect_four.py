"""Connect Four from its rule book, on a list of six lists; slow, and nothing to get wrong.

Knows nothing about bits. A square is ``x`` (who starts), ``o`` or a space; ``board[0]`` is the top row.
"""

from __future__ import annotations

Board = list[list[str]]
ROWS, COLUMNS = 6, 7


def start() -> Board:
    return [[" "] * COLUMNS for _ in range(ROWS)]


def opponent(player: str) -> str:
    return "o" if player == "x" else "x"


def _fours() -> list[list[tuple[int, int]]]:
    """Every four squares in a row: across, up, or on a diagonal."""
    found = []
    for row in range(ROWS):
        for column in range(COLUMNS):
            for down, right in [(0, 1), (1, 0), (1, 1), (1, -1)]:
                squares = [(row + n * down, column + n * right) for n in range(4)]
                if all(0 <= r < ROWS and 0 <= c < COLUMNS for r, c in squares):
                    found.append(squares)
    return found


FOURS = _fours()


def has_four(board: Board, player: str) -> bool:
    """Whether a player has four in a row."""
    return any(all(board[r][c] == player for r, c in squares) for squares in FOURS)


def legal_moves(board: Board) -> list[str]:
    """Columns that are not full, left to right; none once somebody has four."""
    if has_four(board, "x") or has_four(board, "o"):
        return []
    return [str(column + 1) for column in range(COLUMNS) if board[0][column] == " "]


def play(board: Board, player: str, move: str) -> Board:
    """The board after a stone fell into a column."""
    after = [list(row) for row in board]
    column = int(move) - 1
    row = max(row for row in range(ROWS) if board[row][column] == " ")
    after[row][column] = player
    return after


def outcome(board: Board) -> tuple[int | None, str] | None:
    """Winner 0 is ``x``."""
    if has_four(board, "x"):
        return 0, "line"
    if has_four(board, "o"):
        return 1, "line"
    full = all(square != " " for row in board for square in row)
    return (None, "board full") if full else None


def can_be_reached(board: Board, player: str) -> bool:
    """Whether some game leads here with ``player`` to move: found by taking stones back, in every order."""
    stones = [square for row in board for square in row]
    surplus = stones.count("x") - stones.count("o")
    if surplus != (0 if player == "x" else 1) or not _all_stones_rest(board):
        return False
    return _taken_back(board, player, set())


def _all_stones_rest(board: Board) -> bool:
    return not any(
        board[row][column] != " " and board[row + 1][column] == " "
        for row in range(ROWS - 1)
        for column in range(COLUMNS)
    )


def _taken_back(board: Board, player: str, dead: set[str]) -> bool:
    if has_four(board, player):
        return False
    if board == start():
        return True
    if text(board, player) in dead:
        return False
    last = opponent(player)
    for column in range(COLUMNS):
        top = [row for row in range(ROWS) if board[row][column] != " "][:1]
        if not top or board[top[0]][column] != last:
            continue
        before = [list(row) for row in board]
        before[top[0]][column] = " "
        # The game went on from there, so nobody had four.
        if not has_four(before, last) and _taken_back(before, last, dead):
            return True
    dead.add(text(board, player))
    return False


def text(board: Board, player: str) -> str:
    """The diagram and who is to move."""
    return "/".join(map(_row_text, board)) + " " + player


def _row_text(row: list[str]) -> str:
    joined = "".join(row)
    for free in range(COLUMNS, 0, -1):
        joined = joined.replace(" " * free, str(free))
    return joined
