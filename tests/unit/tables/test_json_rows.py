"""Rows as JSON lines: times in nanoseconds need no pandas, and have the digits that they need."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pyarrow as pa
import pytest

from w2s.tables.json_rows import encode_rows, python_values

LATE = 10**18 + 1  # 2001-09-09T01:46:40.000000001
TIMES = pa.timestamp("ns")


@pytest.mark.parametrize(
    ("column", "wanted"),
    [
        (
            pa.array([LATE, None, LATE - 1], TIMES),
            ["2001-09-09T01:46:40.000000001", None, "2001-09-09T01:46:40"],
        ),
        (pa.array([-1], TIMES), ["1969-12-31T23:59:59.999999999"]),
        (pa.array([LATE], pa.timestamp("ns", "Europe/Berlin")), ["2001-09-09T03:46:40.000000001+02:00"]),
        (pa.array([1, None, 3_600_000_000_000], pa.time64("ns")), ["00:00:00.000000001", None, "01:00:00"]),
        (pa.array([1, None, 5 * 10**9], pa.duration("ns")), [1e-9, None, 5.0]),
        (pa.array([[LATE - 1], None, []], pa.list_(TIMES)), [["2001-09-09T01:46:40"], None, []]),
        (
            pa.array([[0, 1], None], pa.list_(TIMES, 2)),
            [["1970-01-01T00:00:00", "1970-01-01T00:00:00.000000001"], None],
        ),
        (
            pa.array(
                [{"a": 0, "b": 5}, None, {"a": None, "b": 6}], pa.struct([("a", TIMES), ("b", pa.int8())])
            ),
            [{"a": "1970-01-01T00:00:00", "b": 5}, None, {"a": None, "b": 6}],
        ),
        (
            pa.array([[("k", 0)], None, []], pa.map_(pa.string(), TIMES)),
            [{"k": "1970-01-01T00:00:00"}, None, {}],
        ),
        (
            pa.array([0, None, 0], TIMES).dictionary_encode(),
            ["1970-01-01T00:00:00", None, "1970-01-01T00:00:00"],
        ),
    ],
)
def test_nanoseconds_become_text(column: pa.Array, wanted: list[Any]) -> None:
    assert python_values(column) == wanted
    assert python_values(column.slice(1)) == wanted[1:]
    assert python_values(pa.chunked_array([column, column])) == wanted * 2


def test_rows_with_nanoseconds_keep_their_other_columns() -> None:
    table = pa.table({"t": pa.array([LATE], TIMES), "raw": [b"\xff"], "text": ["é"], "m": [None]})
    wanted = {"t": "2001-09-09T01:46:40.000000001", "raw": "/w==", "text": "é", "m": None}
    assert [json.loads(line) for line in encode_rows(table).splitlines()] == [wanted]


WITHOUT_PANDAS = """
import sys
class WithoutPandas:
    def find_spec(self, name, *_):
        if name == "pandas":
            raise ImportError(name)
sys.meta_path.insert(0, WithoutPandas())
import pyarrow as pa, pyarrow.parquet as pq, w2s
times = pa.array([1, 2_000, 3_001], pa.time64("ns"))
moments = times.cast(pa.int64()).cast(pa.timestamp("ns"))
pq.write_table(pa.table({"trust": [0.1, 0.2, 0.3], "t": times, "g": moments}), "in.parquet")
summary = w2s.filter("in.parquet", "out.jsonl", score="trust", top=1, by="g")
print([group["group"] for group in summary["groups"]["counts"]])
print(open("out.jsonl").read())
"""


def test_the_light_install_writes_nanoseconds(tmp_path: Any) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_PANDAS], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "'1970-01-01T00:00:00.000003001'" in done.stdout
    assert '"t":"00:00:00.000002"' in done.stdout
