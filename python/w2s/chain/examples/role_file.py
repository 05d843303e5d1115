"""Examples with their roles as a Parquet file: the columns of their task, ``task`` and ``role``.

Knows nothing about how roles are given.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from w2s.chain.examples.splits import ROLES, Splits
from w2s.evidence import read_table, write_table
from w2s.tasks import Example, get_task, read_examples, task_for


def write_roles(splits: Splits, path: Path) -> None:
    """Write every example, a position's history included; ``w2s label`` and ``w2s eval`` read it too."""
    examples = [(role, example) for role in ROLES for example in getattr(splits, role)]
    task = task_for(examples[0][1])
    rows = [{**task.row(example), "task": task.name, "role": role} for role, example in examples]
    schema = task.schema().append(pa.field("task", pa.string())).append(pa.field("role", pa.string()))
    write_table(pa.Table.from_pylist(rows, schema=schema), path)


def read_roles(path: Path) -> Splits:
    """What :func:`write_roles` wrote.

    Raises:
        DataError: the file is damaged.
    """
    table = read_table(path)
    roles, task = table.column("role").to_pylist(), get_task(str(table.column("task")[0]))
    found: dict[str, list[Example]] = {role: [] for role in ROLES}
    for role, example in zip(roles, read_examples(path, task.name), strict=True):
        found[role].append(example)
    return Splits(**found)
