"""How much networks use the moves before a position, as a section of ``docs/results.md``.

    python -m studies.history policy:chess-greedy lc0:maia-1900.pb.gz --out runs/history/history.md

A position of a match is known with up to eight positions of history, one of a puzzle with one move, one of a
plain file with none. The same positions are given to each network with all moves of their game and with the
last ones alone.
"""

from __future__ import annotations

import argparse
import datetime
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from studies.match_positions import match_positions
from w2s.files import write_text
from w2s.games import game
from w2s.models import SupportsDistribution, load_model
from w2s.tasks import MoveExample

PLAYERS = {"teacher": "policy:chess-small?temperature=1", "student": "policy:chess-greedy?temperature=1"}
KNOWN = (0, 1, 3)
"""Numbers of moves before the position that are known."""
_LEAST = 7


def with_known_moves(example: MoveExample, count: int) -> MoveExample:
    """The same position with only the last moves of its game."""
    state, rules = example.state, game("chess")
    moves = state.played.split()
    begin = rules.state(state.start_position, moves[: len(moves) - count])
    return replace(example, state=rules.state(begin.position, moves[len(moves) - count :]))


def measure(reference: str, examples: Sequence[MoveExample]) -> list[tuple[float, float]]:
    """Share of equal choices and mean total variation against all history, for each of :data:`KNOWN`."""
    model = load_model(reference)
    assert isinstance(model, SupportsDistribution)
    whole = model.distributions(examples)
    found = []
    for count in KNOWN:
        cut = model.distributions([with_known_moves(example, count) for example in examples])
        pairs = list(zip(whole, cut, strict=True))
        same = np.mean([max(a, key=a.__getitem__) == max(b, key=b.__getitem__) for a, b in pairs])
        variation = np.mean([sum(abs(a[move] - b[move]) for move in a) / 2 for a, b in pairs])
        found.append((float(same), float(variation)))
    return found


def main() -> None:
    """Measure the models and write the section."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--positions", type=int, default=600)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    examples = match_positions(
        "chess", PLAYERS, count=given.positions, pairs=given.pairs, seed=given.seed, least=_LEAST
    )
    data = os.environ.get("W2S_DATA")
    names = [model.replace(data, "$W2S_DATA") if data else model for model in given.models]
    command = f"python -m studies.history {' '.join(names)}"
    lines = [
        "## Moves before a position",
        "",
        f"{datetime.date.today()}, `{command}`: {len(examples)} positions of matches of two bundled "
        "networks, with the last moves of their games alone, compared with all moves.",
        "",
        "| network | moves known | the same choice | total variation of the policy |",
        "|---|---|---|---|",
    ]
    for model, name in zip(given.models, names, strict=True):
        for count, (same, variation) in zip(KNOWN, measure(model, examples), strict=True):
            lines.append(f"| `{name}` | {count} | {100 * same:.1f} % | {variation:.3f} |")
    given.out.parent.mkdir(parents=True, exist_ok=True)
    write_text(given.out, "\n".join(lines) + "\n")
    print(given.out.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
