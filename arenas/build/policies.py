"""Trains the bundled policies and writes ``arenas/policies/NAME`` with a model card.

    python arenas/build/policies.py chess-large

Needs the shards of positions.py and the bundled puzzles. Training goes on where it was killed; the same seed
on the same machine gives the same weights.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch
from cards import card
from ladder_rows import read_ladder, replayed, rows_of
from measures import measure
from positions import FOLDER, WANTED_POSITIONS, ladder

from w2s.models.policy.config import PolicyConfig
from w2s.models.policy.files import build, from_pretrained, save_pretrained
from w2s.train import PolicySettings, train

if TYPE_CHECKING:
    from w2s.train.progress import TrainStep

BUNDLE = Path(__file__).resolve().parent.parent / "policies"
_TOLD_EVERY = 200


class Recipe(NamedTuple):
    """A net, how many positions it learns from, and from whom.

    ``played_share``: weight of the move that was played, the rest is for the best one. ``players``: only
    positions where one of these moved; empty for all. ``imitates``: what counts as played is what this model
    would play. ``start``: the policy whose weights it starts from; drawn ones where it is None.
    """

    config: PolicyConfig
    positions: int
    played_share: float
    players: tuple[str, ...] = ()
    epochs: int = 1
    batch: int = 512
    learning_rate: float = 1.5e-3
    imitates: str | None = None
    start: str | None = None


def _plain(game: str, channels: int, blocks: int) -> PolicyConfig:
    return PolicyConfig(game, channels=channels, blocks=blocks, squeeze=8, head="plain", head_channels=16)


RECIPES = {
    "chess-large": Recipe(PolicyConfig("chess", channels=64, blocks=6), 3_000_000, 0.5),
    "chess-medium": Recipe(PolicyConfig("chess", channels=48, blocks=5), 1_500_000, 0.7),
    "chess-small": Recipe(
        PolicyConfig("chess", channels=32, blocks=4), 600_000, 1.0, ("search2", "nodes10", "nodes30"), 2
    ),
    "chess-greedy": Recipe(
        PolicyConfig("chess", channels=64, blocks=6),
        256_000,
        1.0,
        learning_rate=5e-4,
        imitates="search:depth=1",
        start="chess-large",
    ),
    "connect_four-large": Recipe(_plain("connect_four", 48, 4), 130_000, 0.3, (), 3, 256),
    "connect_four-small": Recipe(_plain("connect_four", 24, 2), 60_000, 0.7, (), 6, 256),
    "othello-large": Recipe(_plain("othello", 48, 5), 160_000, 0.3, (), 2, 256),
    "othello-small": Recipe(_plain("othello", 16, 2), 40_000, 0.7, (), 4, 256),
}


def fresh(config: PolicyConfig, folder: Path, seed: int) -> str:
    """A net with the weights that the seed draws, written to a folder."""
    torch.manual_seed(seed)
    save_pretrained(build(config), folder)
    return f"policy:{folder}"


def begin(recipe: Recipe, folder: Path, name: str, seed: int) -> str:
    """Where a training starts: at weights that the seed draws, or at another policy's in full precision."""
    if recipe.start is None:
        return fresh(recipe.config, folder / "fresh" / name, seed)
    return f"policy:{folder / 'policies' / recipe.start}"


def make(name: str, folder: Path, seed: int, positions: int | None) -> None:
    """Train one policy, bundle it in halves, and write its card."""
    recipe = RECIPES[name]
    if positions is not None:
        recipe = recipe._replace(positions=positions)
    game = recipe.config.game
    enough = WANTED_POSITIONS[game] if positions is None else 2 * positions  # some repeat
    rows_read = read_ladder(ladder(folder, game, enough), game, recipe.positions, recipe.players)
    settings = PolicySettings(
        epochs=recipe.epochs,
        learning_rate=recipe.learning_rate,
        batch=recipe.batch,
        weight_decay=0.01,
        clip=1.0,
        seed=seed,
    )
    start = begin(recipe, folder, name, seed)
    played = (
        rows_read.training if recipe.imitates is None else replayed(rows_read.training, game, recipe.imitates)
    )
    rows = rows_of(game, played, recipe.played_share)
    out = folder / "policies" / name
    train(start, rows, settings, out, progress=_tell)
    save_pretrained(from_pretrained(out), BUNDLE / name, dtype="float16")
    report = json.loads((out / "train.json").read_text(encoding="utf-8"))
    found = measure(f"policy:{BUNDLE / name}", game, rows_read.validation)
    (BUNDLE / name / "README.md").write_text(card(name, recipe, report, found), encoding="utf-8")
    print(f"{name}: {found}", flush=True)


def _tell(step: TrainStep) -> None:
    if step.done % _TOLD_EVERY == 0 or step.done == step.total:
        print(f"step {step.done:,} of {step.total:,}, loss {step.loss:.4f}", flush=True)


def main() -> None:
    """Train the policies named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(RECIPES))
    parser.add_argument("--cache", type=Path, default=FOLDER)
    parser.add_argument("--positions", type=int, help="instead of the recipe's; for trials")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2, help="with others the last bits differ")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    unknown = sorted(set(arguments.names) - set(RECIPES))
    if unknown:
        parser.error(f"no policy is called {unknown[0]}; there are: {', '.join(RECIPES)}")
    for name in arguments.names or RECIPES:
        make(name, arguments.cache.expanduser(), arguments.seed, arguments.positions)


if __name__ == "__main__":
    main()
