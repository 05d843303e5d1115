"""Which games are played through, and how each is written down.

Knows nothing about files. A new game needs its entry in ``PLAYTHROUGHS``; ``test_playthroughs`` says so.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from w2s.games import State, game

WIDTH = 110


@dataclass(frozen=True)
class Playthrough:
    """A line of play: the moves in any notation, or a seed and how many plies it draws at most."""

    name: str
    moves: str = ""
    start: str = "startpos"
    seed: int | None = None
    plies: int = 0


PLAYTHROUGHS: dict[str, list[Playthrough]] = {
    "chess": [
        Playthrough("castling short, then long", "O-O O-O-O", "r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1"),
        Playthrough("castling long, then short", "e1c1 e8g8", "r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1"),
        Playthrough(
            "a rook captured with the right to castle", "Rxh8+ Kd7", "r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1"
        ),
        Playthrough(
            "Chess960, both castle", "d1g1 O-O-O", "1r1k2r1/1pppppp1/8/8/8/8/1PPPPPP1/1R1K2R1 w GBgb - 0 1"
        ),
        Playthrough("en passant by both", "e4 a6 e5 d5 exd6 exd6 a4 b5 h3 bxa4 b4 axb3"),
        Playthrough(
            "promotion to queen and to knight",
            "axb8=Q+ Kd7 Qe5 axb1=N",
            "1n2k3/P7/8/8/8/8/p7/1N2K3 w - - 0 1",
        ),
        Playthrough("disambiguation by file, rank and both", "Qh4e1", "2k5/8/8/8/4Q2Q/8/8/K6Q w - - 0 1"),
        Playthrough("mate in two", "f3 e5 g4 Qh4#"),
        Playthrough(
            "stalemate in ten",
            "e3 a5 Qh5 Ra6 Qxa5 h5 h4 Rah6 Qxc7 f6 Qxd7+ Kf7 Qxb7 Qd3 Qxb8 Qh7 Qxc8 Kg6 Qe6",
        ),
        Playthrough("repetition", "Nf3 Nf6 Ng1 Ng8 " * 4),
        Playthrough("fifty moves", "Ra7 Kg8", "7k/8/8/8/8/8/R7/1R5K w - - 99 90"),
        Playthrough("seventy-five moves", "Ra7", "7k/8/8/8/8/8/R7/1R5K w - - 149 90"),
        Playthrough("kings alone", "Kxd2", "4k3/8/8/8/8/8/3p4/4K3 w - - 0 60"),
        Playthrough("random", seed=1, plies=60),
    ],
    "connect_four": [
        Playthrough("four upwards", "1212121"),
        Playthrough("four across", "1122334"),
        Playthrough("four on a diagonal, by the second player", "775435756766"),
        Playthrough("random, to a full board", seed=9, plies=42),
    ],
    "othello": [
        Playthrough("White is wiped out", "e6 f4 e3 f6 g5 d6 e7 f5 c5"),
        Playthrough("random", seed=1, plies=80),
        Playthrough("random", seed=5, plies=80),
    ],
}


def written(name: str) -> str:
    """All playthroughs of a game as text."""
    blocks = [
        f"# {name}, ply by ply: written by `python -m tests.golden.write`, compared byte by byte.\n"
        "# position · key · legal moves · the move played as canonical, SAN and long text"
    ]
    blocks += ["\n".join(_block(name, playthrough)) for playthrough in PLAYTHROUGHS[name]]
    return "\n\n".join(blocks) + "\n"


def _block(name: str, playthrough: Playthrough) -> Iterator[str]:
    yield f"== {playthrough.name}"
    state = game(name).state(playthrough.start)
    for move in _moves(state, playthrough):
        yield from _state(state)
        canonical, why = state.read(move)
        assert canonical is not None, f"{move} is {why} in {state.position}"
        yield f"plays {canonical} · {state.print(canonical, 'san')} · {state.print(canonical, 'long')}"
        state = state.play(canonical)
    yield from _state(state)
    for words, claimed in (("as match rules have it", True), ("by itself", False)):
        outcome = state.outcome(claimed=claimed)
        yield f"{words}: " + (
            "goes on" if outcome is None else f"{_winner(outcome.winner)}, {outcome.reason}"
        )


def _moves(state: State, playthrough: Playthrough) -> Iterator[str]:
    """The moves as they stand, or drawn until the game ends."""
    if playthrough.seed is None:
        together = " " not in playthrough.moves and playthrough.moves.isdigit()
        yield from playthrough.moves if together else playthrough.moves.split()
        return
    draw = random.Random(f"golden:{state.game}:{playthrough.seed}")
    for _ in range(playthrough.plies):
        if state.outcome() is not None:
            return
        move = draw.choice(state.legal_moves())
        yield move
        state = state.play(move)


def _winner(winner: int | None) -> str:
    return "a draw" if winner is None else f"player {winner} wins"


def _state(state: State) -> Iterator[str]:
    yield f"{state.ply}  {state.position}  {state.key:016x}"
    row = "  "
    for move in state.legal_moves():
        if len(row) + len(move) + 1 > WIDTH:
            yield row.rstrip()
            row = "  "
        row += move + " "
    yield row.rstrip() if row.strip() else "  no moves"
