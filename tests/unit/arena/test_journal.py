"""The journal: what was appended is read again, and a torn line costs only itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.doubles.errors import raises_code
from w2s.arena.journal import Journal
from w2s.errors import DataError


def test_entries_are_read_by_kind_and_number(tmp_path: Path) -> None:
    with Journal(tmp_path / "j") as journal:
        journal.append("match", 3, {"x": "é"})
        journal.append("match", 1, {"x": 1})
        journal.append("void", 3, {})
        assert journal.numbers("match") == [1, 3]
        assert ("void", 3) in journal
        assert journal.read("match", 3)["x"] == "é"
        journal.append("match", 2, {"x": 2})
    with Journal(tmp_path / "j") as journal:
        assert [journal.read("match", n)["x"] for n in journal.numbers("match")] == [1, 2, "é"]


@pytest.mark.parametrize("cut", range(1, 40))
def test_incomplete_last_line_is_removed_before_appending(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "j"
    with Journal(path) as journal:
        journal.append("match", 0, {"x": 0})
        whole = path.stat().st_size
        journal.append("match", 1, {"x": "y" * 30})
    path.write_bytes(path.read_bytes()[: whole + cut])
    with Journal(path) as journal:
        assert journal.numbers("match") == [0]
        journal.append("match", 1, {"x": 1})
    with Journal(path) as journal:
        assert [journal.read("match", number)["x"] for number in (0, 1)] == [0, 1]


def test_opening_a_journal_creates_nothing(tmp_path: Path) -> None:
    with Journal(tmp_path / "j") as journal:
        assert journal.numbers("match") == []
        assert list(tmp_path.iterdir()) == []


def test_packed_journal_is_small_and_is_unpacked_again(tmp_path: Path) -> None:
    with Journal(tmp_path / "j") as journal:
        for number in range(300):
            journal.append("match", number, {"moves": "e2e4 e7e5 g1f3"})
        size = (tmp_path / "j").stat().st_size
        journal.pack()
    assert [path.name for path in tmp_path.iterdir()] == ["j.gz"]
    assert (tmp_path / "j.gz").stat().st_size < size / 5
    with Journal(tmp_path / "j") as journal:
        assert journal.numbers("match") == list(range(300))
        assert journal.read("match", 299)["moves"] == "e2e4 e7e5 g1f3"
        journal.pack()
    (tmp_path / "j.gz").write_bytes(b"\x1f\x8bnonsense")
    with raises_code("arena-journal-damaged", DataError) as caught:
        Journal(tmp_path / "j")
    assert "j.gz" in str(caught.value)


def test_damaged_line_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with Journal(path) as journal:
        journal.append("match", 0, {})
    path.write_bytes(path.read_bytes() + b'nonsense\n{"kind": "match", "number": 1}\n')
    with raises_code("arena-journal-damaged", DataError) as caught:
        Journal(path)
    assert f"{path}, line 2 " in str(caught.value)


def test_changed_entry_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with Journal(path) as journal:
        journal.append("match", 0, {"moves": "1 2 3"})
    path.write_bytes(path.read_bytes().replace(b"1 2 3", b"1 2 4"))
    with raises_code("arena-journal-damaged", DataError):
        Journal(path)
