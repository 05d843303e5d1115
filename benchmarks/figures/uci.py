"""UCI matches: the whole arena, next to a loop around python-chess's engine module; same engine, same
games."""

from __future__ import annotations

import tempfile
from itertools import islice
from pathlib import Path

import chess
import chess.engine

from benchmarks.figure import Figure, Measurement, Row, SkippedError, Target
from benchmarks.timing import hot_spots, interleaved
from w2s import arena
from w2s.arena.openings import Opening, read_openings
from w2s.arena.record import MatchRecord
from w2s.errors import ModelError
from w2s.models import Want, load_model
from w2s.models.uci.finder import resolve
from w2s.tasks import MoveExample

PAIRS = 40
REPEATS = 3
PLAYER = "uci:stockfish?nodes=1"
OPENINGS = "openings/chess.txt"
MAX_PLIES = 300
FASTCHESS_PLIES = 1914
OVER_LOOP = Target(least=2.3)


def measure() -> Measurement:
    program = _stockfish()
    openings = list(islice(read_openings(OPENINGS, "chess"), PAIRS))
    plies = loop(program, openings)
    if not plies == play_arena() == client(openings):
        raise AssertionError("the contenders did not play the same games")
    seconds = interleaved(
        {"arena": play_arena, "client": lambda: client(openings), "loop": lambda: loop(program, openings)},
        REPEATS,
    )
    rates = {name: plies / taken for name, taken in seconds.items()}
    peer = "python-chess loop"
    return Measurement(
        (
            Row("w2s.arena.run", "plies/s", rates["arena"], peer, rates["loop"], OVER_LOOP),
            Row("the UCI client alone", "plies/s", rates["client"], peer, rates["loop"]),
        ),
        (
            f"{2 * PAIRS} games, {plies:,} plies.",
            f"fastchess plays {FASTCHESS_PLIES:,} plies/s on two cores of another machine, where the "
            "python-chess loop played 855; it was not run here.",
        ),
    )


def _stockfish() -> str:
    try:
        return resolve("stockfish")
    except ModelError:
        raise SkippedError("needs Stockfish (Debian: apt-get install stockfish)") from None


def play_arena() -> int:
    """Plies that an arena plays after the openings, everything included: labels, verification, files."""
    spec = arena.ArenaSpec(
        game="chess",
        players={"teacher": PLAYER, "student": PLAYER},
        pairs=PAIRS,
        openings={"file": OPENINGS, "order": "sequential"},
        rules={"max_plies": MAX_PLIES},
        labels={"by": "mover"},
        verify={"oracles": []},
    )
    played: list[MatchRecord] = []
    with tempfile.TemporaryDirectory() as folder:
        arena.run(
            spec, Path(folder) / "run", show=lambda progress: played.extend(progress.finished[len(played) :])
        )
    return sum(len(record.moves) - record.opening_plies for record in played)


def client(openings: list[Opening]) -> int:
    """Plies of the same games by the models alone, without match, labels or files."""
    plies, want = 0, Want()
    players = [load_model(PLAYER), load_model(PLAYER)]
    try:
        for number in range(2 * len(openings)):
            state = openings[number // 2].state("chess")
            while state.outcome() is None and state.ply < MAX_PLIES:
                player = players[(state.to_move + number) % 2]
                (answer,) = player.answer([MoveExample("", state, match=str(number))], want)
                state = state.play(answer.label)
                plies += 1
    finally:
        for player in players:
            player.close()
    return plies


def loop(program: str, openings: list[Opening]) -> int:
    """Plies of the same games, as a script with python-chess plays them."""
    plies, limit = 0, chess.engine.Limit(nodes=1)
    players = [chess.engine.SimpleEngine.popen_uci(program) for _ in range(2)]
    try:
        for number in range(2 * len(openings)):
            board = chess.Board()
            for move in openings[number // 2].moves:
                board.push_uci(move)
            while not _is_over(board):
                player = players[(board.turn == chess.BLACK) ^ number % 2]
                board.push(player.play(board, limit, game=number).move)
                plies += 1
    finally:
        for player in players:
            player.quit()
    return plies


def _is_over(board: chess.Board) -> bool:
    """The arena's endings, in the cheapest calls that python-chess has for them."""
    return (
        len(board.move_stack) >= MAX_PLIES
        or board.is_game_over()
        or board.is_repetition(3)
        or board.halfmove_clock >= 100
    )


FIGURE = Figure(
    name="uci",
    title="UCI matches",
    how=(
        f"Stockfish with nodes=1 against itself, concurrency 1, {2 * PAIRS} games from the bundled openings; "
        "the start of the engines is included. The arena also labels every position, checks it and writes "
        f"its files. Medians of {REPEATS} interleaved repeats."
    ),
    measure=measure,
    peers=("chess", "stockfish"),
    explain=lambda: hot_spots(play_arena),
)
