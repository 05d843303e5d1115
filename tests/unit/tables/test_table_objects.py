"""Tables of other libraries go in, and a reader of the kept rows comes out."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import w2s
from tests.doubles.errors import raises_code
from tests.unit.tables.conftest import best, everything
from w2s.errors import DataError, UsageError
from w2s.tables import table_objects, temporary_folder


def wanted(table: pa.Table, k: int) -> pa.Table:
    return table.take(best(table["trust"].to_numpy(), k))


class Stream:
    """Rows that can be taken once, by nothing but the Arrow interface."""

    def __init__(self, table: pa.Table, rows: int = 400) -> None:
        self._table, self._rows = table, rows

    def __arrow_c_stream__(self, requested: object = None) -> object:
        table, self._table = self._table, None
        reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(self._rows))
        return reader.__arrow_c_stream__(requested)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where streams are copied to."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(temporary_folder.tempfile, "tempdir", str(folder))
    return folder


OPENERS: dict[str, Callable[[pa.Table], Any]] = {
    "table": lambda table: table,
    "batch": lambda table: table.combine_chunks().to_batches()[0],
    "reader": lambda table: pa.RecordBatchReader.from_batches(table.schema, table.to_batches(700)),
    "stream": Stream,
}


@pytest.mark.parametrize("opener", OPENERS.values(), ids=OPENERS)
def test_every_column_comes_back(table: pa.Table, temporary: Path, opener: Callable[[pa.Table], Any]) -> None:
    reader = w2s.filter(opener(table), score="trust", top="10%")
    assert isinstance(reader, pa.RecordBatchReader)
    found = reader.read_all()
    assert found.equals(wanted(table, 300))
    assert found.schema.equals(table.schema, check_metadata=True)
    assert list(temporary.iterdir()) == []


def test_a_file_gives_a_reader_too(table: pa.Table, tmp_path: Path) -> None:
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=700)
    assert w2s.filter(tmp_path / "in.parquet", score="trust", top=99).read_all().equals(wanted(table, 99))


def test_lines_give_a_reader_with_the_columns_of_all_lines(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"trust": 1, "a": 1}\n{"trust": 0.5}\n{"trust": 2, "b": "x"}\n')
    found = w2s.filter(path, score="trust", top=2).read_all()
    assert found.to_pylist() == [{"trust": 1.0, "a": 1, "b": None}, {"trust": 2.0, "a": None, "b": "x"}]


@pytest.mark.parametrize("opener", [OPENERS["table"], OPENERS["stream"]], ids=["table", "stream"])
def test_with_an_output_a_table_is_written_and_a_summary_given(
    table: pa.Table, tmp_path: Path, temporary: Path, opener: Callable[[pa.Table], Any]
) -> None:
    out = tmp_path / "out.parquet"
    summary = w2s.filter(opener(table), out, score="trust", top=50)
    assert (summary["rows_in"], summary["rows_kept"], summary["out"]) == (3000, 50, str(out))
    assert pq.read_table(out).equals(wanted(table, 50))
    with raises_code("output-exists", UsageError):  # whether it is the same table cannot be known
        w2s.filter(opener(table), out, score="trust", top=50)
    w2s.filter(opener(table), out, score="trust", top=60, overwrite=True)
    assert pq.read_table(out).num_rows == 60
    assert list(temporary.iterdir()) == []


def test_explain_counts_a_table_and_keeps_nothing(table: pa.Table) -> None:
    summary = w2s.filter(Stream(table), score="trust", top=50, explain=True)
    assert sum(row["kept"] for row in summary["by_score"]) == 50


def test_dictionaries_that_change_within_a_stream_are_kept(temporary: Path) -> None:
    parts = [pa.table({"trust": [float(i)], "w": pa.array([f"w{i}"]).dictionary_encode()}) for i in range(5)]
    table = pa.concat_tables(parts)
    found = w2s.filter(Stream(table, 1), score="trust", threshold=2).read_all()
    assert found["w"].to_pylist() == ["w2", "w3", "w4"]
    assert found.schema == table.schema


def test_view_types_come_back_as_large_types() -> None:
    table = pa.table({"trust": [0.1, 0.9], "text": pa.array(["a", "b"], pa.string_view())})
    for given in (table, Stream(table)):
        found = w2s.filter(given, score="trust", top=1).read_all()
        assert found.equals(pa.table({"trust": [0.9], "text": pa.array(["b"], pa.large_string())}))


@pytest.mark.parametrize("opener", [OPENERS["table"], OPENERS["stream"]], ids=["table", "stream"])
def test_a_table_without_rows_stays_one(opener: Callable[[pa.Table], Any], temporary: Path) -> None:
    table = everything(3).slice(0, 0)
    found = w2s.filter(opener(table), score="trust", top="10%").read_all()
    assert found.num_rows == 0
    assert found.schema == table.schema


def test_large_batches_are_copied_in_parts(temporary: Path) -> None:
    table = pa.table({"trust": np.arange(200_000.0), "text": ["x" * 300] * 200_000})
    stream = Stream(table, 200_000)  # one batch of 62 MB, where a sixteenth of the memory is 6 MB
    found = w2s.filter(stream, score="trust", top=10, memory="320MiB").read_all()
    assert found["trust"].to_pylist() == list(range(199_990, 200_000))


def test_a_reader_that_nobody_reads_leaves_no_file(table: pa.Table, temporary: Path) -> None:
    reader = w2s.filter(Stream(table), score="trust", top=5)
    assert len(list(temporary.iterdir())) == 1
    del reader
    assert list(temporary.iterdir()) == []


def test_a_reader_that_is_closed_early_leaves_no_file(table: pa.Table, temporary: Path) -> None:
    reader = w2s.filter(Stream(table, 10), score="trust", top="50%")
    reader.read_next_batch()
    del reader
    assert list(temporary.iterdir()) == []


FORK = """
import os
import pyarrow as pa, w2s

table = pa.table({"trust": [0.5, 0.9, 0.1]})
reader = w2s.filter(pa.RecordBatchReader.from_batches(table.schema, table.to_batches()), score="trust", top=2)
child = os.fork()
if child == 0:
    raise SystemExit(0)  # ends as a program does, with all that is registered for it
os.waitpid(child, 0)
print(reader.read_all()["trust"].to_pylist())
"""


def test_a_forked_child_leaves_the_file_of_its_parent(temporary: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORK],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    assert done.stdout == "[0.5, 0.9]\n"
    assert list(temporary.iterdir()) == []


def test_a_full_disk_for_the_stream_says_where(table: pa.Table, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(table_objects.pa.ipc, "new_file", full)
    with raises_code("filter-no-temporary-space") as caught:
        w2s.filter(Stream(table.select(["trust"])), score="trust", top=1)
    assert "TMPDIR" in str(caught.value)


def test_errors_name_the_row_and_not_the_temporary_file(temporary: Path) -> None:
    table = pa.table({"trust": [0.5, None]})
    with raises_code("filter-null-score", DataError) as caught:
        w2s.filter(table, score="trust", top=1)
    assert str(caught.value).startswith("row 1 of the table: trust is null")
    with raises_code("filter-null-score", DataError) as caught:
        w2s.filter(Stream(table), score="trust", top=1)
    assert str(caught.value).startswith("the stream, record batch 0, row 1: trust is null")
    assert list(temporary.iterdir()) == []


def test_a_stream_that_fails_is_an_error_of_the_data(temporary: Path) -> None:
    def batches() -> Any:
        yield pa.record_batch({"trust": [0.5]})
        raise ValueError("lost connection")

    reader = pa.RecordBatchReader.from_batches(pa.schema([("trust", pa.float64())]), batches())
    with pytest.raises((DataError, ValueError), match="lost connection"):
        w2s.filter(reader, score="trust", top=1)
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"shards": 2}, "filter-no-output"),
        ({"overwrite": True}, "filter-no-output"),
        ({"output_format": "csv"}, "filter-no-output"),
        ({"input_format": "csv"}, "filter-input-format-of-file"),
        ({"delimiter": ";"}, "table-unused-delimiter"),
        ({"score": "trsut"}, "table-unknown-column"),
    ],
)
def test_options_that_do_not_fit_a_table_are_refused(options: dict[str, Any], code: str) -> None:
    with raises_code(code, UsageError):
        w2s.filter(pa.table({"trust": [1.0]}), **({"score": "trust", "top": 1} | options))


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"score": "trsut"}, "table-unknown-column"),
        ({"by": "x"}, "table-unknown-column"),
        ({"where": "x > 1"}, "table-unknown-column"),
        ({"where": "trust == 'a'"}, "filter-invalid-where"),
        ({"columns": ["x"]}, "table-unknown-column"),
        ({"out": "nested.csv"}, "table-nested-csv"),
    ],
)
def test_a_stream_that_does_not_fit_is_refused_before_it_is_read(
    tmp_path: Path, temporary: Path, options: dict[str, Any], code: str
) -> None:
    def batches() -> Any:
        raise AssertionError("read")
        yield

    schema = pa.schema([("trust", pa.float64()), ("list", pa.list_(pa.int64()))])
    if "out" in options:
        options = {"out": tmp_path / options["out"]}
    with raises_code(code, UsageError):
        w2s.filter(
            pa.RecordBatchReader.from_batches(schema, batches()), **({"score": "trust", "top": 1} | options)
        )


def test_standard_input_needs_an_output() -> None:
    with raises_code("filter-no-output", UsageError):
        w2s.filter("-", score="trust", top=1)


# Other libraries --------------------------------------------------------------------------------------------


def sample(rows: int = 2_000) -> pa.Table:
    random = np.random.default_rng(4)
    return pa.table(
        {
            "id": np.arange(rows),
            "trust": random.integers(0, 40, rows) / 40,
            "text": [f"text {i}" for i in range(rows)],
            "language": random.choice(["en", "de"], rows),
        }
    )


def test_pandas() -> None:
    pd = pytest.importorskip("pandas")
    found = w2s.filter(sample().to_pandas(), score="trust", top=77).read_all()
    assert isinstance(found.to_pandas(), pd.DataFrame)
    assert found["id"].equals(wanted(sample(), 77)["id"])


def test_duckdb_relations(temporary: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect() as connection:
        relation = connection.from_arrow(sample()).filter("id >= 0")
        kept = w2s.filter(relation, score="trust", top=77)
        ids = connection.from_arrow(kept).project("id").fetchall()
    assert [id for (id,) in ids] == wanted(sample(), 77)["id"].to_pylist()


def test_data_sets(temporary: Path) -> None:
    datasets = pytest.importorskip("datasets")
    data = datasets.Dataset(sample())
    for given, table in (
        (data, sample()),
        (data.select(range(1999, -1, -1)), sample().take(np.arange(1999, -1, -1))),
        (data.to_iterable_dataset(), sample()),
    ):
        found = w2s.filter(given, score="trust", top=77).read_all()
        assert found["id"].equals(wanted(table, 77)["id"])
    assert list(temporary.iterdir()) == []


@pytest.fixture
def pl() -> Any:
    found = pytest.importorskip("polars")
    importlib.import_module("w2s.polars")  # registers the namespace
    return found


def test_polars_frames(pl: Any, temporary: Path) -> None:
    frame = pl.from_arrow(sample())
    expected = pl.from_arrow(wanted(sample(), 200))
    for given in (frame, frame.lazy(), frame.lazy().with_columns(pl.col("id") + 0)):
        assert pl.DataFrame(w2s.filter(given, score="trust", top="10%")).equals(expected)
    assert list(temporary.iterdir()) == []


def test_the_namespace_of_polars_equals_the_filter(pl: Any, temporary: Path) -> None:
    table = sample()
    frame = pl.from_arrow(table).with_columns(pl.col("language").cast(pl.Categorical))
    expected = frame[best(table["trust"].to_numpy(), 200)]
    assert frame.w2s.top("10%", by="trust").equals(expected)
    lazy = frame.lazy().w2s.top("10%", by="trust")
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect().equals(expected)
    assert lazy.collect().schema == frame.schema
    picked = lazy.filter(pl.col("language") == "en").select("id").head(3).collect()
    assert picked.equals(expected.filter(pl.col("language") == "en").select("id").head(3))
    assert lazy.head(5).collect().equals(expected.head(5))
    assert lazy.select("text").collect().equals(expected.select("text"))
    assert lazy.select(pl.len()).collect().item() == 200
    for given in (frame, frame.lazy()):
        with raises_code("filter-option-of-files", UsageError):
            given.w2s.top(3, by="trust", out="kept.parquet")
    with raises_code("select-bad-count", UsageError):
        frame.w2s.top(-1, by="trust")
    grouped = frame.lazy().w2s.top(3, by="trust", over="language").collect()
    summary = w2s.filter(table, score="trust", top=3, by="language").read_all()
    assert grouped["id"].to_list() == summary["id"].to_pylist()
    assert frame.w2s.filter(score="trust", threshold=0.9)["id"].to_list() == [
        row["id"] for row in table.to_pylist() if row["trust"] >= 0.9
    ]
    assert list(temporary.iterdir()) == []


def test_polars_is_imported_by_its_own_module_only() -> None:
    code = "import sys, w2s; w2s.filter; sys.exit('polars' in sys.modules or 'pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
