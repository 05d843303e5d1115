"""The namespace ``w2s`` of polars frames. ``import w2s.polars`` registers it; nothing else imports polars.

Example:
    >>> import polars as pl  # doctest: +SKIP
    >>> import w2s.polars  # doctest: +SKIP
    >>> frame = pl.DataFrame({"id": [1, 2, 3], "trust": [0.9, 0.2, 0.8]})  # doctest: +SKIP
    >>> frame.lazy().w2s.top(2, by="trust").collect()["id"].to_list()  # doctest: +SKIP
    [1, 3]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from w2s.errors import MissingExtraError, UsageError
from w2s.tables import filter

try:
    import polars as pl
    from polars.io.plugins import register_io_source
except ImportError:
    raise MissingExtraError("the namespace of polars", "polars") from None


@pl.api.register_dataframe_namespace("w2s")
class FrameSelection:
    """``frame.w2s``: selection of rows of a ``polars.DataFrame``."""

    def __init__(self, frame: pl.DataFrame) -> None:
        """Made by polars."""
        self._frame = frame

    def top(
        self,
        top: int | float | str,
        *,
        by: str | Sequence[str],
        over: str | Sequence[str] | None = None,
        **options: Any,
    ) -> pl.DataFrame:
        """The best rows, with all columns and in their order; ties go to the earlier row.

        Args:
            top: a number of rows, or a share such as "10%".
            by: the column of scores, or several with ``aggregate``.
            over: columns of groups; ``top`` then applies to each group.
            options: other options of :func:`w2s.filter`.

        Raises:
            UsageError: as :func:`w2s.filter` raises it.
            DataError: a score is null or NaN.
        """
        return self.filter(score=by, top=top, by=over, **options)

    def filter(self, **options: Any) -> pl.DataFrame:
        """The rows that :func:`w2s.filter` keeps with these options.

        Raises:
            UsageError: an option is about files, or about the columns of the output.
        """
        _check(options)
        return _frame(filter(self._frame, **options).read_all(), self._frame.schema)


@pl.api.register_lazyframe_namespace("w2s")
class LazyFrameSelection:
    """``frame.w2s``: selection of rows of a ``polars.LazyFrame``, when the result is collected.

    The frame is computed once, in batches, into a temporary file; see ``memory`` of :func:`w2s.filter`.
    """

    def __init__(self, frame: pl.LazyFrame) -> None:
        """Made by polars."""
        self._frame = frame

    def top(
        self,
        top: int | float | str,
        *,
        by: str | Sequence[str],
        over: str | Sequence[str] | None = None,
        **options: Any,
    ) -> pl.LazyFrame:
        """As :meth:`FrameSelection.top`; exceptions come when the result is collected."""
        return self.filter(score=by, top=top, by=over, **options)

    def filter(self, **options: Any) -> pl.LazyFrame:
        """The rows that :func:`w2s.filter` keeps with these options, when the result is collected.

        Raises:
            UsageError: an option is about files, or about the columns of the output.
        """
        _check(options)
        frame = self._frame

        def rows(
            columns: list[str] | None, predicate: pl.Expr | None, limit: int | None, _: int | None
        ) -> Iterator[pl.DataFrame]:
            schema = frame.collect_schema()
            needed = columns if predicate is None else None
            for batch in filter(frame, columns=needed or None, **options):
                found = _frame(batch, schema)
                if limit is not None:
                    found = found.head(limit)
                    limit -= found.height
                if predicate is not None:
                    found = found.filter(predicate)
                yield found if columns is None else found.select(columns)
                if limit == 0:
                    return

        return register_io_source(rows, schema=frame.collect_schema)


_OF_FILES = (
    "columns",
    "compression",
    "delimiter",
    "explain",
    "input_format",
    "inputs",
    "out",
    "output_format",
    "overwrite",
    "shards",
)


def _check(options: dict[str, Any]) -> None:
    for name in _OF_FILES:
        if name in options:
            raise UsageError(
                "filter-option-of-files",
                f"`{name}` cannot be used with frames; call w2s.filter, or select columns of the result",
            )


def _frame(rows: Any, schema: pl.Schema) -> pl.DataFrame:
    """Rows of Arrow with the types of the frame that they come from."""
    found = pl.from_arrow(rows)
    assert isinstance(found, pl.DataFrame)
    return found.cast({name: schema[name] for name in found.columns})
