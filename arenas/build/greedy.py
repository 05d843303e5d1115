"""Trains the bundled policies that imitate a greedy search, and writes ``arenas/policies/NAME`` with a card.

    python arenas/build/greedy.py othello-greedy

Such a policy begins as a strong one and then learns the moves of a search of one ply, so that it knows more
than it shows: a student that has something to learn. The positions come from games of the strong policy
against itself. A killed training can continue. The same seed on the same machine gives the same weights.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from evaluation import PUZZLES, test_puzzles
from model_card import greedy_card_text
from policies import BUNDLE
from positions import FOLDER
from self_play import Play, play_states

from w2s.games import State
from w2s.labelling import evaluate_models
from w2s.models import Want, load_model
from w2s.models.policy.files import from_pretrained, save_pretrained
from w2s.tasks import MoveExample, read_examples
from w2s.train import PolicyTrainSettings, TrainingSet, train

_BATCH = 4096
LOOKAHEAD = "nodes=64"
"""How the policy looks ahead on its card."""


class GreedyRecipe(NamedTuple):
    """How a policy that imitates a search is trained.

    Attributes:
        start: the bundled policy that it begins as.
        imitates: the model whose moves it learns.
        play: how the policy plays the games whose positions it learns from.
        epochs: passes over the positions.
        learning_rate: largest learning rate.
    """

    start: str
    imitates: str
    play: Play
    epochs: int = 2
    learning_rate: float = 1e-3


RECIPES = {
    "connect_four-greedy": GreedyRecipe("connect_four-large", "search:depth=1", Play(3072, 1.0, 1.0, 42)),
    "othello-greedy": GreedyRecipe("othello-large", "search:depth=1", Play(1024, 1.0, 1.0, 130)),
}


def positions(recipe: GreedyRecipe, seed: int) -> list[MoveExample]:
    """Distinct positions with a choice of moves, none of them in a bundled puzzle."""
    net = from_pretrained(BUNDLE / recipe.start)
    game = net.config.game
    puzzles = read_examples(PUZZLES / f"{game}.parquet", game=game)
    taken = {example.state.key for example in puzzles if isinstance(example, MoveExample)}
    return [
        MoveExample(f"{game}-{row}", state)
        for row, state in enumerate(_distinct(play_states(net, recipe.play, seed), taken))
    ]


def _distinct(states: list[State], taken: set[int]) -> Iterator[State]:
    """The first state of each key that is not taken, if it has more than one legal move."""
    for state in states:
        if state.key not in taken and len(state.legal_moves()) > 1:
            taken.add(state.key)
            yield state


def imitation(reference: str, examples: list[MoveExample]) -> TrainingSet:
    """The moves that a model would play."""
    model = load_model(reference)
    labels: list[str] = []
    for start in range(0, len(examples), _BATCH):
        labels += [answer.label for answer in model.answer(examples[start : start + _BATCH], Want())]
    return TrainingSet.hard(examples, labels)


def make(name: str, folder: Path, seed: int) -> None:
    """Train one policy, bundle it in half precision, and write its card."""
    recipe = RECIPES[name]
    rows = imitation(recipe.imitates, positions(recipe, seed))
    settings = PolicyTrainSettings(recipe.epochs, recipe.learning_rate, batch=256, seed=seed)
    out = folder / "policies" / name
    train(f"policy:{BUNDLE / recipe.start}", rows, settings, out)
    save_pretrained(from_pretrained(out), BUNDLE / name, dtype="float16")
    write_card(name, out)


def write_card(name: str, out: Path) -> None:
    """Measure a bundled policy on the test puzzles, and write its card.

    Args:
        name: name of the policy.
        out: folder of its training.
    """
    recipe = RECIPES[name]
    report = json.loads((out / "train.json").read_text(encoding="utf-8"))
    config = from_pretrained(BUNDLE / name).config
    references = {one: f"policy:{BUNDLE / one}" for one in (name, recipe.start)}
    references[LOOKAHEAD] = f"{references[name]}?{LOOKAHEAD}"
    models = {one: load_model(reference) for one, reference in references.items()}
    found = evaluate_models(test_puzzles(config.game), models)
    text = greedy_card_text(name, recipe, config, report, found, LOOKAHEAD)
    (BUNDLE / name / "README.md").write_text(text, encoding="utf-8")
    print(f"{name}: {found.accuracy}", flush=True)


def main() -> None:
    """Train the policies named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(RECIPES))
    parser.add_argument("--cache", type=Path, default=FOLDER)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1, help="other values change the last bits")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    unknown = sorted(set(arguments.names) - set(RECIPES))
    if unknown:
        parser.error(f"no policy is called {unknown[0]}; there are: {', '.join(RECIPES)}")
    for name in arguments.names or RECIPES:
        make(name, arguments.cache.expanduser(), arguments.seed)


if __name__ == "__main__":
    main()
