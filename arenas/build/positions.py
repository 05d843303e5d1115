"""Plays the ladder's games and labels every position of them: the data of policies and puzzles.

    python arenas/build/positions.py chess

A shard holds games and their positions with the move that was played, and the best move and its value
according to Stockfish at nodes=100 (chess) or the built-in search (other games). Existing shards are kept, so
that a killed run can continue. The same seed gives the same shards.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from games import LadderGame, play, replay
from stockfish import MATE_CP, Line, Stockfish, ranked_lines

from w2s import kernels
from w2s.files import atomic_file
from w2s.games import State

FOLDER = Path("~/.cache/w2s-ladder").expanduser()
GAMES_A_SHARD = {"chess": 512, "connect_four": 1024, "othello": 512}
WANTED_POSITIONS = {"chess": 3_300_000, "connect_four": 200_000, "othello": 200_000}
LABEL_NODES = {"chess": 100, "connect_four": 5_000, "othello": 2_000}

GAMES = pa.schema(
    [
        ("number", pa.int32()),
        ("opening_plies", pa.int16()),
        ("moves", pa.string()),
        ("players", pa.list_(pa.string())),
    ]
)
POSITIONS = pa.schema(
    [
        ("game", pa.int32()),
        ("ply", pa.int16()),
        ("position", pa.string()),
        ("key", pa.uint64()),
        ("player", pa.string()),
        ("played", pa.string()),
        ("best", pa.string()),
        ("value_cp", pa.int16()),
    ]
)


def shard(folder: Path, name: str, number: int, kind: str) -> Path:
    """The file of a shard; ``kind`` is games or positions."""
    return folder / name / f"{kind}-{number:05d}.parquet"


def ladder(folder: Path, name: str, wanted: int) -> list[Path]:
    """The first shards that together have at least ``wanted`` positions.

    Raises:
        SystemExit: there are not enough; the message names the command that makes more.
    """
    paths: list[Path] = []
    total = 0
    while total < wanted:
        path = shard(folder, name, len(paths), "positions")
        if not path.exists():
            raise SystemExit(
                f"{name} has {total:,} positions in {folder}, not {wanted:,}: make more with "
                f"arenas/build/positions.py {name}"
            )
        total += pq.read_metadata(path).num_rows
        paths.append(path)
    return paths


def label(name: str, states: Sequence[State], engine: Stockfish | None) -> list[Line]:
    """The best move and value of each state of one game; the engine starts a new game."""
    nodes = LABEL_NODES[name]
    if engine is not None:
        engine.new_game()
        return [
            ranked_lines(answer)[0] for answer in engine.search([state.position for state in states], nodes)
        ]
    found = kernels.search([state._core for state in states], nodes=nodes)
    return [Line(one.best or "", _engine_scale(one.value_cp)) for one in found]


def _engine_scale(value_cp: int) -> int:
    """A value of the built-in search on the scale of the engine: a win in ``n`` plies is 32,000 − n."""
    if abs(value_cp) > kernels.LARGEST_CP // 2:
        lost = kernels.LARGEST_CP - abs(value_cp)
        return MATE_CP - lost if value_cp > 0 else lost - MATE_CP
    return max(-MATE_CP // 2, min(MATE_CP // 2, value_cp))


def game_rows(games: Sequence[LadderGame]) -> pa.Table:
    """One row per game; its moves, including the opening, are joined by spaces."""
    rows = [
        {
            "number": one.number,
            "opening_plies": one.opening_plies,
            "moves": " ".join(one.state.moves()),
            "players": [player.name for player in one.players],
        }
        for one in games
    ]
    return pa.Table.from_pylist(rows, schema=GAMES)


def label_shard(name: str, games: pa.Table, engine: Stockfish | None) -> pa.Table:
    """One row per position in which a player of a game moved."""
    rows: list[dict[str, object]] = []
    for row in games.to_pylist():
        moves = row["moves"].split()
        states = list(replay(name, moves, row["opening_plies"]))
        for state, best in zip(states, label(name, states, engine), strict=True):
            rows.append(_position(row, moves, state, best))
    return pa.Table.from_pylist(rows, schema=POSITIONS)


def _position(row: Mapping[str, Any], moves: Sequence[str], state: State, best: Line) -> dict[str, object]:
    return {
        "game": row["number"],
        "ply": state.ply,
        "position": state.position,
        "key": state.key,
        "player": row["players"][state.to_move],
        "played": moves[state.ply],
        "best": best.move,
        "value_cp": best.value_cp,
    }


def write(table: pa.Table, path: Path) -> None:
    """Write a Parquet file atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as part:
        pq.write_table(table, part, compression="zstd", compression_level=9)


def make_shard(folder: Path, name: str, number: int, seed: int, engine: Stockfish | None) -> int:
    """Play and label a shard if it is missing; returns its number of positions."""
    positions, games = (shard(folder, name, number, kind) for kind in ("positions", "games"))
    if not positions.exists():
        if not games.exists():
            size = GAMES_A_SHARD[name]
            numbers = range(number * size, (number + 1) * size)
            write(game_rows(play(name, numbers, seed, engine)), games)
        write(label_shard(name, pq.read_table(games), engine), positions)
    return int(pq.read_metadata(positions).num_rows)


def make(folder: Path, name: str, wanted: int, seed: int) -> None:
    """Make shards until there are ``wanted`` positions, including repetitions, which readers omit."""
    total, number, began = 0, 0, time.monotonic()
    with Stockfish() if name == "chess" else nullcontext() as engine:
        while total < wanted:
            total += make_shard(folder, name, number, seed, engine)
            number += 1
            print(
                f"{name}: {number} shards, {total:,} positions, {time.monotonic() - began:.0f} s", flush=True
            )


def main() -> None:
    """Make the positions of one game."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("game", choices=list(LABEL_NODES))
    parser.add_argument("--positions", type=int, help="number of positions; for trials")
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    wanted = arguments.positions or WANTED_POSITIONS[arguments.game]
    make(arguments.out.expanduser(), arguments.game, wanted, arguments.seed)


if __name__ == "__main__":
    main()
