"""Arrow schemas of the tables that several packages read or write."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

LABELS = pa.schema(
    [
        ("id", pa.string()),
        ("task", pa.string()),
        ("label", pa.string()),
        ("log_prob", pa.float32()),
        ("margin", pa.float32()),
        ("entropy", pa.float32()),
        ("n_options", pa.int32()),
        ("samples", pa.list_(pa.string())),
        ("raw", pa.string()),
        ("model", pa.string()),
        ("correct", pa.bool_()),
    ]
)
"""Labels of any model for any task: one row per label, joined by ``id``."""

_ARENA = [
    ("game", pa.string()),
    ("match", pa.int32()),
    ("ply", pa.int32()),
    ("position", pa.string()),
    ("key", pa.uint64()),
    ("move_san", pa.string()),
    ("player", pa.string()),
    ("played", pa.bool_()),
    ("legal", pa.bool_()),
    ("failure", pa.string()),
    ("rejected", pa.list_(pa.string())),
    ("value_cp", pa.int32()),
    ("rules_ok", pa.bool_()),
    ("outcome", pa.string()),
    ("peer_agrees", pa.bool_()),
]


def oracle_fields(name: str) -> list[tuple[str, pa.DataType]]:
    """The columns of one oracle: its best move, the regret and the result, null where unknown."""
    return [
        (f"{name}_best", pa.string()),
        (f"{name}_regret_cp", pa.int32()),
        (f"{name}_wdl", pa.int8()),
    ]


def arena_labels_schema(oracles: Sequence[str]) -> pa.Schema:
    """Labels of an arena: :data:`LABELS`, the position, the columns of each oracle, the verdict."""
    groups = [column for name in oracles for column in oracle_fields(name)]
    verdict = [("verdict", pa.string()), ("verdict_by", pa.string())]
    return pa.schema([*LABELS, *(pa.field(*column) for column in [*_ARENA, *groups, *verdict])])
