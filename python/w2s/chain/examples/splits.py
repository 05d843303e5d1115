"""Gold, pool and test: disjoint by id, by position and by group.

Knows nothing about models.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from w2s.chain.data_sets import ROLES, ColumnNames
from w2s.errors import DataError
from w2s.tasks import Example, MoveExample, read_examples, task_for

__all__ = ["ROLES", "Format", "Splits", "apart", "check_disjoint", "read_files", "split", "together"]


Say = Callable[[str], None]


@dataclass(frozen=True)
class Splits:
    """Examples by role, each in the order of its file."""

    gold: Sequence[Example]
    pool: Sequence[Example]
    test: Sequence[Example]

    def table(self) -> pa.Table:
        """``id`` and ``role`` of every example that has one."""
        rows = [(example.id, role) for role in ROLES for example in getattr(self, role)]
        return pa.table({"id": [id_ for id_, _ in rows], "role": [role for _, role in rows]})


def split(examples: Sequence[Example], counts: Sequence[int], seed: int) -> Splits:
    """As many examples of each role as are asked for, drawn by seed; what belongs together has one role.

    Raises:
        DataError: there are too few examples.
    """
    if len(examples) < sum(counts):
        wanted = ", ".join(f"{count} {role}" for count, role in zip(counts, ROLES, strict=True) if count)
        raise DataError(
            "chain-too-few-examples",
            f"{len(examples)} examples are too few for {wanted}; ask for fewer or name more files",
        )
    parts = together(examples)
    drawn = sorted(set(parts), key=lambda part: hashlib.blake2b(f"{seed} {part}".encode()).digest())
    members: dict[str, list[int]] = {}
    for row, part in enumerate(parts):
        members.setdefault(part, []).append(row)
    role_rows: list[list[int]] = [[], [], []]
    role = 0
    for part in drawn:
        while role < len(ROLES) and len(role_rows[role]) >= counts[role]:
            role += 1
        if role == len(ROLES):
            break
        role_rows[role] += members[part]
    for name, rows, count in zip(ROLES, role_rows, counts, strict=True):
        if len(rows) < count:
            raise DataError(
                "chain-groups-too-large",
                f"groups are too large to give {count} {name} examples; ask for fewer",
            )
    kept = [sorted(rows[:count]) for rows, count in zip(role_rows, counts, strict=True)]
    return Splits(*([examples[row] for row in rows] for rows in kept))


@dataclass(frozen=True)
class Format:
    """What files hold: examples of a task, whose rules hold for them, and who is told in a line of the rows
    that cannot be used; None where such a row is an error."""

    task: str
    game: str
    skip: Say | None = None


def read_files(files: Iterable[str], form: Format, columns: ColumnNames = None) -> list[Example]:
    """The examples of several files; ids are unique over all.

    Raises:
        DataError: no file is named, a row cannot be used, or an id repeats.
    """
    files = list(files)
    if not files:
        raise DataError("chain-no-examples", "the chain has no examples; name files with --examples")
    found = [example for file in files for example in _read(file, form, columns)]
    if len({example.id for example in found}) < len(found):
        raise DataError(
            "chain-duplicate-id", f"{', '.join(files)} share ids; ids must be unique over all files"
        )
    return found


def _read(file: str, form: Format, columns: ColumnNames) -> list[Example]:
    complaints: list[str] = []
    skip = None if form.skip is None else complaints.append
    found: list[Example] = read_examples(file, form.task, form.game, columns=columns, bad_row=skip)
    if form.skip is not None and complaints:
        form.skip(f"{len(complaints)} rows of {file} cannot be used; the first: {complaints[0]}")
    return found


def together(examples: Sequence[Example]) -> list[str]:
    """A name for each example; those with one group, or one position or question, share it."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while (above := parent.setdefault(name, name)) != name:
            parent[name] = name = parent[above]
        return name

    for example in examples:
        own = root(_asks(example))
        if example.group is not None:
            parent[own] = root(f"group {example.group}")
    return [root(_asks(example)) for example in examples]


def apart(examples: Sequence[Example], others: Iterable[Example]) -> list[Example]:
    """The examples that share neither an id nor a position nor a group with others."""
    taken: set[object] = set()
    for example in others:
        taken |= _marks(example)
    return [example for example in examples if taken.isdisjoint(_marks(example))]


def _marks(example: Example) -> set[object]:
    """What no other role may hold."""
    group = set() if example.group is None else {("group", example.group)}
    return {example.id, ("asks", task_for(example).key(example)), *group}


def _asks(example: Example) -> str:
    """What an example asks, as a name."""
    if isinstance(example, MoveExample):
        return f"position {example.state.key}"
    return f"question {task_for(example).key(example)}"


def check_disjoint(splits: Splits) -> None:
    """Refuse roles that share an id, a position or a group.

    Raises:
        DataError: names the roles and what they share.
    """
    for place, left in enumerate(ROLES):
        for right in ROLES[place + 1 :]:
            for what, name in _shared(getattr(splits, left), getattr(splits, right)):
                raise DataError(
                    "chain-splits-overlap",
                    f"{left} and {right} share {what} {name!r}; each example must be in one of them only",
                )


def _shared(left: Sequence[Example], right: Sequence[Example]) -> Iterable[tuple[str, object]]:
    ids = {example.id for example in left}
    keys = {_asks(example) for example in left}
    groups = {example.group for example in left if example.group is not None}
    for example in right:
        if example.id in ids:
            yield "the id", example.id
        if _asks(example) in keys:
            yield "the position or question of", example.id
        if example.group in groups:
            yield "the group", example.group
