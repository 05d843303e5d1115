"""Data sets of a configuration → gold, pool and test.

Knows nothing about matches or regimes. Roles with files of their own are read first; what is drawn from a
set's other files shares nothing with them, nor with what other sets gave.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from w2s.chain.data_sets import ROLES, DataSet, Examples, OwnRows
from w2s.chain.examples.splits import Format, Splits, apart, check_disjoint, read_files, split
from w2s.errors import DataError
from w2s.tasks import Example

Say = Callable[[str], None]
Rows = dict[str, list[Example]]


def read_splits(
    source: Examples,
    *,
    task: str = "move",
    game: str,
    seed: int,
    gold: bool = True,
    say: Say = lambda _: None,
) -> Splits:
    """Read the files and give each example its role; without ``gold``, which then has none, where others
    give it.

    Raises:
        DataError: too few examples, a role without known answers, ids that repeat, or roles of files of their
            own that share an id, a position or a group.
    """
    form = Format(task, game, say if source.bad_rows == "skip" else None)
    own = [_own(one, form, seed) for one in source.each]
    taken = [example for rows in own for role in ROLES for example in rows[role]]
    found: Rows = {role: [] for role in ROLES}
    for one, rows in zip(source.each, own, strict=True):
        drawn = _drawn(one, taken, form, seed, gold, say)
        taken += [example for role in ROLES for example in drawn[role]]
        for role in ROLES:
            found[role] += [*rows[role], *drawn[role]]
    splits = Splits(**found)
    _check_ids(splits)
    check_disjoint(splits)
    for role in ("gold", "test"):
        if unknown := [example.id for example in getattr(splits, role) if not example.gold]:
            raise DataError(
                "chain-example-without-answer",
                f"{len(unknown)} {role} examples have no known answer, first {unknown[0]!r}; add the answers "
                "or remove the rows",
            )
    return splits


def _own(one: DataSet, form: Format, seed: int) -> Rows:
    """Rows of the roles that have files of their own."""
    return {role: _some(role, one.own[role], form, seed) if role in one.own else [] for role in ROLES}


def _some(role: str, rows: OwnRows, form: Format, seed: int) -> list[Example]:
    found = read_files(rows.files, form, rows.columns)
    if rows.rows is None:
        return found
    return [*getattr(split(found, [rows.rows * (name == role) for name in ROLES], seed), role)]


def _drawn(one: DataSet, taken: Sequence[Example], form: Format, seed: int, gold: bool, say: Say) -> Rows:
    """Rows of the roles that are numbers."""
    counts = [one.counts.get(role, 0) if gold or role != "gold" else 0 for role in ROLES]
    if not one.counts:
        return {role: [] for role in ROLES}
    found = read_files(one.files, form, one.columns)
    free = apart(found, taken)
    if len(free) < len(found):
        where = ", ".join(one.files)
        say(f"{len(found) - len(free)} examples of {where} are left out: other roles hold their question")
    splits = split(free, counts, seed)
    return {role: [*getattr(splits, role)] for role in ROLES}


def _check_ids(splits: Splits) -> None:
    for role in ROLES:
        seen: set[str] = set()
        for example in getattr(splits, role):
            if example.id in seen:
                raise DataError(
                    "chain-duplicate-id", f"duplicate id {example.id!r} in {role}; ids must be unique"
                )
            seen.add(example.id)
