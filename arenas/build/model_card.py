"""The text of a bundled policy's model card."""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evaluation import PolicyScores
    from policies import PolicyRecipe

_TEXT = """\
# policy:{name}

A policy net for {game}: {channels} filters × {blocks} residual blocks with squeeze-and-excitation, head
`{head}`, weights in float16. It looks once at a position and searches nothing.

| | |
|---|---|
| learned from | {rows:,} distinct positions of games between our own players, {epochs} ×{start} |
| labels | {labels} |
| steps | {steps:,} of {batch}, AdamW, one cycle to {learning_rate:g} |
| time | {minutes:.0f} min on {machine} (other work in parallel) |
| loss at the end | {loss:.3f} |
| is the best move, {positions:,} positions of other games | {best:.1%} |
| is the move that was played there | {played:.1%} |
| solves our {puzzles:,} test puzzles | {solved:.1%} ({low:.1%} to {high:.1%}) |

Made by `arenas/build/policies.py {name}` from positions that `arenas/build/positions.py` made. No position is
in a puzzle, and puzzles come from other games. Elo in our own arena: see `arenas/policies/README.md`.
"""


def card_text(name: str, recipe: PolicyRecipe, report: dict[str, Any], scores: PolicyScores) -> str:
    """The text of the card.

    Args:
        name: name of the policy.
        recipe: how it was trained.
        report: the contents of ``train.json``.
        scores: its results on positions and puzzles.
    """
    config = recipe.config
    return _TEXT.format(
        name=name,
        game=config.game.replace("_", " "),
        channels=config.channels,
        blocks=config.blocks,
        head=config.head,
        rows=report["rows"],
        epochs=recipe.epochs,
        start="" if recipe.start is None else f", starting from `policy:{recipe.start}`",
        labels=_labels(recipe),
        steps=report["steps"],
        batch=recipe.batch,
        learning_rate=recipe.learning_rate,
        minutes=report["seconds"] / 60,
        machine=f"{os.cpu_count()} cores, {platform.machine()}",
        loss=report["loss"],
        positions=scores.positions,
        best=scores.best,
        played=scores.played,
        puzzles=scores.puzzles,
        solved=scores.solved.value,
        low=scores.solved.low,
        high=scores.solved.high,
    )


def _labels(recipe: PolicyRecipe) -> str:
    labeller = "Stockfish at nodes=100" if recipe.config.game == "chess" else "our own search"
    if recipe.imitates is not None:
        return f"the move that `{recipe.imitates}` would play"
    of_whom = f" of {', '.join(recipe.players)}" if recipe.players else " of players of several strengths"
    parts = []
    if recipe.played_share > 0:
        parts.append(f"{recipe.played_share:.0%} the move that was played{of_whom}")
    if recipe.played_share < 1:
        parts.append(f"{1 - recipe.played_share:.0%} the best move by {labeller}")
    return ", ".join(parts)
