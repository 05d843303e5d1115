"""What a kind of evidence tells the registry, and what it is given.

Knows no particular kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from w2s.models.hf.model import HfModel
from w2s.models.solved import Shots
from w2s.tasks import Example

Column = npt.NDArray[np.float64]
"""One number per example, NaN where there is none."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Labels whose evidence is asked for.

    Attributes:
        model: who gave them, or how it sees those of others.
        examples: n of them.
        labels: one for each.
        replies: the text that gave each label.
        count: the number behind the colon of a name, None where there is none.
        gold: solved examples with their labels.
        reward: reference of a reward model, None where none is named.
    """

    model: HfModel
    examples: Sequence[Example]
    labels: Sequence[str]
    replies: Sequence[str]
    count: int | None
    gold: Shots
    reward: str | None


@dataclass(frozen=True, slots=True)
class EvidenceKind:
    """A kind of evidence: ``example`` is how it is named; ``measure`` gives its columns by name."""

    name: str
    about: str
    example: str
    measure: Callable[[Asked], Mapping[str, Column]]
