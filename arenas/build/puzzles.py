"""Mines the bundled puzzles from generated games and writes ``arenas/puzzles/GAME.parquet``.

    python arenas/build/puzzles.py chess

Needs the shards of positions.py. No policy learns from the games of puzzles, and no puzzle is a position of
the ladder. The puzzles of each shard are saved in ``--cache``, so that a killed run can continue. The same
seed gives the same puzzles.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import engine_puzzles
import pyarrow as pa
import pyarrow.parquet as pq
import solver_puzzles
from games import play
from positions import FOLDER, WANTED_POSITIONS, ladder, shard, write
from puzzle_schema import BUNDLED, MINED
from stockfish import Stockfish

BUNDLE = Path(__file__).resolve().parent.parent / "puzzles"
WANTED = {"chess": 20_000, "connect_four": 3_000, "othello": 3_000}
GAMES_A_SHARD = 256
_MAX_EASY_SHARE = 0.5


def mine_shard(folder: Path, name: str, number: int, seed: int, engine: Stockfish | None) -> Path:
    """The file with the puzzles of a shard; if it is missing, the games are played and mined."""
    path = shard(folder, name, number, "puzzles")
    if not path.exists():
        numbers = range(number * GAMES_A_SHARD, (number + 1) * GAMES_A_SHARD)
        rows: list[dict[str, Any]] = []
        for game in play(name, numbers, seed, engine, "puzzles"):
            rows += engine_puzzles.mine(game, engine) if engine else solver_puzzles.mine(game)
        write(pa.Table.from_pylist(rows, schema=MINED), path)
    return path


def mine(folder: Path, name: str, wanted: int, seed: int) -> list[dict[str, Any]]:
    """Puzzles distinct by key, at most half of them easy, from as many shards as needed.

    No puzzle is a position of the ladder, whose shards must exist.
    """
    kept: list[dict[str, Any]] = []
    seen = ladder_keys(folder, name)
    number = easy = 0
    with Stockfish() if name == "chess" else nullcontext() as engine:
        while len(kept) < wanted:
            for row in pq.read_table(mine_shard(folder, name, number, seed, engine)).to_pylist():
                if row["key"] not in seen and not (row["easy"] and easy >= wanted * _MAX_EASY_SHARE):
                    seen.add(row["key"])
                    easy += row["easy"]
                    kept.append(row)
            number += 1
            print(f"{name}: {number} shards, {len(kept):,} puzzles", flush=True)
    return kept[:wanted]


def ladder_keys(folder: Path, name: str) -> set[int]:
    """Keys of the positions of the ladder, from which policies learn."""
    keys: set[int] = set()
    for path in ladder(folder, name, WANTED_POSITIONS[name]):
        keys.update(pq.read_table(path, columns=["key"])["key"].to_pylist())
    return keys


def make(folder: Path, name: str, wanted: int, seed: int) -> None:
    """Mine what is missing and write the puzzles of a game in random order."""
    rows = mine(folder, name, wanted, seed)
    random.Random(f"puzzles:{name}:{seed}").shuffle(rows)
    write(pa.Table.from_pylist(rows, schema=BUNDLED), BUNDLE / f"{name}.parquet")
    print(f"{name}: {len(rows):,} puzzles, {dict(Counter(row['split'] for row in rows))}")


def main() -> None:
    """Mine the puzzles of one game."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("game", choices=list(WANTED))
    parser.add_argument("--cache", type=Path, default=FOLDER)
    parser.add_argument("--puzzles", type=int)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    wanted = arguments.puzzles or WANTED[arguments.game]
    make(arguments.cache.expanduser(), arguments.game, wanted, arguments.seed)


if __name__ == "__main__":
    main()
