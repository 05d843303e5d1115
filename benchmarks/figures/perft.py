"""Perft: all lines of play to a depth, counted in bulk at the last ply."""

from __future__ import annotations

from benchmarks.bare import bare
from benchmarks.figure import Figure, Measurement, Row, Target
from benchmarks.timing import hot_spots, interleaved
from w2s import kernels

REPEATS = 9
START = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1"
KIWIPETE = "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1"
CASES = (("start position, depth 5", START, 5, 4_865_609), ("Kiwipete, depth 4", KIWIPETE, 4, 4_085_603))
WITHIN = Target(least=round(1 / 1.3, 3))


def measure() -> Measurement:
    return Measurement(tuple(_row(*case) for case in CASES))


def _row(work: str, position: str, depth: int, lines: int) -> Row:
    plain, state = bare(), kernels.start("chess", position)
    if not kernels.perft(state, depth)[0] == plain.perft(position, depth) == lines:
        raise AssertionError(f"{work}: not the published {lines:,} lines")
    seconds = interleaved(
        {"w2s": lambda: kernels.perft(state, depth), "bare": lambda: plain.perft(position, depth)}, REPEATS
    )
    ours, theirs = (lines / seconds[name] / 1e6 for name in ("w2s", "bare"))
    return Row(work, "M lines/s", ours, "bare cozy-chess", theirs, WITHIN)


FIGURE = Figure(
    name="perft",
    title="Chess perft",
    how=(
        "`kernels.perft` through the `Game` trait next to the same recursion on cozy-chess's board alone "
        f"(`benchmarks/bare_cozy`), one core. Medians of {REPEATS} interleaved repeats."
    ),
    measure=measure,
    peers=("cozy-chess", "rustc"),
    explain=lambda: hot_spots(lambda: kernels.perft(kernels.start("chess", START), 5)),
)
