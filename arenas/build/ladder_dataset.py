"""Positions of the ladder as a data set, distinct by key.

Examples are created on access, because three million of them would need gigabytes of memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from w2s.games import game
from w2s.models import Want, load_model
from w2s.tasks import MoveExample
from w2s.train import TrainingSet

_COLUMNS = ["game", "position", "key", "player", "played", "best"]
_VALIDATION_EVERY = 48
_BATCH = 4096


@dataclass(frozen=True)
class Ladder:
    """Labelled positions of one game for training, and those of other games for validation."""

    training: pa.Table
    validation: pa.Table


def read_ladder(paths: Sequence[Path], name: str, wanted: int, played_by: tuple[str, ...] = ()) -> Ladder:
    """Distinct positions for training, none of them in a validation game.

    One game in 48 is for validation. The first of equal positions is kept.

    Args:
        paths: shards of positions.
        name: name of the game.
        wanted: number of positions for training.
        played_by: names of players whose moves are used; empty for all players.
    """
    table = pa.concat_tables([pq.read_table(path, columns=_COLUMNS) for path in paths])
    validates = pc.equal(pc.subtract(table["game"], _round_down(table["game"])), 0).to_numpy(
        zero_copy_only=False
    )
    validation = _distinct(table.filter(pa.array(validates)), np.array([], np.uint64))
    training = _distinct(table.filter(pa.array(~validates)), _keys(validation))
    if played_by:
        training = training.filter(pc.is_in(training["player"], pa.array(played_by))).combine_chunks()
    if training.num_rows < wanted:
        raise SystemExit(
            f"{name} has {training.num_rows:,} distinct positions for training, not {wanted:,}: make more "
            "with arenas/build/positions.py"
        )
    return Ladder(training.slice(0, wanted), validation)


def _round_down(games: pa.ChunkedArray) -> pa.ChunkedArray:
    every = pa.scalar(_VALIDATION_EVERY, pa.int32())
    return pc.multiply(pc.divide(games, every), every)


def _keys(table: pa.Table) -> npt.NDArray[np.uint64]:
    keys: npt.NDArray[np.uint64] = table["key"].to_numpy()
    return keys


def _distinct(table: pa.Table, taken: npt.NDArray[np.uint64]) -> pa.Table:
    """The first row of each key that is not taken, in the order of the table."""
    _, first = np.unique(_keys(table), return_index=True)
    rows = np.sort(first)
    rows = rows[~np.isin(_keys(table)[rows], taken)]
    return table.take(pa.array(rows)).combine_chunks()


class Examples(Sequence[MoveExample]):
    """Examples of a table of positions, created on each access; ids are ``GAME-ROW``."""

    def __init__(self, name: str, table: pa.Table) -> None:
        self._rules = game(name)
        self._positions = table["position"].combine_chunks()

    def __len__(self) -> int:
        return len(self._positions)

    def __getitem__(self, row: int) -> MoveExample:
        state = self._rules.state(self._positions[row].as_py())
        return MoveExample(f"{self._rules.name}-{row}", state)

    def __iter__(self) -> Iterator[MoveExample]:
        return (self[row] for row in range(len(self)))


class Targets(Sequence[Mapping[str, float]]):
    """Target distributions: a weight for the move that was played, the rest for the best move."""

    def __init__(self, table: pa.Table, played_share: float) -> None:
        self._played = table["played"].combine_chunks()
        self._best = table["best"].combine_chunks()
        self._share = played_share

    def __len__(self) -> int:
        return len(self._best)

    def __getitem__(self, row: int) -> Mapping[str, float]:
        played, best = self._played[row].as_py(), self._best[row].as_py()
        if played == best or self._share == 0:
            return {best: 1.0}
        return {played: self._share, best: 1 - self._share} if self._share < 1 else {played: 1.0}

    def __iter__(self) -> Iterator[Mapping[str, float]]:
        return (self[row] for row in range(len(self)))


def with_played_by(table: pa.Table, name: str, reference: str) -> pa.Table:
    """The table with the moves that a model would play in the column ``played``."""
    model = load_model(reference)
    examples = Examples(name, table)
    moves: list[str] = []
    for start in range(0, len(examples), _BATCH):
        some = [examples[row] for row in range(start, min(start + _BATCH, len(examples)))]
        moves += [answer.label for answer in model.answer(some, Want())]
    return table.set_column(table.schema.get_field_index("played"), "played", pa.array(moves))


def training_set(name: str, table: pa.Table, played_share: float) -> TrainingSet:
    """The training set of a table of positions, with equal weights."""
    return TrainingSet(Examples(name, table), Targets(table, played_share), np.ones(table.num_rows))
