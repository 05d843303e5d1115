"""Lc0's planes and policy entries, slowly and plainly, on python-chess: the oracle of the Rust encoding."""

from __future__ import annotations

import chess
import numpy as np
import numpy.typing as npt


def planes(start: str, moves: list[str]) -> npt.NDArray[np.float32]:
    """The 112 planes after these moves from a FEN."""
    boards = [chess.Board(start)]
    for move in moves:
        boards.append(boards[-1].copy(stack=False))
        boards[-1].push_uci(move)
    mover = boards[-1].turn
    out = np.zeros((112, 8, 8), np.float32)
    seen = [_identity(board) for board in boards]
    for step in range(8):
        place = len(boards) - 1 - step
        if place < 0 and boards[0].fen() == chess.STARTING_FEN:
            continue
        board = boards[max(place, 0)].copy()
        if place < 0:
            _take_back_double_step(board)
        out[13 * step : 13 * step + 12] = _pieces(board, mover)
        out[13 * step + 12] = seen[max(place, 0)] in seen[: max(place, 0)]
    now = boards[-1]
    for place, (side, short) in enumerate(
        [(mover, False), (mover, True), (not mover, False), (not mover, True)]
    ):
        has = now.has_kingside_castling_rights if short else now.has_queenside_castling_rights
        out[104 + place] = has(side)
    out[108] = mover == chess.BLACK
    out[109] = now.halfmove_clock
    out[111] = 1
    return out


def _identity(board: chess.Board) -> str:
    copy = board.copy(stack=False)
    if not copy.has_legal_en_passant():
        copy.ep_square = None
    return " ".join(copy.fen().split()[:4])


def _pieces(board: chess.Board, mover: bool) -> npt.NDArray[np.float32]:
    out = np.zeros((12, 64), np.float32)
    for square, piece in board.piece_map().items():
        plane = (0 if piece.color == mover else 6) + piece.piece_type - 1
        out[plane, square if mover == chess.WHITE else chess.square_mirror(square)] = 1
    return out.reshape(12, 8, 8)


def _take_back_double_step(board: chess.Board) -> None:
    if board.ep_square is None:
        return
    up = 8 if board.turn == chess.BLACK else -8
    board.set_piece_at(board.ep_square - up, board.remove_piece_at(board.ep_square + up))


def entries() -> list[str]:
    """The moves of the policy as texts, in its order."""
    names = chess.SQUARE_NAMES
    found = []
    for start in range(64):
        rays = chess.SquareSet(chess.BB_DIAG_ATTACKS[start][0] | chess.BB_RANK_ATTACKS[start][0])
        reach = rays | chess.BB_FILE_ATTACKS[start][0] | chess.BB_KNIGHT_ATTACKS[start]
        found += [names[start] + names[end] for end in sorted(reach)]
    for start, file in enumerate("abcdefgh"):
        for end in "abcdefgh"[max(start - 1, 0) : start + 2]:
            found += [f"{file}7{end}8{piece}" for piece in "qrb"]
    return found


def entry(board: chess.Board, move: chess.Move) -> str:
    """The text of a move as the policy has it: turned for Black, castling as the king taking its rook."""
    start, end, promotion = move.from_square, move.to_square, move.promotion
    if board.is_castling(move):
        end = chess.square(7 if board.is_kingside_castling(move) else 0, chess.square_rank(start))
    if board.turn == chess.BLACK:
        start, end = chess.square_mirror(start), chess.square_mirror(end)
    piece = "" if promotion in (None, chess.KNIGHT) else chess.piece_symbol(promotion)
    return chess.SQUARE_NAMES[start] + chess.SQUARE_NAMES[end] + piece
