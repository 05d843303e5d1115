"""What an example is, and the interface of a task: how examples are read, stored and compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from w2s.tasks.answer import AnswerExample
from w2s.tasks.choice import ChoiceExample
from w2s.tasks.move import MoveExample
from w2s.tasks.rows import OnBadRow

if TYPE_CHECKING:
    import pyarrow as pa

    from w2s.tasks.column_mapping import ColumnsSpec

AnyExample = TypeVar("AnyExample")
Example = MoveExample | ChoiceExample | AnswerExample
"""What a model can be asked."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read a source.

    Attributes:
        game: the game, for sources that do not name one.
        columns: which column holds what; None to detect it.
        on_bad_row: called for each row that cannot be used.
    """

    game: str
    columns: ColumnsSpec
    on_bad_row: OnBadRow


@dataclass(frozen=True)
class Task(Generic[AnyExample]):
    """One kind of example.

    Attributes:
        name: the name in options, configuration and tables.
        kind: the class of its examples.
        read: reads the examples of a file, or of a published dataset named ``hf:…``.
        judge: whether a label is right; None if the example has no gold, False for no label.
        same: whether two labels of one example mean the same; False if they mean nothing.
        canonical: the form in which a label is stored; None if the label means nothing.
        key: identity of the question as text; examples with equal keys must not be in different splits.
        schema: the columns in which examples are stored.
        row: an example in those columns.
    """

    name: str
    kind: type[AnyExample]
    read: Callable[[str | Path, ReadOptions], Iterator[AnyExample]]
    judge: Callable[[AnyExample, str | None], bool | None]
    same: Callable[[AnyExample, str, str], bool]
    canonical: Callable[[AnyExample, str], str | None]
    key: Callable[[AnyExample], str]
    schema: Callable[[], pa.Schema]
    row: Callable[[AnyExample], dict[str, Any]]
