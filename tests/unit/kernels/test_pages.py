"""Kept rows of Parquet columns: pieces in Arrow's layout; damaged bytes have a code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.doubles.errors import raises_code
from w2s.errors import DataError
from w2s.kernels.pages import FlatChunk, GroupReader

# The header of a data page of 13 bytes with 2 plain values, and the page: two texts.
HEADER = bytes([0x15, 0, 0x15, 26, 0x15, 26, 0x2C, 0x15, 4, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0])
PAGE = b"\x02\0\0\0e4\x03\0\0\0Nf3"


def chunk(n_bytes: int, *, layout: str = "texts", nullable: bool = False) -> FlatChunk:
    return FlatChunk("move", layout, 0, 0, 6, 0, nullable, 0, n_bytes, 100)


def reader(path: Path, data: bytes, keep: list[bool], *, nullable: bool = False) -> GroupReader:
    path.write_bytes(data)
    return GroupReader(path, [chunk(len(data), nullable=nullable)], np.array(keep))


def test_only_kept_texts_are_copied(tmp_path: Path) -> None:
    found = reader(tmp_path / "in", HEADER + PAGE, [False, True])
    [[piece]] = found.take(1)
    assert piece.offsets is not None
    assert (piece.rows, piece.offsets.tolist(), piece.data.tobytes()) == (1, [0, 3], b"Nf3")
    assert (piece.valid, piece.nulls) == (None, 0)
    found.finish()
    assert found.take(1) == [[]]


@pytest.mark.parametrize("end", [*range(len(HEADER)), len(HEADER + PAGE) - 1])
def test_a_chunk_that_ends_too_early_is_refused(tmp_path: Path, end: int) -> None:
    with raises_code("table-damaged", DataError) as caught:
        reader(tmp_path / "in", (HEADER + PAGE)[:end], [True, True]).take(2)
    assert "column 'move'" in str(caught.value)


def test_damaged_pages_have_a_code(tmp_path: Path) -> None:
    cases = {
        b"\x15" + b"\xff" * 20: "a page header is damaged",
        HEADER + PAGE[:6] + b"\x04" + PAGE[7:]: "value 1 of a page reaches beyond its end",
        HEADER.replace(b"\x15\x04\x15", b"\x15\x06\x15", 1) + PAGE: "more values than rows",
        HEADER.replace(b"\x04\x15\x00", b"\x04\x15\x10", 1) + PAGE: "a page has encoding 8",
    }
    for data, why in cases.items():
        with raises_code("table-damaged", DataError) as caught:
            reader(tmp_path / "in", data, [True, True]).take(2)
        assert why in str(caught.value)
    with raises_code("table-damaged", DataError):
        reader(tmp_path / "in", HEADER + PAGE, [True, True], nullable=True).take(2)


def test_a_chunk_with_fewer_rows_than_its_row_group_is_refused(tmp_path: Path) -> None:
    found = reader(tmp_path / "in", HEADER + PAGE, [True, False, False])
    found.take(1)
    with raises_code("table-damaged", DataError):
        found.finish()


def test_a_file_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        GroupReader(tmp_path / "gone", [chunk(9)], np.ones(1, bool))
