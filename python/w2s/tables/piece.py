"""A piece of a table: the unit of work of both passes, a row group where the format has them.

Knows nothing about scores or rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Mask = npt.NDArray[np.bool_]


def arrow_mask(mask: Mask) -> pa.BooleanArray:
    """The flags as Arrow's. ``pa.array`` would do it too, and load pandas first wherever it is installed."""
    return pa.BooleanArray.from_buffers(
        pa.bool_(), len(mask), [None, pa.py_buffer(np.packbits(mask, bitorder="little"))]
    )


def rows_under(tables: Iterator[pa.Table], mask: Mask) -> Iterator[pa.Table]:
    """The rows under a mask of tables that follow each other; tables without one are left out."""
    start = 0
    for table in tables:
        part = mask[start : start + table.num_rows]
        start += table.num_rows
        if part.any():
            yield table.filter(arrow_mask(part))


class Piece(Protocol):
    """Some rows of a table, in its order."""

    @property
    def where(self) -> str:
        """What a message calls it: the file, and the row group in it."""
        ...

    @property
    def rows(self) -> int | None:
        """How many rows, None where that takes reading it."""
        ...

    @property
    def n_bytes(self) -> int:
        """About how much memory all its rows take with every column."""
        ...

    def columns(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """Every row, with only these columns; as several tables, in order."""
        ...

    def kept(self, mask: Mask, together_bytes: int) -> Iterator[pa.Table]:
        """Every column of the rows under a mask, in order, reading about so many bytes at a time."""
        ...
