"""Writes ``arenas/openings/GAME.txt``: short random openings that a search finds balanced, distinct by key.

Run by ``make openings``; the same seed gives the same bytes.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from w2s import kernels
from w2s.games import State, game

FOLDER = Path(__file__).resolve().parent.parent / "openings"
BATCH = 64


class OpeningRecipe(NamedTuple):
    """How the openings of a game are made.

    Attributes:
        plies: smallest and largest number of plies.
        depth: depth of the search after them, in plies.
        limit_cp: largest absolute value of a balanced position.
        wanted: number of openings.
    """

    plies: tuple[int, int]
    depth: int
    limit_cp: int
    wanted: int


RECIPES = {
    "chess": OpeningRecipe((6, 8), 5, 40, 2000),
    "connect_four": OpeningRecipe((4, 8), 12, 12, 1200),
    "othello": OpeningRecipe((6, 8), 6, 300, 2000),
}


def random_line(state: State, plies: int, draw: random.Random) -> State | None:
    """The state after ``plies`` random moves; None if the game is over by then."""
    for _ in range(plies):
        moves = state.legal_moves()
        if not moves:
            return None
        state = state.play(draw.choice(moves))
    return state if state.outcome() is None else None


def distinct_lines(name: str, recipe: OpeningRecipe, seed: int) -> Iterator[State]:
    """Random states, distinct by key; endless."""
    draw = random.Random(f"openings:{name}:{seed}")
    seen: set[int] = set()
    while True:
        state = random_line(game(name).state(), draw.randint(*recipe.plies), draw)
        if state is not None and state.key not in seen:
            seen.add(state.key)
            yield state


def balanced_lines(name: str, recipe: OpeningRecipe, seed: int) -> Iterator[State]:
    """The random states that a search finds balanced, in their order."""
    for states in batched(distinct_lines(name, recipe, seed), BATCH):
        found = kernels.search([state._core for state in states], depth=recipe.depth)
        for state, searched in zip(states, found, strict=True):
            if abs(searched.value_cp) <= recipe.limit_cp:
                yield state


def batched(states: Iterator[State], size: int) -> Iterator[list[State]]:
    """Lists of ``size`` states from an endless iterator."""
    while True:
        yield list(islice(states, size))


def make(name: str, recipe: OpeningRecipe, seed: int) -> None:
    """Write the file of one game."""
    lines = [
        f"# {recipe.wanted} openings for {name}, made by arenas/build/openings.py --seed {seed}:",
        f"# {recipe.plies[0]} to {recipe.plies[1]} random plies, |search:depth={recipe.depth}| ≤"
        f" {recipe.limit_cp}, distinct by key.",
    ]
    for number, state in zip(range(recipe.wanted), balanced_lines(name, recipe, seed), strict=False):
        lines.append(f"{name}-{number:04d}: {' '.join(state.moves())}")
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{name}: {recipe.wanted} openings")


def main() -> None:
    """Make the openings of all games, or of those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("games", nargs="*", default=list(RECIPES))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for name in arguments.games:
        make(name, RECIPES[name], arguments.seed)


if __name__ == "__main__":
    main()
