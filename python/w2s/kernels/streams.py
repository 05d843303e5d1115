"""Selection over chunks: what is kept so far fits in memory, or the cut is found in passes.

``start`` is the position of a chunk's first row in the stream. Chunks may come in any order; the answer is
the same. Several threads may push chunks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from w2s import _core
from w2s.errors import UsageError
from w2s.kernels.arrays import Scores
from w2s.kernels.columns import Doubles, Positions
from w2s.kernels.core_errors import core_errors
from w2s.kernels.groups import Codes

DIGIT_BITS = 16
NARROW_DIGIT_BITS = 8
BYTES_A_COUNT = 8


class TopK:
    """The k best rows of a stream, in memory O(k)."""

    def __init__(self, k: int) -> None:
        self._core = _core.TopK(k)

    def push(self, start: int, scores: Scores) -> None:
        """See a chunk."""
        with core_errors():
            self._core.push(start, scores)

    def best_first(self) -> Positions:
        """Positions of the rows so far, best first."""
        return self._core.best_first()


class TopKByGroup:
    """The k best rows of each group of a stream, in memory O(groups · k)."""

    def __init__(self, k: int) -> None:
        self._core = _core.TopKByGroup(k)

    def push(self, start: int, scores: Scores, groups: npt.NDArray[np.uint64]) -> None:
        """See a chunk with its group ids, any 64-bit numbers."""
        with core_errors():
            self._core.push(start, scores, groups)

    def best_first(self) -> list[tuple[int, Positions]]:
        """The groups so far, ascending, each with the positions of its rows, best first."""
        return self._core.best_first()


class RandomK:
    """k rows of a stream drawn by a seed: those that :func:`w2s.kernels.random_k` draws of the whole."""

    def __init__(self, k: int, seed: int) -> None:
        self._core = _core.RandomK(k, seed)

    def push(self, start: int, rows: int) -> None:
        """See ``rows`` rows."""
        self._core.push(start, rows)

    def ascending(self) -> Positions:
        """Positions of the rows so far, ascending."""
        return self._core.ascending()


class WithinBudget:
    """The best rows of a stream that a budget pays for, in memory O(rows that it pays for)."""

    def __init__(self, budget: float) -> None:
        with core_errors():
            self._core = _core.WithinBudget(budget)

    def push(self, start: int, scores: Scores, costs: Doubles) -> None:
        """See a chunk with the cost of each row."""
        with core_errors():
            self._core.push(start, scores, costs)

    def best_first(self) -> tuple[Positions, float]:
        """Positions of the rows so far, best first, and their total cost."""
        return self._core.best_first()


class Cut(NamedTuple):
    """Where a group is cut.

    Attributes:
        score: the lowest score kept; None if no row is kept.
        ties: rows with that score that are kept, those at the lowest positions.
        ties_left_out: rows with that score that are not.
    """

    score: float | None
    ties: int
    ties_left_out: int


class Narrowing:
    """The exact cut of each group of a stream that can be read several times, in memory O(groups).

    Each pass over all chunks counts one more digit of the scores and ends with :meth:`end_pass`. Then, in one
    more pass, :meth:`kept` says which rows of a chunk stay::

        narrowing = Narrowing(np.float32)
        while not narrowing.is_done:
            for start, scores in chunks():
                narrowing.push(start, scores)
            narrowing.end_pass([k])
    """

    def __init__(self, dtype: npt.DTypeLike, *, n_groups: int = 1, memory: int = 64 << 20) -> None:
        """Start the first pass.

        Args:
            dtype: float32 or float64, the type of every chunk's scores.
            n_groups: expected number of groups, from which the digit is chosen; more groups only take more
                memory.
            memory: bytes that the counts should fit in. Two passes over float32 (four over float64) take 512
                KiB a group; where that is too much, twice as many passes take 2 KiB a group.
        """
        if np.dtype(dtype) not in (np.float32, np.float64):
            raise UsageError("select-bad-dtype", f"scores are {np.dtype(dtype)}; use float32 or float64")
        wide_digits = n_groups * BYTES_A_COUNT << DIGIT_BITS
        self._digit_bits = DIGIT_BITS if wide_digits <= memory else NARROW_DIGIT_BITS
        self._core = _core.Narrowing(np.dtype(dtype) == np.float64, self._digit_bits)
        self.passes = np.dtype(dtype).itemsize * 8 // self._digit_bits

    @property
    def is_done(self) -> bool:
        """Whether the cuts are known."""
        return self._core.is_done()

    @property
    def sizes(self) -> Positions:
        """Rows of each group, all seen at the end of the first pass."""
        return self._core.sizes()

    def push(self, start: int, scores: Scores, groups: Codes | None = None) -> None:
        """See a chunk in this pass; groups are codes, and none may be new after the first pass."""
        with core_errors():
            self._core.push(start, scores, groups)

    def end_pass(self, quotas: Sequence[int]) -> None:
        """End a pass; ``quotas`` is the number of rows that each group keeps, the same in every pass."""
        with core_errors():
            self._core.end_pass(list(map(int, quotas)))

    @property
    def cuts(self) -> list[Cut]:
        """The cut of each group."""
        return [Cut(*cut) for cut in self._core.cuts()]

    def kept(
        self, scores: Scores, groups: Codes | None = None, before: Sequence[int] | Positions | None = None
    ) -> tuple[Positions, Positions]:
        """Offsets of a chunk's rows that stay, ascending, and how many rows it has at the cut of each group.

        Args:
            scores: the chunk's scores.
            groups: its codes.
            before: rows at the cut of each group in all earlier chunks; none by default.
        """
        ties = [0] * len(self.sizes) if before is None else list(map(int, before))
        with core_errors():
            return self._core.kept(scores, groups, ties)
