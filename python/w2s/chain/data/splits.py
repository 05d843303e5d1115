"""Gold, pool and test, disjoint by id, position and group; draws, folds and their file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from w2s.chain.example_settings import SPLITS
from w2s.errors import DataError
from w2s.evidence import read_table, write_table
from w2s.tasks import Example, MoveExample, get_task, read_examples, task_for

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Splits:
    """Examples by split, each in the order of its file.

    Attributes:
        gold: examples with known answers that trust is fitted on and students may learn.
        pool: examples that the teacher labels.
        test: examples that only measure models.
        audit: gold that only decides whether a round is rejected.
    """

    gold: Sequence[Example]
    pool: Sequence[Example]
    test: Sequence[Example]
    audit: Sequence[Example] = ()

    def table(self) -> pa.Table:
        """``id`` and ``role`` of every example; the role is the name of its split."""
        rows = [(example.id, name) for name in (*SPLITS, "audit") for example in getattr(self, name)]
        return pa.table({"id": [id_ for id_, _ in rows], "role": [name for _, name in rows]})


# Keys of what must stay in one split -----------------------------------------------------------------------


def group_keys(examples: Sequence[Example]) -> list[str]:
    """A key for each example; examples that share a group, a position or a question share the key."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while (above := parent.setdefault(name, name)) != name:
            parent[name] = name = parent[above]
        return name

    for example in examples:
        own = root(_content_key(example))
        if example.group is not None:
            parent[own] = root(f"group {example.group}")
    return [root(_content_key(example)) for example in examples]


def exclude(examples: Sequence[Example], others: Iterable[Example]) -> list[Example]:
    """The examples that share neither an id nor a position, question or group with others."""
    taken: set[object] = set()
    for example in others:
        taken |= _excluded_keys(example)
    return [example for example in examples if taken.isdisjoint(_excluded_keys(example))]


def _excluded_keys(example: Example) -> set[object]:
    group = set() if example.group is None else {("group", example.group)}
    return {example.id, ("content", task_for(example).key(example)), *group}


def _content_key(example: Example) -> str:
    """The position or question of an example."""
    if isinstance(example, MoveExample):
        return f"position {example.state.key}"
    return f"question {task_for(example).key(example)}"


def check_disjoint(splits: Splits) -> None:
    """Refuse splits that share an id, a position, a question or a group.

    Raises:
        DataError: two splits overlap; the message names them and what they share.
    """
    for place, left in enumerate(SPLITS):
        for right in SPLITS[place + 1 :]:
            for what, name in _shared(getattr(splits, left), getattr(splits, right)):
                raise DataError(
                    "chain-splits-overlap",
                    f"{left} and {right} share {what} {name!r}; each example must be in one of them only",
                )


def _shared(left: Sequence[Example], right: Sequence[Example]) -> Iterable[tuple[str, object]]:
    ids = {example.id for example in left}
    keys = {_content_key(example) for example in left}
    groups = {example.group for example in left if example.group is not None}
    for example in right:
        if example.id in ids:
            yield "the id", example.id
        if _content_key(example) in keys:
            yield "the position or question of", example.id
        if example.group in groups:
            yield "the group", example.group


# Draws by seed ---------------------------------------------------------------------------------------------


def split(examples: Sequence[Example], counts: Sequence[int], seed: int) -> Splits:
    """Draw gold, pool and test by seed; examples with one key get the same split.

    Args:
        examples: examples to draw from.
        counts: number of gold, pool and test examples.
        seed: random seed of the draw.

    Raises:
        DataError: there are too few examples.
    """
    if len(examples) < sum(counts):
        wanted = ", ".join(f"{count} {name}" for count, name in zip(counts, SPLITS, strict=True) if count)
        raise DataError(
            "chain-too-few-examples",
            f"{len(examples)} examples are too few for {wanted}; request fewer or name more files",
        )
    keys = group_keys(examples)
    drawn = sorted(set(keys), key=lambda key: hashlib.blake2b(f"{seed} {key}".encode()).digest())
    members: dict[str, list[int]] = {}
    for row, key in enumerate(keys):
        members.setdefault(key, []).append(row)
    split_rows: list[list[int]] = [[], [], []]
    place = 0
    for key in drawn:
        while place < len(SPLITS) and len(split_rows[place]) >= counts[place]:
            place += 1
        if place == len(SPLITS):
            break
        split_rows[place] += members[key]
    for name, rows, count in zip(SPLITS, split_rows, counts, strict=True):
        if len(rows) < count:
            raise DataError(
                "chain-groups-too-large",
                f"groups are too large to give {count} {name} examples; request fewer",
            )
    kept = [sorted(rows[:count]) for rows, count in zip(split_rows, counts, strict=True)]
    return Splits(*([examples[row] for row in rows] for rows in kept))


def subsample(examples: Sequence[Example], count: int, seed: int) -> Positions:
    """Positions of ``count`` examples drawn by seed, ascending; a smaller count draws a subset of them."""
    keys = group_keys(examples)
    order = sorted(range(len(keys)), key=lambda row: (_key_hash(keys[row], seed), examples[row].id))
    return np.sort(np.array(order[:count], np.int64))


def hold_out(splits: Splits, count: int, seed: int) -> Splits:
    """The same splits with at most ``count`` gold rows in the audit, drawn by seed; rows with one key stay
    together.

    Raises:
        DataError: each key has more rows.
    """
    if not count:
        return splits
    keys = group_keys(splits.gold)
    rows_of: dict[str, list[int]] = {}
    for row, key in enumerate(keys):
        rows_of.setdefault(key, []).append(row)
    held: set[int] = set()
    for key in sorted(rows_of, key=lambda key: hashlib.blake2b(f"audit {seed} {key}".encode()).digest()):
        if len(held) + len(rows_of[key]) <= count:
            held.update(rows_of[key])
    gold = [example for row, example in enumerate(splits.gold) if row not in held]
    audit = [example for row, example in enumerate(splits.gold) if row in held]
    if not audit:
        raise DataError(
            "chain-audit-empty",
            f"groups of gold are too large to hold {count} of {len(keys)} rows back; use a larger "
            "stop.audit, or give more gold",
        )
    return replace(splits, gold=gold, audit=audit)


def disjoint_from(examples: Sequence[Example], rows: Iterable[int]) -> Positions:
    """Positions of the examples that share no key with those at ``rows``, ascending."""
    keys = group_keys(examples)
    taken = {keys[row] for row in rows}
    return np.array([row for row, key in enumerate(keys) if key not in taken], np.int64)


def group_kfold(examples: Sequence[Example], folds: int, seed: int) -> Positions:
    """The fold of each example, from 0; examples with one key are in the same fold.

    Raises:
        DataError: there are fewer keys than folds.
    """
    keys = group_keys(examples)
    drawn = sorted(set(keys), key=lambda key: _key_hash(key, seed))
    if len(drawn) < folds:
        raise DataError(
            "chain-too-few-groups",
            f"{len(examples)} gold rows in {len(drawn)} groups are too few for {folds} folds; give more gold "
            "or use fewer folds",
        )
    fold = {key: place % folds for place, key in enumerate(drawn)}
    return np.array([fold[key] for key in keys], np.int64)


def _key_hash(key: str, seed: int) -> bytes:
    return hashlib.blake2b(f"gold {seed} {key}".encode()).digest()


# File ------------------------------------------------------------------------------------------------------


def write_splits(splits: Splits, path: Path) -> None:
    """Write every example with the columns of its task, ``task`` and ``role``.

    The history of positions is included; ``w2s label`` and ``w2s eval`` read the file too.
    """
    examples = [(name, example) for name in SPLITS for example in getattr(splits, name)]
    task = task_for(examples[0][1])
    rows = [{**task.row(example), "task": task.name, "role": name} for name, example in examples]
    schema = task.schema().append(pa.field("task", pa.string())).append(pa.field("role", pa.string()))
    write_table(pa.Table.from_pylist(rows, schema=schema), path)


def read_splits(path: Path) -> Splits:
    """Read a file of :func:`write_splits`.

    Raises:
        DataError: the file is damaged.
    """
    table = read_table(path, ["role", "task"])
    names, task = table.column("role").to_pylist(), get_task(str(table.column("task")[0]))
    found: dict[str, list[Example]] = {name: [] for name in SPLITS}
    for name, example in zip(names, read_examples(path, task.name), strict=True):
        found[name].append(example)
    return Splits(**found)
