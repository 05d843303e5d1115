"""A chain on its way: what each of its steps reads.

Knows nothing about the order of the steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from w2s.chain.config import ChainConfig
from w2s.chain.examples.source import Source
from w2s.chain.examples.splits import Splits
from w2s.chain.folder import ChainFolder
from w2s.chain.steps import digest_of

Say = Callable[[str], None]
Count = Callable[[int, int], None]


@dataclass
class Chain:
    """A chain on its way.

    Attributes:
        config: what to do.
        folder: where it lies.
        source: where the examples of each round come from.
        say: told of every step in a line.
        count: told how many of how many labels are made.
        fixed: which test rows are answered right by the teacher and by arms without one, by name.
    """

    config: ChainConfig
    folder: ChainFolder
    source: Source
    say: Say
    count: Count
    fixed: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def seeds(self) -> list[int]:
        """The seeds, from the configured one on."""
        return [self.config.seed + i for i in range(self.config.seeds)]

    @property
    def splits(self) -> Splits:
        """Gold, pool and test of the first round."""
        return self.source.first

    @property
    def identity(self) -> str:
        """What decides everything: examples and their roles."""
        return self.identity_of(self.splits)

    def identity_of(self, splits: Splits) -> str:
        """What decides a round whose examples these are."""
        return digest_of([self.config.task, self.config.game, splits.table().to_pydict()])
