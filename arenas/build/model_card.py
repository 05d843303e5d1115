"""The text of a bundled policy's model card, and the section about its value head."""

from __future__ import annotations

import os
import platform
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evaluation import PolicyScores
    from greedy import GreedyRecipe
    from policies import PolicyRecipe

    from w2s.labelling import Evaluation
    from w2s.models.policy.config import PolicyConfig

_TEXT = """\
# policy:{name}

A policy net for {game}: {channels} filters × {blocks} residual blocks with squeeze-and-excitation, head
`{head}`, weights in float16. Without `think` and `nodes` it looks once at a position and searches nothing.

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


_GREEDY = """\
# policy:{name}

A policy net for {game}: {channels} filters × {blocks} residual blocks with squeeze-and-excitation, head
`{head}`, weights in float16. It begins as `policy:{start}` and then learns the moves of a greedy
search, so that it knows more than it shows: a student that has something to learn.

| | |
|---|---|
| learned from | {rows:,} distinct positions of {games:,} games of that policy against itself, {epochs} × |
| moves of these games | drawn from the policy at temperature {temperature:g} |
| labels | the move that `{imitates}` would play |
| steps | {steps:,} of {batch}, AdamW, one cycle to {learning_rate:g} |
| time | {minutes:.0f} min on {threads} core, {machine} (other work in parallel) |
| loss at the end | {loss:.3f} |
| solves our {puzzles:,} test puzzles | {solved} % |
| looking ahead with `{lookahead}` it solves | {ahead} % |
| `policy:{start}` solves | {before} % |

The value head is that of `policy:{start}`: the training kept its values close to those of before on
the positions that it learned from. Intervals are 95 %.

Made by `arenas/build/greedy.py {name}`. No position is in a puzzle.
"""


def greedy_card_text(
    name: str,
    recipe: GreedyRecipe,
    config: PolicyConfig,
    report: dict[str, Any],
    found: Evaluation,
    lookahead: str,
) -> str:
    """The text of the card of a policy that imitates a greedy search.

    Args:
        name: name of the policy.
        recipe: how it was trained.
        config: its architecture.
        report: the contents of ``train.json``.
        found: the test puzzles that it and the policy that it began as solve.
        lookahead: how it looks ahead, a name in ``found``.
    """
    return _GREEDY.format(
        name=name,
        game=config.game.replace("_", " "),
        channels=config.channels,
        blocks=config.blocks,
        head=config.head,
        start=recipe.start,
        rows=report["rows"],
        games=recipe.play.games,
        epochs=recipe.epochs,
        temperature=recipe.play.temperature,
        imitates=recipe.imitates,
        steps=report["steps"],
        batch=report["settings"]["batch"],
        learning_rate=recipe.learning_rate,
        minutes=report["seconds"] / 60,
        threads=1,
        machine=platform.machine(),
        loss=report["loss"],
        puzzles=found.examples,
        solved=_interval(found.accuracy[name], 100, 1),
        before=_interval(found.accuracy[recipe.start], 100, 1),
        lookahead=lookahead,
        ahead=_interval(found.accuracy[lookahead], 100, 1),
    )


# The value head ---------------------------------------------------------------------------------------------

_VALUES = """\
## Values

The value head predicts the result of the game, so that `policy:{name}?nodes=200` can look ahead.
It learned from {rows:,} distinct positions of {games:,} games of the policy against itself, with moves drawn
at temperature {temperature:g}. The results of the games are the targets; no engine took part. Games without a
result after {max_plies} plies are left out. Only the value head was trained, so the policy is unchanged.
Intervals are 95 %.

| | |
|---|---|
| mean squared error, {positions:,} positions of {test_games:,} other games | {error} |
| the same of the mean result, a constant | {constant} |
| correlation of value and result | {correlation} |

{match}

| {puzzles:,} of our test puzzles | solved | gain in points |
|---|---|---|
{solved}

{findings}

Made by `arenas/build/values.py {name}`.
"""
_HEADING = "## Values"
_CONTROL = ", all values 0"
_WIDTH = 110


def with_value_section(card: str, name: str, report: dict[str, Any]) -> str:
    """The card with the section about the value head at its end, in place of an older one.

    Args:
        card: the text of the card.
        name: name of the policy.
        report: the contents of ``values.json``.
    """
    scores, solved, match = report["scores"], report["solved"], report["match"]
    text = _VALUES.format(
        name=name,
        rows=report["rows"],
        games=report["play"]["games"],
        temperature=report["play"]["temperature"],
        max_plies=report["play"]["max_plies"],
        positions=scores["positions"],
        test_games=scores["games"],
        error=_interval(scores["error"], 1, 3),
        constant=_interval(scores["constant"], 1, 3),
        correlation=_interval(scores["correlation"], 1, 3),
        match=_match(match) if match else "No match was played.",
        puzzles=solved["puzzles"],
        solved="\n".join(_solved(plan, solved) for plan in solved["accuracy"]),
        findings=_findings(report),
    )
    return f"{card.partition(_HEADING)[0].rstrip()}\n\n{text}"


def _interval(found: Sequence[float], times: int, digits: int, sign: str = "") -> str:
    value, low, high = (f"{number * times:{sign}.{digits}f}" for number in found)
    return f"{value} ({low} to {high})"


def _match(match: dict[str, Any]) -> str:
    """The table of the match."""
    score, elo = (
        [found[key] for key in ("value", "low", "high")] for found in (match["score"], match["elo"])
    )
    counts = " | ".join(str(match[key]) for key in ("games", "wins", "draws", "losses"))
    rating = "unbounded" if None in elo else _interval(elo, 1, 0, "+")
    return (
        "| looking ahead | games | won | drawn | lost | score | Elo |\n|---|---|---|---|---|---|---|\n"
        f"| `{match['plan']}` against the policy alone | {counts} | {_interval(score, 100, 1)} % | {rating} |"
    )


def _solved(plan: str, solved: dict[str, Any]) -> str:
    gain = _interval(solved["gains"][plan], 100, 1, "+") if plan else ""
    return f"| {_name(plan)} | {_interval(solved['accuracy'][plan], 100, 1)} % | {gain} |"


def _name(plan: str) -> str:
    control = _CONTROL if plan.endswith(_CONTROL) else ""
    return f"`{plan.removesuffix(_CONTROL)}`{control}" if plan else "the policy alone"


def _findings(report: dict[str, Any]) -> str:
    """What the intervals say, in words."""
    solved, match, found = report["solved"], report["match"], []
    if match:
        found.append(_finding("In matches", match["plan"], match["elo"]["low"], match["elo"]["high"]))
    found += [
        _finding("In puzzles", plan, gain[1], gain[2])
        for plan, gain in solved["gains"].items()
        if not plan.endswith(_CONTROL)
    ]
    low, high = solved["of_values"][1:]
    says = "make it better" if low > 0 else "make it worse" if high < 0 else "make no measurable difference"
    points = _interval(solved["of_values"], 100, 1, "+")
    found.append(
        f"In puzzles, the values {says}: {points} points against the same search with all values 0, in which "
        "only the rules decide."
    )
    return textwrap.fill(" ".join(found), _WIDTH, break_on_hyphens=False)


def _finding(where: str, plan: str, low: float | None, high: float | None) -> str:
    gains = "gains" if low is not None and low > 0 else "loses" if high is not None and high < 0 else None
    return f"{where}, {_name(plan)} {gains or 'shows neither gain nor loss'}."
