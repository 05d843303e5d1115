"""What a student is trained on: examples, what it shall answer, and how much each row counts.

Knows nothing about nets; needs no torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from w2s.tasks import Example


@dataclass(frozen=True, slots=True)
class Rows:
    """n training rows.

    Attributes:
        examples: n of one task.
        targets: for each, labels and their probabilities; a hard label is ``{label: 1.0}``. They need not
            sum to one.
        weights: float, (n,), from 0 on: how much a row counts beside the others.
        said: n texts in which the label was said, a worked answer say, None where there is none; or nothing.
    """

    examples: Sequence[Example]
    targets: Sequence[Mapping[str, float]]
    weights: npt.NDArray[np.floating]
    said: Sequence[str | None] = ()

    @classmethod
    def hard(cls, examples: Sequence[Example], labels: Iterable[str]) -> Rows:
        """Rows of one label each, all of one weight."""
        targets = [{label: 1.0} for label in labels]
        return cls(examples, targets, np.ones(len(examples)))

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.examples)
