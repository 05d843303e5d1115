"""Trains the bundled policies and writes ``arenas/policies/NAME`` with a model card.

    python arenas/build/policies.py chess-large

Needs the shards of positions.py and the bundled puzzles. A killed training can continue. The same seed on the
same machine gives the same weights.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch
from evaluation import evaluate_policy
from ladder_dataset import read_ladder, training_set, with_played_by
from model_card import card_text
from positions import FOLDER, WANTED_POSITIONS, ladder

from w2s.models.policy.config import PolicyConfig
from w2s.models.policy.files import from_pretrained, save_pretrained
from w2s.models.policy.nets import build_net
from w2s.train import PolicyTrainSettings, train

if TYPE_CHECKING:
    from w2s.train.progress import TrainStep

BUNDLE = Path(__file__).resolve().parent.parent / "policies"
_STEPS_PER_LINE = 200


class PolicyRecipe(NamedTuple):
    """How a policy is trained.

    Attributes:
        config: architecture of the net.
        positions: number of positions.
        played_share: weight of the move that was played; the rest is for the best move.
        players: only positions in which one of these players moved are used; empty for all players.
        epochs: passes over the positions.
        batch: positions per step.
        learning_rate: largest learning rate.
        imitates: model whose moves replace those that were played.
        start: policy whose weights it starts from; None for random weights.
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
    "chess-large": PolicyRecipe(PolicyConfig("chess", channels=64, blocks=6), 3_000_000, 0.5),
    "chess-medium": PolicyRecipe(PolicyConfig("chess", channels=48, blocks=5), 1_500_000, 0.7),
    "chess-small": PolicyRecipe(
        PolicyConfig("chess", channels=32, blocks=4), 600_000, 1.0, ("search2", "nodes10", "nodes30"), 2
    ),
    "chess-greedy": PolicyRecipe(
        PolicyConfig("chess", channels=64, blocks=6),
        256_000,
        1.0,
        learning_rate=5e-4,
        imitates="search:depth=1",
        start="chess-large",
    ),
    "connect_four-large": PolicyRecipe(_plain("connect_four", 48, 4), 130_000, 0.3, (), 3, 256),
    "connect_four-small": PolicyRecipe(_plain("connect_four", 24, 2), 60_000, 0.7, (), 6, 256),
    "othello-large": PolicyRecipe(_plain("othello", 48, 5), 160_000, 0.3, (), 2, 256),
    "othello-small": PolicyRecipe(_plain("othello", 16, 2), 40_000, 0.7, (), 4, 256),
}


def new_net(config: PolicyConfig, folder: Path, seed: int) -> str:
    """Write a net with random weights to a folder; returns its reference."""
    torch.manual_seed(seed)
    save_pretrained(build_net(config), folder)
    return f"policy:{folder}"


def begin(recipe: PolicyRecipe, folder: Path, name: str, seed: int) -> str:
    """The net that a training starts from: random weights, or another policy in full precision."""
    if recipe.start is None:
        return new_net(recipe.config, folder / "fresh" / name, seed)
    return f"policy:{folder / 'policies' / recipe.start}"


def make(name: str, folder: Path, seed: int, positions: int | None) -> None:
    """Train one policy, bundle it in half precision, and write its card."""
    recipe = RECIPES[name]
    if positions is not None:
        recipe = recipe._replace(positions=positions)
    game = recipe.config.game
    enough = WANTED_POSITIONS[game] if positions is None else 2 * positions  # some repeat
    positions_read = read_ladder(ladder(folder, game, enough), game, recipe.positions, recipe.players)
    settings = PolicyTrainSettings(
        epochs=recipe.epochs,
        learning_rate=recipe.learning_rate,
        batch=recipe.batch,
        weight_decay=0.01,
        clip=1.0,
        seed=seed,
    )
    start = begin(recipe, folder, name, seed)
    played = (
        positions_read.training
        if recipe.imitates is None
        else with_played_by(positions_read.training, game, recipe.imitates)
    )
    rows = training_set(game, played, recipe.played_share)
    out = folder / "policies" / name
    train(start, rows, settings, out, progress=_print_step)
    save_pretrained(from_pretrained(out), BUNDLE / name, dtype="float16")
    report = json.loads((out / "train.json").read_text(encoding="utf-8"))
    found = evaluate_policy(f"policy:{BUNDLE / name}", game, positions_read.validation)
    (BUNDLE / name / "README.md").write_text(card_text(name, recipe, report, found), encoding="utf-8")
    print(f"{name}: {found}", flush=True)


def _print_step(step: TrainStep) -> None:
    if step.done % _STEPS_PER_LINE == 0 or step.done == step.total:
        print(f"step {step.done:,} of {step.total:,}, loss {step.loss:.4f}", flush=True)


def main() -> None:
    """Train the policies named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(RECIPES))
    parser.add_argument("--cache", type=Path, default=FOLDER)
    parser.add_argument("--positions", type=int, help="number of positions; for trials")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2, help="other values change the last bits")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    unknown = sorted(set(arguments.names) - set(RECIPES))
    if unknown:
        parser.error(f"no policy is called {unknown[0]}; there are: {', '.join(RECIPES)}")
    for name in arguments.names or RECIPES:
        make(name, arguments.cache.expanduser(), arguments.seed, arguments.positions)


if __name__ == "__main__":
    main()
