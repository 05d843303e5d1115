"""The output has the columns that were named, in their order, and the others are not read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import w2s
from tests.doubles.errors import raises_code
from tests.unit.tables.conftest import best, everything
from w2s.errors import UsageError

NAMES = ["text", "id", "price", "samples", "language", "trust"]


def kept(table: pa.Table, k: int) -> pa.Table:
    return table.take(best(table["trust"].to_numpy(), k))


@pytest.mark.parametrize("names", [NAMES, ["word"], ["id", "long", "raw"], ["meta"], ["nothing", "text"]])
@pytest.mark.parametrize("ending", ["parquet", "arrow", "arrows"])
def test_columns_of_every_type_in_any_order(
    table: pa.Table, tmp_path: Path, ending: str, names: list[str]
) -> None:
    source = tmp_path / f"in.{ending}"
    w2s.filter(table, source, score="trust", top="100%")
    out = tmp_path / f"out.{ending}"
    w2s.filter(source, out, score="trust", top=300, columns=names)
    found = w2s.filter(out, random="100%").read_all()
    expected = kept(w2s.filter(source, random="100%").read_all(), 300).select(names)
    assert found.schema.equals(expected.schema, check_metadata=True)
    assert found.equals(expected)


@pytest.mark.parametrize("as_table", [True, False])
def test_a_reader_has_the_columns_only(table: pa.Table, tmp_path: Path, as_table: bool) -> None:
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=700)
    given = table if as_table else tmp_path / "in.parquet"
    found = w2s.filter(given, score="trust", top=9, columns="id").read_all()
    assert found.equals(kept(table, 9).select(["id"]))


def test_fields_of_nested_columns_become_columns(table: pa.Table, tmp_path: Path) -> None:
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=700)
    w2s.filter(
        tmp_path / "in.parquet",
        tmp_path / "out.parquet",
        score="trust",
        top=9,
        columns=["meta.b", "meta.a", "meta"],
    )
    found = pq.read_table(tmp_path / "out.parquet")
    expected = kept(table, 9)["meta"].to_pylist()
    assert found.to_pylist() == [{"meta.b": one["b"], "meta.a": one["a"], "meta": one} for one in expected]


def test_a_column_that_is_not_named_is_not_read(tmp_path: Path) -> None:
    """Its bytes may even be damaged."""
    table = pa.table(
        {"trust": np.arange(1_000.0), "text": [f"text {i}" * 20 for i in range(1_000)], "id": range(1_000)}
    )
    path = tmp_path / "in.parquet"
    pq.write_table(table, path, use_dictionary=False, compression="none")
    chunk = pq.ParquetFile(path).metadata.row_group(0).column(1)
    data = bytearray(path.read_bytes())
    data[chunk.data_page_offset : chunk.data_page_offset + chunk.total_compressed_size] = bytes(
        chunk.total_compressed_size
    )
    path.write_bytes(data)
    w2s.filter(path, tmp_path / "out.parquet", score="trust", top=5, columns=["id", "trust"])
    assert pq.read_table(tmp_path / "out.parquet")["id"].to_pylist() == [995, 996, 997, 998, 999]


def test_lines_are_written_anew_with_the_columns(tmp_path: Path) -> None:
    lines = [
        {"trust": 0.9, "a": 1, "id": "x", "meta": {"n": 5}},
        {"trust": 0.1, "a": "text", "id": "y"},
        {"trust": 0.8, "a": [1], "id": "z", "late": True},
    ]
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("".join(json.dumps(line) + "\n" for line in lines))
    w2s.filter(source, out, score="trust", top=2, columns=["id", "meta.n", "trust"])
    assert [json.loads(line) for line in out.read_text().splitlines()] == [
        {"id": "x", "meta.n": 5, "trust": 0.9},
        {"id": "z", "meta.n": None, "trust": 0.8},
    ]
    with raises_code("table-mixed-types"):  # of another type in another line
        w2s.filter(source, tmp_path / "mixed.jsonl", score="trust", top=2, columns=["a"])
    w2s.filter(source, tmp_path / "all.jsonl", score="trust", top=2)  # lines are copied byte for byte
    assert (tmp_path / "all.jsonl").read_text().splitlines() == [json.dumps(lines[0]), json.dumps(lines[2])]


def test_lines_become_a_table_of_the_columns_though_others_change_type(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"trust": 1, "a": 1, "id": 7}\n{"trust": 2, "a": "x", "id": 8}\n')
    found = w2s.filter(source, score="trust", top=1, columns=["id"]).read_all()
    assert found.to_pylist() == [{"id": 8}]


def test_csv_keeps_its_texts(tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("id,trust,code\n1,0.5,007\n2,0.9,010\n")
    w2s.filter(source, out, score="trust", top=1, columns=["code", "id"])
    assert out.read_text().splitlines() == ['"code","id"', '"010","2"']
    w2s.filter(source, tmp_path / "out.tsv", score="trust", top=1, columns=["code", "id"])
    assert (tmp_path / "out.tsv").read_text().splitlines()[1] == '"010"\t"2"'


def test_a_nested_column_that_is_left_out_does_not_keep_csv_from_being_written(
    table: pa.Table, tmp_path: Path
) -> None:
    w2s.filter(table, tmp_path / "out.csv", score="trust", top=9, columns=["id", "word"])
    assert pa.csv.read_csv(tmp_path / "out.csv")["id"].equals(kept(table, 9)["id"])


def test_columns_of_folders(tmp_path: Path) -> None:
    for language in ("en", "de"):
        (tmp_path / "in" / f"lang={language}").mkdir(parents=True)
        part = pa.table({"trust": [0.5, 0.7], "id": [1, 2]})
        pq.write_table(part, tmp_path / "in" / f"lang={language}" / "a.parquet")
    found = w2s.filter(tmp_path / "in", score="trust", top=2, columns=["lang", "id"]).read_all()
    assert found.to_pylist() == [{"lang": "de", "id": 2}, {"lang": "en", "id": 2}]
    assert w2s.filter(tmp_path / "in", score="trust", top=2, columns=["lang"]).read_all()[
        "lang"
    ].to_pylist() == [
        "de",
        "en",
    ]
    assert w2s.filter(tmp_path / "in", score="trust", top=1, columns=["id"]).read_all().to_pylist() == [
        {"id": 2}
    ]


def test_metadata_about_all_columns_is_left_out(tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas")
    table = pa.Table.from_pandas(pd.DataFrame({"trust": [0.1, 0.9], "id": [1, 2]}, index=["a", "b"]))
    found = w2s.filter(table, score="trust", top=1, columns=["id"]).read_all()
    assert found.schema.metadata is None
    assert found.to_pandas()["id"].tolist() == [2]


def test_the_rule_may_read_columns_that_are_not_written() -> None:
    table = everything(500)
    found = w2s.filter(
        table, score="trust", top=3, by="language", where="cost > 2", columns=["id"], id="id", gold="correct"
    ).read_all()
    assert found.schema.names == ["id"]
    assert len(found) == 9


@pytest.mark.parametrize(
    ("columns", "code", "named"),
    [
        (["txet"], "table-unknown-column", "did you mean text"),
        (["meta.z"], "table-unknown-column", "meta is struct"),
        ([], "filter-invalid-columns", "empty"),
        ("", "filter-invalid-columns", "empty"),
        (["id", ""], "filter-invalid-columns", "empty"),
        (["id", "id"], "filter-invalid-columns", "'id' twice"),
    ],
)
def test_bad_columns_are_refused(
    table: pa.Table, tmp_path: Path, columns: Any, code: str, named: str
) -> None:
    for options in ({}, {"out": tmp_path / "out.parquet"}, {"explain": True}):
        with raises_code(code, UsageError) as caught:
            w2s.filter(table, score="trust", top=1, columns=columns, **options)
        assert named in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_other_columns_are_another_output(table: pa.Table, tmp_path: Path) -> None:
    pq.write_table(table, tmp_path / "in.parquet")
    options: dict[str, Any] = {"score": "trust", "top": 1, "out": tmp_path / "out.parquet"}
    w2s.filter(tmp_path / "in.parquet", columns=["id"], **options)
    assert w2s.filter(tmp_path / "in.parquet", columns=["id"], **options)["done_before"]
    with raises_code("output-exists", UsageError):
        w2s.filter(tmp_path / "in.parquet", **options)
