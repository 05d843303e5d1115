"""Groups of one column, and of every combination of several."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import w2s
from tests.doubles.errors import raises_code
from w2s.errors import DataError
from w2s.selection.group_ids import group_ids

LANGUAGE, YEAR = ["en", "de", "en", "en", None], [1, 1, 2, 1, 2]


@pytest.mark.parametrize(
    "groups",
    [
        {"language": LANGUAGE, "year": YEAR},
        pa.table({"language": LANGUAGE, "year": YEAR}),
        pa.table({"language": pa.array(LANGUAGE).dictionary_encode(), "year": YEAR}).to_pandas(),
    ],
)
def test_rows_with_the_same_values_are_a_group(groups: Any) -> None:
    found = group_ids(groups)
    assert len(found.keys) == 4
    assert [found.keys[code][1] for code in found.codes] == YEAR
    assert found.codes[0] == found.codes[3]
    assert sorted(found.codes.tolist()) == [0, 1, 1, 2, 3]
    assert w2s.select([0.1, 0.2, 0.3, 0.4, 0.5], top=1, by=groups).tolist() == [1, 2, 3, 4]


def test_a_single_column_in_a_mapping_is_that_column() -> None:
    assert group_ids({"language": LANGUAGE}).codes.tolist() == group_ids(LANGUAGE).codes.tolist()


def test_many_combinations_keep_the_order_of_their_keys() -> None:
    rng = np.random.default_rng(0)
    columns = {name: rng.integers(-5, 5, 500) for name in "abc"}
    found = group_ids(columns)
    rows = list(zip(*(columns[name].tolist() for name in "abc"), strict=True))
    assert [tuple(found.keys[code]) for code in found.codes] == rows
    assert found.keys == sorted(set(rows))


def test_columns_of_different_lengths_are_refused() -> None:
    with raises_code("select-length-mismatch", DataError):
        group_ids({"a": [1, 2], "b": [1, 2, 3]})


def test_times_in_nanoseconds_are_groups() -> None:
    times = pa.array([1, 2_001, 1], pa.timestamp("ns"))
    assert w2s.select([0.1, 0.2, 0.3], top=1, by=times).tolist() == [1, 2]
