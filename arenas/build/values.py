"""Gives the bundled policies value heads, which learn from games of each policy against itself.

    python arenas/build/values.py othello-large

Only the value head is trained: all other tensors keep their bytes, so that answers without ``think`` and
``nodes`` stay the same. The results of the games are the targets; no engine takes part. Games are saved in
``--cache``, so that a killed run can continue. The same seed on the same machine gives the same heads.
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from model_card import with_value_section
from policies import BUNDLE, RECIPES
from positions import FOLDER
from self_play import Play, Positions, read_positions
from torch import Tensor, nn
from value_evaluation import MATCH_PLANS, MAX_PUZZLES, match, puzzles, value_scores

from w2s.files import file_digest, write_json, write_text
from w2s.models.policy.config import WEIGHTS, PolicyConfig
from w2s.models.policy.files import from_pretrained, save_pretrained
from w2s.models.policy.nets import PolicyNet, ValueHead, build_net, weights_digest
from w2s.resume import cached_step

PLAYS = {
    "chess": Play(1024, 0.5, 0.25, 200),
    "connect_four": Play(4096, 0.5, 1.0, 42),
    "othello": Play(3072, 0.5, 0.5, 130),
}
"""How the policies of each game play against themselves."""
_CHANNELS, _WIDTH = 8, 64
_BATCH, _LEARNING_RATE, _WEIGHT_DECAY = 512, 3e-4, 0.01
_MAX_EPOCHS, _PATIENCE = 30, 3
_PARTS = 10
"""One part of the games is for tests, one stops the training, and the head learns from the others."""


class Rows(NamedTuple):
    """Distinct positions of some of the games; n rows.

    Attributes:
        features: float16, (n, channels, places): the last features of the board.
        targets: float32, (n,): mean result of the games with this position, for the player to move.
        games: int64, (n,): the first game with this position.
    """

    features: npt.NDArray[np.float16]
    targets: npt.NDArray[np.float32]
    games: npt.NDArray[np.int64]


class Split(NamedTuple):
    """Rows of different games; no position is in two parts."""

    training: Rows
    validation: Rows
    test: Rows


def split(found: Positions) -> Split:
    """Divide positions by their games; a position in several parts stays in the first of them."""
    parts = found.games % _PARTS
    training, rest = _rows(found, parts >= 2), ~np.isin(found.keys, found.keys[parts >= 2])
    validation = _rows(found, (parts == 1) & rest)
    rest &= ~np.isin(found.keys, found.keys[parts == 1])
    return Split(training, validation, _rows(found, (parts == 0) & rest))


def _rows(found: Positions, chosen: npt.NDArray[np.bool_]) -> Rows:
    places = np.flatnonzero(chosen)
    _, first, groups, counts = np.unique(
        found.keys[places], return_index=True, return_inverse=True, return_counts=True
    )
    means = np.bincount(groups, found.results[places]) / counts
    kept = places[first]
    return Rows(found.features[kept], means.astype(np.float32), found.games[kept])


def fit(config: PolicyConfig, training: Rows, validation: Rows, seed: int) -> ValueHead:
    """The value head of the epoch with the smallest error in validation."""
    torch.manual_seed(seed)
    head = ValueHead(config)
    optimizer = torch.optim.AdamW(head.parameters(), _LEARNING_RATE, weight_decay=_WEIGHT_DECAY)
    best, best_error, best_epoch = copy.deepcopy(head), float("inf"), 0
    for epoch in range(_MAX_EPOCHS):
        head.train()
        order = np.random.default_rng([seed, epoch]).permutation(len(training.targets))
        for chosen in np.array_split(order, max(1, len(order) // _BATCH)):
            optimizer.zero_grad(set_to_none=True)
            loss = _loss(head(_boards(config, training.features[chosen])), training.targets[chosen])
            torch.autograd.backward(loss)
            optimizer.step()
        error = _error(head, config, validation)
        if error < best_error:
            best, best_error, best_epoch = copy.deepcopy(head), error, epoch
        print(f"epoch {epoch + 1}: squared error {error:.4f} in validation", flush=True)
        if epoch - best_epoch >= _PATIENCE:
            break
    return best


def _loss(values: Tensor, targets: npt.NDArray[np.float32]) -> Tensor:
    return nn.functional.mse_loss(values, torch.from_numpy(targets))


def _error(head: ValueHead, config: PolicyConfig, rows: Rows) -> float:
    return float(np.square(predict(head, config, rows) - rows.targets).mean())


def predict(head: ValueHead, config: PolicyConfig, rows: Rows) -> npt.NDArray[np.float32]:
    """The values of the rows, float32, (n,)."""
    head.eval()
    with torch.inference_mode():
        parts = [head(_boards(config, part)) for part in _batches(rows.features)]
    values: npt.NDArray[np.float32] = torch.cat(parts).numpy()
    return values


def _batches(features: npt.NDArray[np.float16]) -> Iterator[npt.NDArray[np.float16]]:
    for start in range(0, len(features), _BATCH):
        yield features[start : start + _BATCH]


def _boards(config: PolicyConfig, features: npt.NDArray[np.float16]) -> Tensor:
    """Features as the network gives them, (n, channels, rows, columns)."""
    (_, rows, columns), _ = config.shape
    return torch.from_numpy(features.astype(np.float32)).reshape(len(features), -1, rows, columns)


def with_head(net: PolicyNet, head: ValueHead) -> PolicyNet:
    """The network with a value head; its other tensors are the same."""
    config = replace(
        net.config,
        value="scalar",
        value_channels=head.narrow.out_channels,
        value_width=head.hidden.out_features,
    )
    found = build_net(config)
    found.load_state_dict(
        {name: tensor for name, tensor in net.state_dict().items() if not name.startswith("value_head.")}
        | {f"value_head.{name}": tensor for name, tensor in head.state_dict().items()}
    )
    return found.eval()


def train(name: str, folder: Path, seed: int, play: Play) -> dict[str, Any]:
    """Write a bundled policy with a value head to ``folder/net``.

    Returns:
        What the head learned from, and how well it predicts results.
    """
    net = from_pretrained(BUNDLE / name)
    rows = split(read_positions(folder.parent / "games", net, play, seed))
    config = replace(net.config, value="scalar", value_channels=_CHANNELS, value_width=_WIDTH)
    head = fit(config, rows.training, rows.validation, seed)
    save_pretrained(with_head(net, head), folder / "net", dtype="float16")
    saved = from_pretrained(folder / "net").value_head
    assert saved is not None
    constant = float(rows.training.targets.mean())
    scores = value_scores(predict(saved, config, rows.test), rows.test.targets, rows.test.games, constant)
    return {"rows": len(rows.training.targets), "scores": scores._asdict()}


def make(name: str, folder: Path, seed: int, games: int | None, pairs: int) -> None:
    """Train the value head of one policy, measure what looking ahead gains, and add both to its card."""
    game = RECIPES[name].config.game
    play = PLAYS[game] if games is None else PLAYS[game]._replace(games=games)
    policy = weights_digest(from_pretrained(BUNDLE / name))
    inputs = {"policy": policy, "play": play._asdict(), "seed": seed}
    learned = cached_step(folder / "head", inputs, lambda: train(name, folder / "head", seed, play)).facts
    save_pretrained(from_pretrained(folder / "head" / "net"), BUNDLE / name, dtype="float16")
    inputs = {"weights": file_digest(BUNDLE / name / WEIGHTS), "plan": MATCH_PLANS[game], "seed": seed}
    solved = cached_step(
        folder / "puzzles", {**inputs, "most": MAX_PUZZLES[game]}, lambda: puzzles(name, game)
    )
    report = {**learned, "play": play._asdict(), "match": None, "solved": solved.facts}
    if pairs:
        run = folder / "match" / "run"
        played = cached_step(
            folder / "match", {**inputs, "pairs": pairs}, lambda: match(name, game, run, pairs, seed)
        )
        report["match"] = played.facts
    write_json(folder / "values.json", report)
    card = BUNDLE / name / "README.md"
    write_text(card, with_value_section(card.read_text(encoding="utf-8"), name, report))
    print(f"{name}: {report}", flush=True)


def main() -> None:
    """Train the value heads of the policies named, or of all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(RECIPES))
    parser.add_argument("--cache", type=Path, default=FOLDER)
    parser.add_argument("--games", type=int, help="number of games; for trials")
    parser.add_argument("--pairs", type=int, default=100, help="pairs of the match; 0 for no match")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1, help="other values change the last bits")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    unknown = sorted(set(arguments.names) - set(RECIPES))
    if unknown:
        parser.error(f"no policy is called {unknown[0]}; there are: {', '.join(RECIPES)}")
    for name in arguments.names or RECIPES:
        folder = arguments.cache.expanduser() / "values" / name
        make(name, folder, arguments.seed, arguments.games, arguments.pairs)


if __name__ == "__main__":
    main()
