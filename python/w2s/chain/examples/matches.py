"""Matches of a teacher and a student, and the distinct positions that they reach.

Knows nothing about roles, right answers or training.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from w2s import arena
from w2s.arena import ArenaSpec, load_spec
from w2s.chain.config import ChainConfig
from w2s.models.keyed_random import uniform
from w2s.models.reference import parse_reference
from w2s.tasks import MoveExample, read_examples

Count = Callable[[int, int], None]
_NETS = ("policy", "lc0")


@dataclass(frozen=True)
class Reached:
    """Positions by the game that keeps them, games in the order of their numbers.

    Attributes:
        games: positions with more than one legal move; no two of all share a key.
        positions: how many were reached, the same one counted each time.
        choices: how many of those had more than one legal move.
    """

    games: list[list[MoveExample]]
    positions: int
    choices: int

    @property
    def distinct(self) -> int:
        """How many positions the games keep."""
        return sum(map(len, self.games))


def spec_of(config: ChainConfig, teacher: str, student: str, seed: int) -> ArenaSpec:
    """The arena in which a pair meets: that of the game, without oracles, in which every move is legal."""
    matches = config.matches
    players = {"teacher": teacher, "student": student}
    return load_spec(
        game=config.game,
        options={
            "players": {
                name: with_temperature(reference, matches.temperature) for name, reference in players.items()
            },
            "pairs": matches.games // 2,
            "seed": seed,
            "openings": {"file": matches.openings},
            "rules": {"illegal": "mask"},
            "labels": {"by": "mover"},
            "verify": {"oracles": []},
        },
    )


def with_temperature(reference: str, temperature: float) -> str:
    """The reference with a temperature, where it is of a net and names none."""
    parsed = parse_reference(reference)
    if parsed.kind not in _NETS or "temperature" in parsed.options or not temperature:
        return reference
    return str(replace(parsed, options={**parsed.options, "temperature": f"{temperature:g}"}))


def play(spec: ArenaSpec, folder: Path, name: str, count: Count) -> Reached:
    """Play the matches that are missing from a folder, and read the positions of all.

    Args:
        spec: the arena.
        folder: of its run; matches that are finished there are not played again.
        name: what ids and groups begin with, so that no other matches have the same.
        count: told how many games of how many are played.
    """
    arena.run(spec, folder, show=lambda progress: count(progress.done, progress.total))
    found = [
        replace(example, id=f"{name}-{example.id}", group=f"{name}-{example.group}")
        for example in read_examples(folder, game=spec.game)
    ]
    choices = [example for example in found if len(example.state.legal_moves()) > 1]
    return Reached(by_game(distinct(choices, spec.seed)), len(found), len(choices))


def distinct(examples: Sequence[MoveExample], seed: int) -> list[MoveExample]:
    """One example of each position, in their order. Of several games that reach a position one keeps it,
    drawn by seed, so that no game is favoured."""
    keepers: dict[int, tuple[float, int]] = {}
    for row, example in enumerate(examples):
        key = example.state.key
        mine = (uniform(seed, "keeper", example.group, key), row)
        keepers[key] = min(mine, keepers.get(key, mine))
    rows = {row for _, row in keepers.values()}
    return [example for row, example in enumerate(examples) if row in rows]


def by_game(examples: Sequence[MoveExample]) -> list[list[MoveExample]]:
    """Examples of one game together, games in the order in which they come."""
    games: dict[str | None, list[MoveExample]] = {}
    for example in examples:
        games.setdefault(example.group, []).append(example)
    return list(games.values())
