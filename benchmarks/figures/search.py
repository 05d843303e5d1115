"""The built-in search: positions per second, and puzzles solved at depth 4."""

from __future__ import annotations

import math
import random
from dataclasses import replace

from benchmarks.figure import Figure, Measurement, Row, SkippedError, Target
from benchmarks.positions import Puzzle, puzzles
from benchmarks.timing import interleaved
from w2s import kernels
from w2s.models import Want, load_model
from w2s.tasks import MoveExample

REPEATS = 5
PUZZLES = 1_000
SEED = 0
MODEL = "search:depth=4"
SOLVED = Target(least=60, of_ratio=False)
SHOWN = 5
KIWIPETE = "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1"
SPEEDS = (
    ("chess, Kiwipete, depth 7", "chess", KIWIPETE, 7),
    ("chess, start position, depth 8", "chess", "startpos", 8),
    ("othello, start position, depth 9", "othello", "startpos", 9),
    ("connect_four, start position, depth 12", "connect_four", "startpos", 12),
)


def measure() -> Measurement:
    rows = [_speed(*case) for case in SPEEDS]
    try:
        solved = _solved()
    except SkippedError as reason:
        return Measurement(tuple(rows), (f"Puzzles skipped: {reason}.",))
    return replace(solved, rows=(*rows, *solved.rows))


def _speed(work: str, name: str, position: str, depth: int) -> Row:
    state = kernels.start(name, position)
    nodes = kernels.search([state], depth=depth)[0].nodes
    seconds = interleaved({"w2s": lambda: kernels.search([state], depth=depth)}, REPEATS)["w2s"]
    return Row(work, "M nodes/s", nodes / seconds / 1e6)


def _solved() -> Measurement:
    drawn = random.Random(SEED).sample(puzzles(), PUZZLES)
    examples = [MoveExample(str(index), puzzle.state) for index, puzzle in enumerate(drawn)]
    answers = load_model(MODEL).answer(examples, Want())
    missed = [(p, a.label) for p, a in zip(drawn, answers, strict=True) if not solves(p, a.label)]
    solved = PUZZLES - len(missed)
    low, high = wilson(solved, PUZZLES)
    row = Row(f"puzzles solved, {MODEL}", "%", 100 * solved / PUZZLES, target=SOLVED)
    share = (
        f"Solved {solved} of {PUZZLES} puzzles drawn with seed {SEED}: 95 % interval {low:.1%} to {high:.1%}."
    )
    notes = (share, _by_rating(drawn, {id(puzzle) for puzzle, _ in missed}))
    return Measurement((row,), notes, (_examples(missed),))


def solves(puzzle: Puzzle, label: str) -> bool:
    """The move of the solution, or any mate in one if the solution mates in one."""
    if label == puzzle.solution:
        return True
    return mates(puzzle, puzzle.solution) and mates(puzzle, label)


def mates(puzzle: Puzzle, move: str) -> bool:
    outcome = puzzle.state.play(move).outcome()
    return outcome is not None and outcome.winner is not None


def wilson(successes: int, trials: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's interval of a share."""
    share, square = successes / trials, z * z / trials
    middle = (share + square / 2) / (1 + square)
    half = z / (1 + square) * math.sqrt(share * (1 - share) / trials + square / (4 * trials))
    return middle - half, middle + half


def _by_rating(drawn: list[Puzzle], missed: set[int]) -> str:
    parts = []
    for low, high in ((0, 1000), (1000, 1500), (1500, 2000), (2000, 4000)):
        band = [id(puzzle) not in missed for puzzle in drawn if low <= puzzle.rating < high]
        if band:
            parts.append(f"{low}–{high}: {sum(band) / len(band):.0%} of {len(band)}")
    return f"By rating: {'; '.join(parts)}."


def _examples(missed: list[tuple[Puzzle, str]]) -> str:
    shown = (
        f"`{puzzle.state.position}` {puzzle.state.print(label)} for {puzzle.state.print(puzzle.solution)}"
        f" ({puzzle.rating}, solution of {len(puzzle.line)} plies)"
        for puzzle, label in missed[:SHOWN]
    )
    return f"First missed: {'; '.join(shown)}."


FIGURE = Figure(
    name="search",
    title="Built-in search",
    how=(
        f"States visited a second by one search on one core, medians of {REPEATS}; and how many of "
        f"{PUZZLES:,} Lichess puzzles the player `{MODEL}` solves (their first move; in a mate in one any "
        "move that mates)."
    ),
    measure=measure,
)
