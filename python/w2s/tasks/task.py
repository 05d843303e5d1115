"""What a task is: how its examples are read and told apart, and how a label of one is judged.

Knows nothing about the tasks that there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    import pyarrow as pa

    from w2s.tasks.columns import Named

Complain = Callable[[str], None]
"""Told about a row that cannot be used: one line with file, place and reason."""
AnyExample = TypeVar("AnyExample")


@dataclass(frozen=True, slots=True)
class Reading:
    """How a source is to be read.

    ``game``: whose rules hold where the source does not say it. ``columns``: which column holds what, None
    where their names tell. ``bad_row``: told about each row that cannot be used.
    """

    game: str
    columns: Named
    bad_row: Complain


@dataclass(frozen=True)
class Task(Generic[AnyExample]):
    """One kind of example.

    Attributes:
        name: what it is called in options, configuration and tables.
        kind: the type of its examples.
        read: the examples of a file, or of a published data set that is named ``hf:…``.
        judge: whether a label is right; None where the example has no gold, False for no label.
        same: whether two labels of one example mean the same, and mean something.
        canonical: a label in the form in which it is stored; None where it means nothing.
        key: what an example asks, as text: equal for two examples of which one gives the other away.
        schema: the columns from which an example can be read again.
        row: an example in those columns.
    """

    name: str
    kind: type[AnyExample]
    read: Callable[[str | Path, Reading], Iterator[AnyExample]]
    judge: Callable[[AnyExample, str | None], bool | None]
    same: Callable[[AnyExample, str, str], bool]
    canonical: Callable[[AnyExample, str], str | None]
    key: Callable[[AnyExample], str]
    schema: Callable[[], pa.Schema]
    row: Callable[[AnyExample], dict[str, Any]]
