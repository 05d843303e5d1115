"""Positions of matches that studies ask networks about."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from w2s import arena
from w2s.arena import ArenaSpec
from w2s.arena.spec import Openings, Verification
from w2s.tasks import MoveExample, read_examples


def match_positions(
    game: str, players: Mapping[str, str], *, count: int, pairs: int, seed: int, least: int = 0
) -> list[MoveExample]:
    """At most ``count`` positions with a choice, drawn from matches.

    Args:
        game: name of the game.
        players: references of the two players by name.
        count: number of positions.
        pairs: matches with each colour.
        seed: random seed of the matches and of the draw.
        least: moves that are played before each position, at least.
    """
    spec = ArenaSpec(
        game=game,
        players=dict(players),
        pairs=pairs,
        seed=seed,
        openings=Openings(file=f"openings/{game}.txt", order="shuffled"),
        verify=Verification(share=0.0),
    )
    with TemporaryDirectory() as folder:
        arena.run(spec, Path(folder) / "run")
        found = read_examples(Path(folder) / "run", game=game)
    rows = [
        example
        for example in found
        if isinstance(example, MoveExample)
        and len(example.state.played.split()) >= least
        and len(example.state.legal_moves()) > 1
    ]
    drawn = np.random.default_rng(seed).permutation(len(rows))[:count]
    return [rows[row] for row in sorted(drawn)]
