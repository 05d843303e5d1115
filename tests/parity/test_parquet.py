"""Kept rows of Parquet files are those that pyarrow reads, whatever wrote them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.parity.parquet_tables import Case, compare

CASES = 40


def test_kept_rows_of_random_files_are_those_of_pyarrow(tmp_path: Path) -> None:
    assert sum(compare(Case(number), tmp_path / "in.parquet") for number in range(CASES)) > CASES


@pytest.mark.parametrize("writer", ["pandas", "duckdb", "polars"])
def test_kept_rows_of_other_writers_are_those_of_pyarrow(tmp_path: Path, writer: str) -> None:
    pytest.importorskip(writer)
    assert sum(compare(Case(number, writer), tmp_path / "in.parquet") for number in range(8)) > 0
