"""Tables of labels in every format, with ids and without."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from tests.doubles.errors import raises_code
from w2s.errors import DataError, UsageError
from w2s.evidence import Labels, write_labels
from w2s.tables.label_files import read_label_file

TABLE = pa.table(
    {
        "id": ["a", "b", "c"],
        "label": ["A", None, "C"],
        "conf": [0.5, 0.25, None],
        "right": [True, None, False],
    }
)


def write(folder: Path, ending: str, table: pa.Table = TABLE) -> str:
    path = folder / f"own{ending}"
    lines = "".join(json.dumps(row) + "\n" for row in table.to_pylist())
    if ending == ".parquet":
        pq.write_table(table, path)
    elif ending == ".arrow":
        pyarrow.feather.write_feather(table, path)
    elif ending == ".csv":
        pyarrow.csv.write_csv(table, path)
    elif ending == ".jsonl":
        path.write_text(lines, encoding="utf-8")
    else:
        path.write_bytes(gzip.compress(lines.encode()))
    return str(path)


@pytest.mark.parametrize("ending", [".parquet", ".arrow", ".csv", ".jsonl", ".jsonl.gz"])
def test_every_format_gives_the_same_labels(tmp_path: Path, ending: str) -> None:
    found = read_label_file(write(tmp_path, ending))
    assert found.labels.ids == ["a", "b", "c"]
    assert np.array_equal(found.labels.numbers("conf"), [0.5, 0.25, np.nan], equal_nan=True)
    assert found.labels.texts("right") == [True, None, False]
    assert found.digest == ""


def test_numbers_as_ids_become_text_and_the_table_stays(tmp_path: Path) -> None:
    table = pa.table({"id": [7, 8], "kind": pa.array(["x", "y"]).dictionary_encode(), "conf": [1, 2]})
    found = read_label_file(write(tmp_path, ".parquet", table))
    assert found.labels.ids == ["7", "8"]
    assert found.labels.table.schema.field("kind").type == pa.string()
    assert found.table.equals(table)


def test_rows_without_ids_have_numbers_that_belong_to_the_file(tmp_path: Path) -> None:
    table = TABLE.drop_columns(["id"])
    first = read_label_file(write(tmp_path, ".csv", table))
    again = read_label_file(write(tmp_path, ".csv", table))
    other = read_label_file(write(tmp_path, ".csv", table.slice(1)))
    assert first.labels.ids == ["0", "1", "2"]
    assert first.table.column_names == ["label", "conf", "right"]
    assert first.digest == again.digest != other.digest


def test_vectors_beside_the_file_are_joined_by_id(tmp_path: Path) -> None:
    hidden = np.arange(6, dtype=np.float32).reshape(3, 2)
    write_labels(Labels(TABLE, {"hidden": hidden}), tmp_path / "other.parquet")
    found = read_label_file(write(tmp_path, ".jsonl", TABLE.take([2, 0])))
    assert np.array_equal(found.labels.vectors["hidden"], hidden[[2, 0]])
    assert not read_label_file(write(tmp_path, ".csv", TABLE.drop_columns(["id"]))).labels.vectors


def test_empty_file_has_no_labels(tmp_path: Path) -> None:
    assert len(read_label_file(write(tmp_path, ".csv", TABLE.slice(3))).labels) == 0


def test_other_inputs_are_refused(tmp_path: Path) -> None:
    for name in ("own.xlsx", "own"):
        (tmp_path / name).write_text("x")
        with raises_code("table-unknown-ending", UsageError) as caught:
            read_label_file(str(tmp_path / name))
        assert ".csv" in str(caught.value)
    with raises_code("table-missing-file", DataError):
        read_label_file(str(tmp_path / "none.parquet"))
    with raises_code("label-folder", UsageError):
        read_label_file(str(tmp_path))
    write(tmp_path, ".csv")
    write(tmp_path, ".jsonl")
    with raises_code("label-several-files", UsageError):
        read_label_file(str(tmp_path / "own.[cj]s*"))
    with raises_code("label-duplicate-id", DataError):
        read_label_file(write(tmp_path, ".csv", pa.table({"id": [1, 1]})))
