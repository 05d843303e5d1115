"""What decides which rows are gold, pool and test: numbers drawn from files, or files of their own.

Knows nothing about how files are read or rows drawn.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from w2s.config import Config, invalid_value

Positive = Annotated[int, Field(gt=0)]
ColumnNames = str | dict[str, Any] | None
"""The name of a data set that is known, or a table, see :mod:`w2s.tasks.column_mapping`."""
ROLES = ("gold", "pool", "test")


class OwnRows(Config):
    """Rows of one role from files of its own: all of them, or so many ``rows`` drawn by seed. ``columns``
    where they differ from those of the data set."""

    files: Annotated[tuple[str, ...], Field(min_length=1)]
    rows: Positive | None = None
    columns: ColumnNames = None


Role = Positive | tuple[str, ...] | OwnRows


class DataSet(Config):
    """Rows by role. A number is drawn by seed from ``files``; a list is of files whose rows all have that
    role; a table says how many rows of which files.

    ``columns``: which column of the files holds what, for the tasks choice and answer. Where matches are
    played the numbers are of the positions reached.
    """

    files: tuple[str, ...] = ()
    columns: ColumnNames = None
    gold: Role = 1000
    pool: Role = 10_000
    test: Role = 2000

    @model_validator(mode="after")
    def _files_where_they_are_drawn_from(self) -> DataSet:
        if self.are_files and self.files:
            raise invalid_value(
                "chain-examples-files-twice",
                "gold, pool and test all name their own files; leave files out",
            )
        if self.own and self.counts and not self.files:
            drawn = next(iter(self.counts))
            raise invalid_value(
                "chain-examples-files-missing",
                f"{drawn} is a number of rows; name the files to draw them from in files",
            )
        return self

    @property
    def counts(self) -> dict[str, int]:
        """Rows by role, of those that are drawn from ``files``."""
        found = {role: getattr(self, role) for role in ROLES}
        return {role: count for role, count in found.items() if isinstance(count, int)}

    @property
    def own(self) -> dict[str, OwnRows]:
        """The roles that have files of their own."""
        found: dict[str, OwnRows] = {}
        for role in ROLES:
            given = getattr(self, role)
            if not isinstance(given, int):
                rows = given if isinstance(given, OwnRows) else OwnRows(files=given)
                found[role] = rows if rows.columns else rows.model_copy(update={"columns": self.columns})
        return found

    @property
    def are_files(self) -> bool:
        """Whether each role has its own files."""
        return len(self.own) == len(ROLES)


class Examples(DataSet):
    """Where examples come from: one data set, or several ``sets`` whose roles are joined.

    ``bad_rows``: a row that cannot be used is an ``error``, or ``skip`` leaves it out with a line that says
    how many there were: published sets have questions with two equal options.
    """

    sets: tuple[DataSet, ...] = ()
    bad_rows: Literal["error", "skip"] = "error"

    @model_validator(mode="after")
    def _sets_or_one(self) -> Examples:
        said = [
            name
            for name, field in DataSet.model_fields.items()
            if self.sets and getattr(self, name) != field.default
        ]
        if said:
            raise invalid_value(
                "chain-examples-sets-mixed",
                f"each entry of sets has its own {', '.join(said)}; leave them out of examples",
            )
        return self

    @property
    def each(self) -> tuple[DataSet, ...]:
        """The data sets."""
        return self.sets or (self,)

    @property
    def names_files(self) -> bool:
        """Whether any file is named."""
        return bool(self.sets) or any(one.files or one.own for one in self.each)

    @property
    def gold_has_files(self) -> bool:
        """Whether gold is of files of its own."""
        return any("gold" in one.own for one in self.each)

    @property
    def gold_rows(self) -> int:
        """How many rows of gold are asked for, where no set names its files."""
        return sum(one.counts["gold"] for one in self.each)
