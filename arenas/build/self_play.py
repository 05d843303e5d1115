"""Games of a bundled policy against itself, with the features of their positions and their results.

Games start from bundled openings, cut at random, and moves are drawn from the policy at a temperature. No
engine and no search takes part. The same seed on the same machine gives the same games.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from games import openings

from w2s.files import atomic_file
from w2s.games import State, game
from w2s.models.policy.device import has_fast_bfloat16
from w2s.models.policy.inference import BatchedNet, NetOutput, log_softmax
from w2s.models.policy.nets import PolicyNet, inference_copy, weights_digest
from w2s.resume import digest

GAMES_A_SHARD = 512
_BATCH = 64


class Play(NamedTuple):
    """How a policy plays against itself.

    Attributes:
        games: number of games.
        temperature: temperature of the policy from which moves are drawn.
        share: share of the positions that are kept, drawn at random.
        max_plies: length at which a game ends without a result; its positions are left out.
    """

    games: int
    temperature: float
    share: float
    max_plies: int


class Positions(NamedTuple):
    """Positions of finished games; n rows.

    Attributes:
        features: float16, (n, channels, places): the last features of the board.
        keys: uint64, (n,): equal for equal positions.
        games: int64, (n,): number of the game.
        results: float32, (n,): result of the game for the player to move: 1, 0 or -1.
    """

    features: npt.NDArray[np.float16]
    keys: npt.NDArray[np.uint64]
    games: npt.NDArray[np.int64]
    results: npt.NDArray[np.float32]


@dataclass(slots=True)
class _Game:
    """One game and the positions of it that are kept."""

    number: int
    state: State
    draw: random.Random
    kept: list[tuple[State, npt.NDArray[np.float16]]] = field(default_factory=list)

    def play(self, output: NetOutput, play: Play) -> None:
        """Play a move that is drawn from the policy."""
        if self.draw.random() < play.share:
            self.kept.append((self.state, output.features.astype(np.float16)))
        cumulative = np.exp(log_softmax(output.log_probs / play.temperature)).cumsum()
        place = int(np.searchsorted(cumulative, self.draw.random() * cumulative[-1], side="right"))
        self.state = self.state.play(self.state.legal_moves()[min(place, len(cumulative) - 1)])

    def is_over(self, play: Play) -> bool:
        """Whether the rules or the length end it."""
        return self.state.ply >= play.max_plies or self.state.outcome() is not None


def read_positions(folder: Path, net: PolicyNet, play: Play, seed: int) -> Positions:
    """The positions of all games; shards that are missing in the folder are played."""
    device = torch.device("cpu")
    dtype = torch.bfloat16 if has_fast_bfloat16(device) else torch.float32
    batched = BatchedNet(inference_copy(net, dtype), device, _BATCH)
    inputs = [weights_digest(net), play.temperature, play.share, play.max_plies, seed]
    folder = folder / digest(inputs)[:12]
    shards = [
        _shard(folder / f"positions-{first:06d}-{last:06d}.npz", batched, play, range(first, last), seed)
        for first, last in _ranges(play.games)
    ]
    return Positions(*(np.concatenate(column) for column in zip(*shards, strict=True)))


def play_states(net: PolicyNet, play: Play, seed: int) -> list[State]:
    """The positions of games that the policy plays, in the order of games and plies; none is saved."""
    device = torch.device("cpu")
    batched = BatchedNet(inference_copy(net, torch.float32), device, _BATCH)
    return [
        state
        for first, last in _ranges(play.games)
        for one in _play(batched, play, range(first, last), seed)
        for state, _ in one.kept
    ]


def _ranges(count: int) -> list[tuple[int, int]]:
    return [(first, min(first + GAMES_A_SHARD, count)) for first in range(0, count, GAMES_A_SHARD)]


def _shard(path: Path, net: BatchedNet, play: Play, numbers: range, seed: int) -> Positions:
    """The positions of these games, from the file if it exists."""
    if not path.exists():
        found = _rows(_play(net, play, numbers, seed))
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as part, part.open("wb") as file:
            np.savez(file, **found._asdict())
        print(f"{path}: {len(found.keys):,} positions", flush=True)
    with np.load(path) as arrays:
        return Positions(*(arrays[name] for name in Positions._fields))


def _play(net: BatchedNet, play: Play, numbers: range, seed: int) -> list[_Game]:
    """Games played in lockstep."""
    games = [_begin(net.config.game, number, seed) for number in numbers]
    active = [one for one in games if not one.is_over(play)]
    while active:
        for one, output in zip(active, net.run([one.state for one in active]), strict=True):
            one.play(output, play)
        active = [one for one in active if not one.is_over(play)]
    return games


def _begin(name: str, number: int, seed: int) -> _Game:
    draw = random.Random(f"self-play:{name}:{seed}:{number}")
    line = draw.choice(openings(name))
    return _Game(number, game(name).state("startpos", line[: draw.randint(0, len(line))]), draw)


def _rows(games: Sequence[_Game]) -> Positions:
    """The kept positions of games that have a result."""
    rows = []
    for one in games:
        outcome = one.state.outcome()
        if outcome is not None:
            rows += [
                (features, state.key, one.number, _result(outcome.winner, state.to_move))
                for state, features in one.kept
            ]
    features, keys, numbers, results = zip(*rows, strict=True)
    return Positions(
        np.stack(features), np.array(keys, np.uint64), np.array(numbers), np.array(results, np.float32)
    )


def _result(winner: int | None, to_move: int) -> float:
    return 0.0 if winner is None else 1.0 if winner == to_move else -1.0
