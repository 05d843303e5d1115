"""The same rows are kept whatever holds the table: memory, a stream, or a file of any format."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import w2s

SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("trust", pa.float64()),
        ("cost", pa.float64()),
        ("lang", pa.string()),
        ("n", pa.int64()),
        ("ok", pa.bool_()),
    ]
)
ROW = st.fixed_dictionaries(
    {
        "trust": st.none() | st.integers(0, 6).map(lambda n: n / 8),
        "cost": st.integers(0, 4).map(float),
        "lang": st.sampled_from(["en", "de", "fr"]),
        "n": st.integers(-2, 2),
        "ok": st.none() | st.booleans(),
    }
)
RULES: list[dict[str, Any]] = [
    {"top": 4},
    {"top": "30%"},
    {"top": 2, "by": ["lang", "n"]},
    {"top": "40%", "stratify": "lang"},
    {"threshold": 0.375},
    {"between": (0.125, 0.5)},
    {"budget": 7.0, "cost": "cost"},
    {"random": "50%", "seed": 9},
    {"threshold": 0.25, "by": "lang", "max_per_group": 2},
]
WHERE = [None, "n >= 0", "lang != 'en' or n == 1", "not lang in ['de', 'fr']", "ok is None or ok"]
COLUMNS = [None, ["id"], ["lang", "id", "n"]]


class Stream:
    """Batches of a few rows that can be taken once."""

    def __init__(self, table: pa.Table, rows: int) -> None:
        self._reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(rows))

    def __arrow_c_stream__(self, requested: object = None) -> object:
        return self._reader.__arrow_c_stream__(requested)


@pytest.mark.slow
@given(
    st.lists(ROW, min_size=1, max_size=40),
    st.sampled_from(RULES),
    st.sampled_from(WHERE),
    st.sampled_from(COLUMNS),
    st.integers(1, 9),
)
@settings(max_examples=80, deadline=None)
def test_every_input_gives_the_same_rows(
    rows: list[dict[str, Any]], rule: dict[str, Any], where: str | None, columns: list[str] | None, size: int
) -> None:
    # Text formats take the types of columns from the first rows, so these have values.
    full = {"trust": 0.5, "cost": 1.0, "lang": "en", "n": 0, "ok": True}
    numbered = [{"id": number, **row} for number, row in enumerate([full, *rows])]
    table = pa.Table.from_pylist(numbered, SCHEMA)
    options: dict[str, Any] = {"score": "trust", "nulls": "drop", "where": where, "columns": columns, **rule}
    expected = w2s.filter(table, **options).read_all()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        inputs: dict[str, Any] = {"stream": Stream(table, size)}
        for ending in ("parquet", "arrow", "arrows", "jsonl", "jsonl.gz", "csv", "tsv"):
            inputs[ending] = folder / f"in.{ending}"
            w2s.filter(table, inputs[ending], random="100%")
        pq.write_table(table, folder / "groups.parquet", row_group_size=size)
        inputs["groups"] = folder / "groups.parquet"
        for kind, source in inputs.items():
            found = w2s.filter(source, **options).read_all()
            assert found.to_pylist() == expected.to_pylist(), kind
        out = folder / "out.jsonl"
        w2s.filter(folder / "in.jsonl", out, **options)
        if expected.num_rows:
            assert w2s.filter(out, random="100%").read_all()["id"].equals(expected["id"])
        else:
            assert out.read_bytes() == b""
