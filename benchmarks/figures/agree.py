"""The full agreement check: position and two notations parsed, legality, both played, states compared.

Run as a module it measures with the given number of threads and prints seconds as JSON: threads are counted
once per process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import chess

import w2s
from benchmarks.bare import bare
from benchmarks.figure import Figure, Measurement, Row, Target
from benchmarks.positions import Rows, rows, source
from benchmarks.timing import hot_spots, interleaved

ROWS = 300_000
PYTHON_CHESS_ROWS = 3_000
REPEATS = 7
SAME = 2  # the bare loop's code
WITHIN = Target(least=round(1 / 1.3, 3))
OVER_PYTHON_CHESS = {1: Target(least=70), 2: Target(least=100)}
CORES = {1: "one core", 2: "two cores"}


def measure() -> Measurement:
    bare()  # built here, so that no worker has to
    found: list[Row] = []
    for threads in (1, 2):
        rates = {name: ROWS / taken for name, taken in _seconds(threads).items()}
        rates["python-chess"] *= PYTHON_CHESS_ROWS / ROWS
        cores = CORES[threads]
        for name in ("lists of str", "Arrow arrays"):
            found.append(_row(f"{name}, {cores}", rates[name], "bare cozy-chess loop", rates["bare"], WITHIN))
        target = OVER_PYTHON_CHESS[threads]
        found.append(
            _row(
                f"lists of str, {cores}",
                rates["lists of str"],
                "python-chess, one core",
                rates["python-chess"],
                target,
            )
        )
    return Measurement(tuple(found), (f"Positions: {source()}.",))


def _row(work: str, ours: float, peer: str, theirs: float, target: Target) -> Row:
    return Row(work, "k rows/s", ours / 1e3, peer, theirs / 1e3, target)


def _seconds(threads: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.figures.agree", str(threads)]
    environment = {**os.environ, "RAYON_NUM_THREADS": str(threads)}
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    seconds: dict[str, float] = json.loads(printed)
    return seconds


def _worker(threads: int) -> dict[str, float]:
    import pyarrow as pa

    texts = rows(ROWS)
    columns = (texts.positions, texts.san, texts.uci)
    arrow = [pa.array(column) for column in columns]
    few = Rows(*(column[:PYTHON_CHESS_ROWS] for column in columns))
    plain = bare()
    _check(few)
    works = {
        "lists of str": lambda: w2s.agree("chess", *columns),
        "bare": lambda: plain.agree(*columns, threads),
        "Arrow arrays": lambda: w2s.agree("chess", *arrow),
        "python-chess": lambda: python_chess(few),
    }
    return interleaved(works, REPEATS)


def _check(few: Rows) -> None:
    """Check that all three give the same answers."""
    columns = (few.positions, few.san, few.uci)
    ours = w2s.agree("chess", *columns).same_up_to_transposition.tolist()
    theirs = [code == SAME for code in bare().agree(*columns, 1)]
    if not ours == theirs == python_chess(few):
        raise AssertionError("the contenders disagree about the states")


def python_chess(few: Rows) -> list[bool]:
    """Whether both answers of each row lead to the same state, by python-chess."""
    return [_same(*row) for row in zip(few.positions, few.san, few.uci, strict=True)]


def _same(position: str, san: str, uci: str) -> bool:
    board = chess.Board(position)
    left, right = board.copy(stack=False), board
    try:
        left.push(left.parse_san(san))
        right.push(right.parse_uci(uci))
    except ValueError:
        return False
    return left._transposition_key() == right._transposition_key()


def _work() -> object:
    texts = rows(ROWS)
    return w2s.agree("chess", texts.positions, texts.san, texts.uci)


FIGURE = Figure(
    name="agree",
    title="Agreement check",
    how=(
        f"`w2s.agree` on {ROWS:,} chess positions, each with one answer in SAN and one in UCI, half of them "
        "the same move; strings in, verdicts out. The bare loop is `benchmarks/bare_cozy`: cozy-chess "
        "behind PyO3, called with the same lists; it gives one byte a row, `w2s.agree` also reasons and "
        f"canonical moves. python-chess judges {PYTHON_CHESS_ROWS:,} of the rows. "
        f"Medians of {REPEATS} interleaved repeats."
    ),
    measure=measure,
    peers=("cozy-chess", "chess", "rustc"),
    explain=lambda: hot_spots(_work),
)

if __name__ == "__main__":
    print(json.dumps(_worker(int(sys.argv[1]))))
