"""Plays the bundled policies against each other and our searches, and writes ``arenas/policies/README.md``.

    python arenas/build/elo.py --pairs 50
    python arenas/build/elo.py othello

With names of games, the sections of other games stay as they are. The same seed gives the same matches.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from w2s.arena import ArenaSpec, run
from w2s.arena.spec import Openings, Verification
from w2s.assets import arenas_folder

GAMES = ("chess", "connect_four", "othello")
ANCHORS = ("random", "search:depth=1", "search:depth=2", "search:depth=3")
_TITLE = """\
# Bundled policies

Elo of each player in its own game, relative to the mean of the field, with 95 % intervals: round robins of
our own arena from the bundled openings, {pairs} pairs for each two players, made by
`arenas/build/elo.py --pairs {pairs}`.
"""


def players(game: str) -> dict[str, str]:
    """The policies of a game and the searches that they are compared with."""
    names = sorted(path.parent.name for path in arenas_folder().glob(f"policies/{game}-*/config.json"))
    return {name: f"policy:{name}" for name in names} | {
        anchor.replace(":", " ").replace("=", " "): anchor for anchor in ANCHORS
    }


def play(game: str, pairs: int, seed: int) -> list[dict[str, Any]]:
    """The ratings of all players after a round robin, strongest first."""
    spec = ArenaSpec(
        game=game,
        players=players(game),
        tournament="round-robin",
        pairs=pairs,
        seed=seed,
        openings=Openings(file=f"openings/{game}.txt", order="shuffled"),
        verify=Verification(share=0.0),
    )
    with TemporaryDirectory() as folder:
        return list(run(spec, Path(folder) / "run")["ratings"]["with_forfeits"]["players"])


def section(game: str, ratings: list[dict[str, Any]]) -> str:
    """The section of a game: a heading and a table of ratings."""
    lines = [f"\n## {game.replace('_', ' ').title()}\n"]
    lines += ["| player | Elo | 95 % interval | score | games |", "|---|---|---|---|---|"]
    for row in ratings:
        elo, low, high = (_shown(row["elo"][name]) for name in ("value", "low", "high"))
        lines.append(f"| {row['player']} | {elo} | {low} to {high} | {row['score']:.0%} | {row['games']} |")
    return "\n".join(lines) + "\n"


def sections(card: str) -> dict[str, str]:
    """The sections of a card by game."""
    parts = re.split(r"(?=^\n## )", card, flags=re.MULTILINE)[1:]
    return {part.split("\n")[1].removeprefix("## ").lower().replace(" ", "_"): part for part in parts}


def _shown(elo: float | None) -> str:
    return "unbounded" if elo is None else f"{elo:+.0f}"


def main() -> None:
    """Play all games, or those named, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("games", nargs="*", metavar="GAME", help=", ".join(GAMES))
    parser.add_argument("--pairs", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    card = arenas_folder() / "policies" / "README.md"
    chosen = arguments.games or GAMES
    before = {} if not arguments.games else sections(card.read_text(encoding="utf-8"))
    text = _TITLE.format(pairs=arguments.pairs)
    for game in GAMES:
        is_chosen = game in chosen
        text += section(game, play(game, arguments.pairs, arguments.seed)) if is_chosen else before[game]
    card.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
