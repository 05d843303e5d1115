"""Where the examples of each round come from: files once, or matches anew.

Knows nothing about teachers' labels or training.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from w2s.chain.config import ChainConfig
from w2s.chain.examples.dealt import read_splits
from w2s.chain.examples.outside_gold import outside_gold
from w2s.chain.examples.played import Played
from w2s.chain.examples.splits import Splits
from w2s.chain.steps import Facts

Say = Callable[[str], None]
Count = Callable[[int, int], None]


@dataclass(frozen=True)
class Source:
    """Examples: those of round 1, whose gold and test stay, and the matches that give later rounds a pool."""

    first: Splits
    played: Played | None = None

    def splits(self, number: int, seed: int, teacher: str) -> Splits:
        """The examples of a round of one seed; the same in every round where nothing is played."""
        if self.played is None or number == 1:
            return self.first
        return replace(self.first, pool=self.played.pool(number, seed, teacher, self.first))

    def about(self, number: int) -> Facts:
        """How the pool of a round came about, as its entry in ``metrics.json`` has it; empty for files."""
        if self.played is None:
            return {}
        sets = self.played.about(number)
        return {"pool": [{key: fact for key, fact in facts.items() if key != "step"} for facts in sets]}


def open_source(config: ChainConfig, folder: Path, say: Say, count: Count) -> Source:
    """Read the files, or play the first round's matches.

    Raises:
        UsageError: an arena or an oracle that does not exist.
        DataError: too few examples, or files that cannot be used.
    """
    own_gold = not config.regime.is_shift
    played = Played(config, folder, say, count) if config.source == "matches" else None
    if played is not None:
        splits = played.first(gold=own_gold)
    else:
        splits = read_splits(
            config.examples, task=config.task, game=config.game, seed=config.seed, gold=own_gold, say=say
        )
    if not own_gold:
        splits = replace(splits, gold=outside_gold(config, splits, say))
    return Source(splits, played)
