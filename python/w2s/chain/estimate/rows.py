"""How many rows each role of a chain has, and some examples where they are on this machine.

Knows nothing about models. Published data sets are not fetched.
"""

from __future__ import annotations

from collections.abc import Sequence

from w2s.chain.config import ChainConfig
from w2s.chain.data_sets import ROLES, ColumnNames, DataSet, OwnRows
from w2s.errors import DataError, W2sError
from w2s.tasks import Example, read_examples

ASSUMED = 1000
"""Rows of a role whose files are not at hand and whose number nobody said."""


class Files:
    """The files of a chain, as far as they are on this machine; each is read once."""

    def __init__(self, config: ChainConfig) -> None:
        """Name the chain; nothing is read yet."""
        self._config = config
        self._seen: dict[str, Sequence[Example]] = {}

    def rows_by_role(self) -> tuple[dict[str, int], list[str]]:
        """Rows of gold, pool and test, and what had to be assumed.

        Raises:
            DataError: files at hand hold fewer.
        """
        rows, notes = dict.fromkeys(ROLES, 0), []
        for one in self._config.examples.each:
            self._check_enough(one)
            for role, count in one.counts.items():
                rows[role] += count
            for role, own in one.own.items():
                found = own.rows or self._counted(own)
                if found is None:
                    named = ", ".join(own.files)
                    notes.append(f"{role} of {named} is not at hand: {ASSUMED:,} rows are assumed")
                rows[role] += found or ASSUMED
        return rows, notes

    def some_examples(self) -> tuple[list[Example], list[str]]:
        """Examples of the files that the pool is of, and what is not there."""
        files = [
            (file, one.columns)
            for one in self._config.examples.each
            for file in (one.own["pool"].files if "pool" in one.own else one.files)
        ]
        found: list[Example] = []
        missing = []
        for file, columns in files:
            some = self._read(file, columns)
            found += some
            if not some:
                missing.append(file)
        return found, [f"{', '.join(missing)}: not read for an estimate, or not at hand"] if missing else []

    def _check_enough(self, one: DataSet) -> None:
        """Refuse to count more rows than the files hold, where all of them are at hand."""
        outside = ("gold",) if self._config.regime.is_shift else ()
        wanted = sum(count for role, count in one.counts.items() if role not in outside)
        there = [len(self._read(file, one.columns)) for file in one.files]
        if there and all(there) and sum(there) < wanted:
            raise DataError(
                "chain-too-few-examples",
                f"{', '.join(one.files)} hold {sum(there)} examples but gold, pool and test need {wanted}; "
                "ask for fewer or name more files",
            )

    def _counted(self, own: OwnRows) -> int | None:
        found = [self._read(file, own.columns) for file in own.files]
        return sum(map(len, found)) if all(found) else None

    def _read(self, file: str, columns: ColumnNames) -> Sequence[Example]:
        """The examples of a file; none where it is published, not there or cannot be read."""
        key = repr((file, columns))
        if key not in self._seen:
            self._seen[key] = _read(file, self._config, columns)
        return self._seen[key]


def _read(file: str, config: ChainConfig, columns: ColumnNames) -> Sequence[Example]:
    if file.startswith("hf:"):
        return []
    try:
        task: str = config.task
        some: list[Example] = read_examples(file, task, config.game, columns=columns, bad_row=lambda _: None)
    except W2sError:
        return []
    return some
