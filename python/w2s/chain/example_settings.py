"""The table of a chain's configuration that says where examples come from: files by split, and data sets."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from w2s.chain.settings import Positive
from w2s.config import Config, invalid_value

SPLITS = ("gold", "pool", "test")
"""The parts into which examples are split."""
ColumnMapping = str | dict[str, Any] | None
"""The name of a known data set, or a table, see :mod:`w2s.tasks.column_mapping`."""


class SplitFiles(Config):
    """Rows of one split from its own files: all of them, or ``rows`` of them drawn by seed.

    ``column_mapping`` overrides that of the data set.
    """

    files: Annotated[tuple[str, ...], Field(min_length=1)]
    rows: Positive | None = None
    column_mapping: ColumnMapping = None


SplitRows = Positive | tuple[str, ...] | SplitFiles


class DataSet(Config):
    """Rows by split. A number is drawn by seed from ``files``; a list names files whose rows all belong to
    that split; a table gives files and a number of rows.

    ``column_mapping``: which column of the files holds what, for the tasks choice and answer. If matches are
    played, the numbers count positions that the matches reach.
    """

    files: tuple[str, ...] = ()
    column_mapping: ColumnMapping = None
    gold: SplitRows = 1000
    pool: SplitRows = 10_000
    test: SplitRows = 2000

    @model_validator(mode="after")
    def _check_files(self) -> DataSet:
        if len(self.own_files) == len(SPLITS) and self.files:
            raise invalid_value(
                "chain-examples-files-twice", "gold, pool and test all name their own files; leave files out"
            )
        if self.own_files and self.counts and not self.files:
            raise invalid_value(
                "chain-examples-files-missing",
                f"{next(iter(self.counts))} is a number of rows; name the files to draw them from in files",
            )
        return self

    @property
    def counts(self) -> dict[str, int]:
        """Rows by split, of the splits that are drawn from ``files``."""
        found = {split: getattr(self, split) for split in SPLITS}
        return {split: count for split, count in found.items() if isinstance(count, int)}

    @property
    def own_files(self) -> dict[str, SplitFiles]:
        """The splits that have their own files."""
        found: dict[str, SplitFiles] = {}
        for split in SPLITS:
            given = getattr(self, split)
            if not isinstance(given, int):
                rows = given if isinstance(given, SplitFiles) else SplitFiles(files=given)
                found[split] = (
                    rows
                    if rows.column_mapping
                    else rows.model_copy(update={"column_mapping": self.column_mapping})
                )
        return found


class Examples(DataSet):
    """Where examples come from: one data set, or several ``sets`` whose splits are joined.

    ``bad_rows``: a row that cannot be used is an ``error``, or ``skip`` leaves it out and reports how many
    there were. Published data sets contain questions with two equal options.
    """

    sets: tuple[DataSet, ...] = ()
    bad_rows: Literal["error", "skip"] = "error"

    @model_validator(mode="after")
    def _check_sets(self) -> Examples:
        given = [
            name
            for name, field in DataSet.model_fields.items()
            if self.sets and getattr(self, name) != field.default
        ]
        if given:
            raise invalid_value(
                "chain-examples-sets-mixed",
                f"each entry of sets has its own {', '.join(given)}; leave them out of examples",
            )
        return self

    @property
    def each(self) -> tuple[DataSet, ...]:
        """The data sets."""
        return self.sets or (self,)

    @property
    def has_files(self) -> bool:
        """Whether any file is named."""
        return bool(self.sets) or any(one.files or one.own_files for one in self.each)

    @property
    def gold_has_files(self) -> bool:
        """Whether gold has its own files."""
        return any("gold" in one.own_files for one in self.each)

    @property
    def gold_rows(self) -> int:
        """Number of gold rows; no set may name files for gold."""
        return sum(one.counts["gold"] for one in self.each)
