"""Labels and their vectors: joined by id, written atomically."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.doubles.errors import raises_code
from w2s.errors import DataError, W2sError
from w2s.evidence import Labels, read_labels, write_labels


def table(*ids: str) -> pa.Table:
    return pa.table({"id": list(ids), "correct": [bool(i % 2) for i in range(len(ids))]})


def write_vectors(path: Path, ids: list[str], vectors: list[list[float] | None]) -> None:
    kind = pa.list_(pa.float16(), 2)
    halves = [None if row is None else [np.float16(value) for value in row] for row in vectors]
    pq.write_table(pa.table({"id": ids, "vector": pa.array(halves, kind)}), path)


def test_labels_are_read_back_unchanged(tmp_path: Path) -> None:
    hidden = np.array([[0.5, -2], [np.nan, np.nan], [3, 0.25]], np.float32)
    write_labels(Labels(table("a", "b", "c"), {"hidden": hidden}), tmp_path / "labels.parquet")
    found = read_labels(tmp_path / "labels.parquet")
    assert found.table.equals(table("a", "b", "c"))
    assert list(found.vectors) == ["hidden"]
    np.testing.assert_array_equal(found.vectors["hidden"], hidden)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hidden.parquet", "labels.parquet"]
    kind = pq.read_schema(tmp_path / "hidden.parquet").field("vector").type
    assert kind == pa.list_(pa.float16(), 2)


def test_the_same_labels_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        found = Labels(table("x", "y"), {"student": np.ones((2, 3), np.float32)})
        write_labels(found, tmp_path / name / "labels.parquet")
    for file in ("labels.parquet", "student.parquet"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_vectors_are_joined_by_id_not_by_position(tmp_path: Path) -> None:
    pq.write_table(table("a", "b", "c"), tmp_path / "labels.parquet")
    write_vectors(tmp_path / "hidden.parquet", ["c", "z", "a", "b"], [[3, 3], [9, 9], [1, 1], None])
    found = read_labels(tmp_path / "labels.parquet").vectors["hidden"]
    np.testing.assert_array_equal(found, [[1, 1], [np.nan, np.nan], [3, 3]])


def test_vectors_of_other_labels_are_refused(tmp_path: Path) -> None:
    pq.write_table(table("a"), tmp_path / "labels.parquet")
    write_vectors(tmp_path / "hidden.parquet", ["z"], [[1, 1]])
    with raises_code("label-vectors-share-no-id", DataError) as caught:
        read_labels(tmp_path / "labels.parquet")
    assert "hidden.parquet" in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "code", "fact"),
    [
        ({"label": ["x"]}, "label-id-missing", "labels.parquet"),
        ({"id": [1, 2]}, "label-id-not-text", "int64"),
        ({"id": ["a", None]}, "label-id-null", "row 1"),
        ({"id": ["a", "b", "a"]}, "label-duplicate-id", "'a'"),
    ],
)
def test_invalid_ids_are_refused(
    tmp_path: Path, columns: dict[str, list[object]], code: str, fact: str
) -> None:
    pq.write_table(pa.table(columns), tmp_path / "labels.parquet")
    with raises_code(code, DataError) as caught:
        read_labels(tmp_path / "labels.parquet")
    assert fact in str(caught.value)


def test_a_truncated_file_is_refused_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "labels.parquet"
    pq.write_table(table("a", "b"), path)
    path.write_bytes(path.read_bytes()[:-20])
    with raises_code("table-unreadable", DataError) as caught:
        read_labels(path)
    assert str(path) in str(caught.value)


def test_a_vector_column_of_lists_is_refused(tmp_path: Path) -> None:
    pq.write_table(table("a"), tmp_path / "labels.parquet")
    pq.write_table(pa.table({"id": ["a"], "vector": [[1.0]]}), tmp_path / "student.parquet")
    with raises_code("label-vector-not-fixed-size", DataError):
        read_labels(tmp_path / "labels.parquet")


def test_take_keeps_rows_and_vectors_aligned() -> None:
    found = Labels(table("a", "b", "c"), {"hidden": np.arange(6, dtype=np.float32).reshape(3, 2)})
    assert found.take(np.array([2, 0])).ids == ["c", "a"]
    np.testing.assert_array_equal(found.take(np.array([2, 0])).vectors["hidden"], [[4, 5], [0, 1]])
    assert found.take(np.array([False, True, True])).ids == ["b", "c"]


def test_vectors_of_another_length_are_refused() -> None:
    with raises_code("label-vector-rows", DataError) as caught:
        Labels(table("a"), {"hidden": np.zeros((2, 4), np.float32)})
    assert "hidden has shape (2, 4), but there are 1 labels" in str(caught.value)


def test_a_value_beyond_float16_is_refused_by_its_id(tmp_path: Path) -> None:
    found = Labels(table("a", "b"), {"hidden": np.array([[1], [1e6]], np.float32)})
    with raises_code("label-vector-beyond-float16", DataError) as caught:
        write_labels(found, tmp_path / "labels.parquet")
    assert "hidden of id 'b'" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_correct_without_column_or_with_nulls_is_refused() -> None:
    found = Labels(pa.table({"id": ["a", "b"], "correct": [True, None]}))
    with raises_code("label-column-null", DataError) as caught:
        _ = found.correct
    assert "'correct' is null at id 'b'" in str(caught.value)
    with raises_code("label-column-missing", DataError):
        _ = Labels(pa.table({"id": ["a"]})).correct


def test_writing_to_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with raises_code("table-not-writable", W2sError):
        write_labels(Labels(table("a")), tmp_path / "nowhere" / "labels.parquet")


def test_a_column_is_added_or_replaced() -> None:
    found = Labels(table("a", "b")).with_column("trust", np.array([0.5, 1.0]))
    assert found.with_column("trust", np.array([0.0, 1.0])).table.column_names == ["id", "correct", "trust"]


def test_columns_are_read_as_numbers_and_texts() -> None:
    columns = {"n": pa.array([1, None]), "x": [0.5, float("inf")], "ok": [True, False], "name": ["a", None]}
    found = Labels(pa.table({"id": ["a", "b"], **columns}))
    np.testing.assert_array_equal(found.numbers("n"), [1, np.nan])
    np.testing.assert_array_equal(found.numbers("x"), [0.5, np.nan])
    np.testing.assert_array_equal(found.numbers("ok"), [1, 0])
    assert found.texts("name") == ["a", None]
    with raises_code("label-column-not-numeric", DataError):
        found.numbers("name")
    with raises_code("label-column-missing", DataError) as caught:
        found.numbers("conf")
    assert "they have: id, n, x, ok, name" in str(caught.value)


def test_zeros_and_ones_say_whether_a_label_is_right() -> None:
    for kind in (pa.int64(), pa.float32()):
        found = Labels(pa.table({"id": ["a", "b"], "correct": pa.array([1, 0], kind)}))
        np.testing.assert_array_equal(found.correct, [True, False])
    with raises_code("label-column-not-boolean", DataError):
        _ = Labels(pa.table({"id": ["a", "b"], "correct": [1, 2]})).correct
