"""Examples with their roles as a Parquet file: the columns of our puzzles, and ``role``.

Knows nothing about how roles are given.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from w2s.chain.examples.splits import ROLES, Splits
from w2s.evidence import read_table, write_table
from w2s.tasks import MoveExample, read_examples
from w2s.tasks.tables import PUZZLES, row_of


def write_roles(splits: Splits, path: Path) -> None:
    """Write every example, its history included; ``w2s label`` and ``w2s eval`` read the file too."""
    rows = [{**row_of(example), "role": role} for role in ROLES for example in getattr(splits, role)]
    schema = PUZZLES.append(pa.field("role", pa.string()))
    write_table(pa.Table.from_pylist(rows, schema=schema), path)


def read_roles(path: Path) -> Splits:
    """What :func:`write_roles` wrote.

    Raises:
        DataError: the file is damaged.
    """
    roles = read_table(path).column("role").to_pylist()
    found: dict[str, list[MoveExample]] = {role: [] for role in ROLES}
    for role, example in zip(roles, read_examples(path), strict=True):
        found[role].append(example)
    return Splits(**found)
