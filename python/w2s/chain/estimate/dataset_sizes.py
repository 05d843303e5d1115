"""Rows of each split of a chain, and its examples as far as they are on this machine.

Published data sets are not downloaded.
"""

from __future__ import annotations

from collections.abc import Sequence

from w2s.chain.config import ChainConfig
from w2s.chain.example_settings import SPLITS, ColumnMapping, DataSet, SplitFiles
from w2s.errors import DataError, W2sError
from w2s.tasks import Example, read_examples

ASSUMED = 1000
"""Rows of a split if its files are not on this machine and no number is configured."""


class DatasetFiles:
    """The files of a chain, as far as they are on this machine; each is read once."""

    def __init__(self, config: ChainConfig) -> None:
        """Keep the chain; nothing is read yet."""
        self._config = config
        self._seen: dict[str, Sequence[Example]] = {}

    def rows_by_split(self) -> tuple[dict[str, int], list[str]]:
        """Rows of gold, pool and test, and what had to be assumed.

        Raises:
            DataError: the files hold fewer rows.
        """
        rows, notes = dict.fromkeys(SPLITS, 0), []
        for one in self._config.examples.each:
            self._check_enough(one)
            for split, count in one.counts.items():
                rows[split] += count
            for split, own in one.own_files.items():
                found = own.rows or self._counted(own)
                if found is None:
                    named = ", ".join(own.files)
                    notes.append(f"{split} of {named} is not on this machine: {ASSUMED:,} rows are assumed")
                rows[split] += found or ASSUMED
        return rows, notes

    def some_examples(self) -> tuple[list[Example], list[str]]:
        """Examples of the files of the pool, and which files are missing."""
        files = [
            (file, one.column_mapping)
            for one in self._config.examples.each
            for file in (one.own_files["pool"].files if "pool" in one.own_files else one.files)
        ]
        found: list[Example] = []
        missing = []
        for file, columns in files:
            some = self._read(file, columns)
            found += some
            if not some:
                missing.append(file)
        notes = [f"{', '.join(missing)}: not read for an estimate, or not on this machine"] if missing else []
        return found, notes

    def _check_enough(self, one: DataSet) -> None:
        """Refuse to count more rows than the files hold, if all of them are on this machine."""
        outside = ("gold",) if self._config.regime.is_shift else ()
        wanted = sum(count for split, count in one.counts.items() if split not in outside)
        there = [len(self._read(file, one.column_mapping)) for file in one.files]
        if there and all(there) and sum(there) < wanted:
            raise DataError(
                "chain-too-few-examples",
                f"{', '.join(one.files)} hold {sum(there)} examples but gold, pool and test need {wanted}; "
                "request fewer or name more files",
            )

    def _counted(self, own: SplitFiles) -> int | None:
        found = [self._read(file, own.column_mapping) for file in own.files]
        return sum(map(len, found)) if all(found) else None

    def _read(self, file: str, columns: ColumnMapping) -> Sequence[Example]:
        """The examples of a file; none if it is a published data set, missing or unreadable."""
        key = repr((file, columns))
        if key not in self._seen:
            self._seen[key] = _read(file, self._config, columns)
        return self._seen[key]


def _read(file: str, config: ChainConfig, columns: ColumnMapping) -> Sequence[Example]:
    if file.startswith("hf:"):
        return []
    try:
        task: str = config.task
        some: list[Example] = read_examples(file, task, config.game, columns=columns, bad_row=lambda _: None)
    except W2sError:
        return []
    return some
