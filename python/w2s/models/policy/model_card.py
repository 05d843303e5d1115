"""The policy networks that come with w2s: names, games, and Elo from the card of all of them.

Needs no torch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from w2s.assets import arenas_folder
from w2s.files import read_json

_RATING = re.compile(r"\| *([\w-]+) *\| *([+-]\d+) *\| *([+-]\d+) to ([+-]\d+) *\|")
"""A row of the card: player, Elo, and the ends of its 95 % interval."""


@dataclass(frozen=True, slots=True)
class BundledPolicy:
    """A bundled policy network.

    Attributes:
        name: what follows ``policy:``.
        game: the game that it plays.
        elo: Elo in the bundled arena of its game, relative to the mean of the field; None if it is not rated.
        low: lower end of the 95 % interval of ``elo``.
        high: upper end of the interval.
    """

    name: str
    game: str
    elo: int | None = None
    low: int | None = None
    high: int | None = None


def policies_folder() -> Path:
    """The folder of the bundled networks."""
    return arenas_folder() / "policies"


def bundled_policies() -> list[BundledPolicy]:
    """The bundled networks, sorted by name."""
    folder = policies_folder()
    ratings = _ratings(folder / "README.md")
    return [
        BundledPolicy(
            path.parent.name, str((read_json(path) or {}).get("game")), *ratings.get(path.parent.name, ())
        )
        for path in sorted(folder.glob("*/config.json"))
    ]


def _ratings(card: Path) -> dict[str, tuple[int, int, int]]:
    """Elo with its interval by player; empty if there is no card."""
    text = card.read_text(encoding="utf-8") if card.is_file() else ""
    return {name: (int(elo), int(low), int(high)) for name, elo, low, high in _RATING.findall(text)}
