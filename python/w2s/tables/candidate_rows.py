"""The rows of a table that meet a condition: the only ones that a rule sees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa

from w2s.errors import DataError
from w2s.tables.partition import Mask, Partition, RowMask, arrow_mask, reason_of
from w2s.tables.predicate import rows_where

ConditionBits = list[tuple[Any, int]]
"""Packed flags of consecutive rows, each with the number of rows."""


@dataclass
class CandidatePartition:
    """A partition without the rows that do not meet a condition; after a reading it knows which ones do.

    Attributes:
        inner: the partition.
        condition: an expression of pyarrow over columns of the partition.
        names: these columns.
        bits: which rows meet the condition, as far as they were read.
    """

    inner: Partition
    condition: Any = field(repr=False)
    names: Sequence[str]
    bits: ConditionBits = field(default_factory=list, repr=False)

    @property
    def where(self) -> str:
        """The name in messages."""
        return self.inner.where

    @property
    def rows(self) -> None:
        """Number of rows, which is known only after reading."""
        return

    @property
    def n_bytes(self) -> int:
        """Approximate bytes of all rows in memory, at most."""
        return self.inner.n_bytes

    @property
    def mask(self) -> Mask:
        """Flags of the rows of the inner partition that meet the condition, as far as they were read."""
        parts = [np.unpackbits(bits, count=count).view(bool) for bits, count in self.bits]
        return np.concatenate([np.zeros(0, bool), *parts])

    def remember(self, bits: ConditionBits) -> None:
        """Take over what a reading of the same partition in another process found."""
        self.bits = bits

    def row_name(self, row: int) -> str:
        """The name of a row in messages; it must have been read."""
        return self.inner.row_name(int(np.flatnonzero(self.mask)[row]))

    def row_counts(self) -> Iterator[int]:
        """Numbers of rows that meet the condition."""
        return (int(np.count_nonzero(flags)) for _, flags in self._read(()))

    def read_columns(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """Every row that meets the condition, with only these columns."""
        for table, flags in self._read(names):
            if flags.any():
                yield table.filter(arrow_mask(flags)).select(list(names))

    def masked_rows(self, mask: Mask, batch_bytes: int) -> Iterator[pa.Table]:
        """Every column of the rows under a mask of the rows that meet the condition."""
        return self.inner.masked_rows(self.extended(mask), batch_bytes)

    def with_columns(self, names: Sequence[str]) -> CandidatePartition:
        """The same rows without other columns, except those of the condition."""
        return replace(self, inner=self.inner.with_columns([*names, *self.names]), bits=[])

    def extended(self, mask: Mask) -> Mask:
        """Flags of the rows that meet the condition, as flags of all rows."""
        flags = self.mask
        flags[flags] = mask
        return flags

    def _read(self, names: Sequence[str]) -> Iterator[tuple[pa.Table, Mask]]:
        self.bits.clear()
        for table in self.inner.read_columns(list(dict.fromkeys([*names, *self.names]))):
            try:
                flags = rows_where(self.condition, table)
            except pa.ArrowException as error:
                raise DataError(
                    "filter-where-failed", f"{self.inner.where}: `where` fails: {reason_of(error)}"
                ) from None
            self.bits.append((np.packbits(flags), len(flags)))
            yield table, flags


def of_all_rows(kept: RowMask, partitions: Sequence[CandidatePartition]) -> RowMask:
    """Extend a mask of the candidates of each partition to all its rows."""
    masks = [partition.mask for partition in partitions]
    found = RowMask([len(mask) for mask in masks])
    for number, mask in enumerate(masks):
        if kept.counts[number]:
            mask[mask] = kept.mask(number)
            found.set_mask(number, mask)
    return found
