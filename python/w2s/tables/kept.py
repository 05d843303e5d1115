"""Which rows of each piece are kept: a bit a row.

Knows nothing about why.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from w2s.tables.piece import Mask


class Kept:
    """A bit for every row of a table, piece by piece."""

    def __init__(self, piece_rows: Sequence[int]) -> None:
        """Keep nothing yet."""
        self._rows = list(piece_rows)
        self._bits: list[npt.NDArray[np.uint8] | None] = [None] * len(self._rows)
        self.counts = [0] * len(self._rows)

    @classmethod
    def of_positions(cls, piece_rows: Sequence[int], positions: npt.NDArray[np.int64]) -> Kept:
        """From ascending positions in the whole table."""
        kept = cls(piece_rows)
        ends = np.cumsum(np.asarray(piece_rows, np.int64))
        stops = np.searchsorted(positions, ends)
        begin, start = 0, 0
        for piece, (stop, end) in enumerate(zip(stops.tolist(), ends.tolist(), strict=True)):
            kept.set(piece, positions[begin:stop] - start)
            begin, start = stop, end
        return kept

    def set(self, piece: int, rows: npt.NDArray[np.int64]) -> None:
        """The rows of a piece that are kept."""
        mask = np.zeros(self._rows[piece], bool)
        mask[rows] = True
        self.set_mask(piece, mask)

    def set_mask(self, piece: int, mask: Mask) -> None:
        """The same from flags."""
        self.counts[piece] = int(np.count_nonzero(mask))
        self._bits[piece] = np.packbits(mask) if self.counts[piece] else None

    def mask(self, piece: int) -> Mask:
        """Flags of the rows of a piece."""
        bits = self._bits[piece]
        if bits is None:
            return np.zeros(self._rows[piece], bool)
        return np.unpackbits(bits, count=self._rows[piece]).view(bool)

    @property
    def total(self) -> int:
        """How many rows are kept."""
        return sum(self.counts)

    @property
    def piece_rows(self) -> list[int]:
        """Rows of each piece."""
        return self._rows
