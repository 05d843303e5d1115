"""``puzzles:NAME``: the puzzles that come with w2s, by name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import w2s
from tests.doubles.errors import raises_code
from w2s.errors import DataError
from w2s.tasks import dataset, read_examples


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of arenas whose only puzzles are of Connect Four."""
    folder = tmp_path / "puzzles"
    folder.mkdir()
    start = w2s.game("connect_four").state().position
    table = {"id": ["a"], "game": ["connect_four"], "position": [start], "solutions": [["4"]]}
    pq.write_table(pa.table(table), folder / "connect_four.parquet")
    monkeypatch.setattr(dataset, "arenas_folder", lambda: tmp_path)
    return folder


def test_bundled_puzzles_are_read_by_name(bundle: Path) -> None:
    assert [one.gold for one in read_examples("puzzles:connect_four", game="connect_four")] == [("4",)]


def test_unknown_puzzles_error_lists_bundled_names(bundle: Path) -> None:
    with raises_code("task-unknown-puzzles", DataError) as raised:
        read_examples("puzzles:chess")
    assert "'chess'; bundled are: connect_four" in str(raised.value)
    shutil.rmtree(bundle)
    with raises_code("task-unknown-puzzles", DataError) as raised:
        read_examples("puzzles:chess")
    assert "bundled are: none" in str(raised.value)


@pytest.mark.parametrize("name", ["", "../chess", "x" * 10_000])
def test_puzzle_name_is_not_a_path(bundle: Path, name: str) -> None:
    with raises_code("task-unknown-puzzles", DataError):
        read_examples(f"puzzles:{name}")
