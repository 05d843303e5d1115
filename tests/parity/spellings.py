"""Other texts for a legal chess move: what people and programs write, and what is nearly that.

Knows nothing about who has to read them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import chess


def uci_spellings(board: chess.Board, move: chess.Move) -> list[str]:
    """The UCI texts that mean a move: castling also as king takes rook and, if no king step, to g or c."""
    texts = [board.uci(move)]
    if board.is_castling(move):
        texts.append(board.uci(move, chess960=True))
        file = "g" if board.is_kingside_castling(move) else "c"
        king, rank = chess.square_name(move.from_square), "18"[board.turn == chess.BLACK]
        goal = chess.Move.from_uci(king + file + rank) if king != file + rank else None
        if goal and not (board.is_pseudo_legal(goal) and not board.is_castling(goal)):
            texts.append(goal.uci())
    return texts


def other_spellings(board: chess.Board, move: chess.Move, texts: tuple[str, str, str]) -> Iterator[str]:
    """More texts that mean a move: without signs, with other signs for promotion, en passant and castling."""
    uci, san, long = texts
    yield long.rstrip("+#").replace("-", "") if "O" not in long else long.replace("O", "0")
    yield san.rstrip("+#").replace("x", "") + "!?"
    yield uci[:2] + "-" + uci[2:]
    if move.promotion:
        yield uci[:4] + "=" + uci[4].upper()
        yield san.replace("=", "")
        yield san.replace("=" + uci[4].upper(), f"({uci[4].upper()})")
    elif "O" in san:
        yield from uci_spellings(board, move)
    elif board.is_en_passant(move):
        yield san + " e.p."


def mutated(text: str, draw: random.Random) -> str:
    """One character of the text replaced, left out or put in."""
    at = draw.randrange(len(text))
    letter = draw.choice("abcdefgh12345678NBRQKx-+#=O")
    return text[:at] + draw.choice(["", letter, letter + text[at]]) + text[at + 1 :]
