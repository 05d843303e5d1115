"""What lets a killed command continue: atomic writes, finished steps, run folders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.doubles.errors import raises_code
from w2s.config import Config
from w2s.files import atomic_file, publish, read_json, write_json
from w2s.resume import Record, RunFolder, cached_step, digest


class _Config(Config):
    pairs: int = 1


def test_digest_ignores_the_order_of_keys() -> None:
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})


def test_file_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with atomic_file(path) as part:
        part.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_exception_keeps_the_old_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic_file(path) as part:
        part.write_text("new")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_json_refuses_nan(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "a.json", {"x": float("nan")})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["", "{", "[1]", "[" * 100_000])
def test_damaged_json_reads_as_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    assert read_json(path) is None


def test_published_folder_replaces_the_old_one(tmp_path: Path) -> None:
    part, out = tmp_path / ".out.part", tmp_path / "out"
    for folder, name in ((part, "new"), (out, "old")):
        folder.mkdir()
        (folder / name).touch()
    publish(part, out)
    assert [path.name for path in out.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [out]


def test_step_runs_once_for_the_same_inputs(tmp_path: Path) -> None:
    calls = []
    for _ in range(2):
        record = cached_step(tmp_path / "s", {"rows": [1]}, lambda: calls.append(1) or {"loss": 0.5})
    assert len(calls) == 1
    assert record.facts == {"loss": 0.5}
    assert json.loads((tmp_path / "s" / "step.json").read_text())["loss"] == 0.5


def test_step_of_other_inputs_is_removed_and_done_again(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    cached_step(folder, {"rows": [1]}, lambda: {"file": (folder / "old").touch()})
    record = cached_step(folder, {"rows": [2]}, lambda: {"n": 2})
    assert record.facts == {"n": 2}
    assert not (folder / "old").exists()


def test_killed_step_is_done_again(tmp_path: Path) -> None:
    def killed() -> dict[str, int]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cached_step(tmp_path / "s", {"rows": [1]}, killed)
    assert cached_step(tmp_path / "s", {"rows": [1]}, lambda: {"n": 1}).facts == {"n": 1}


def test_record_names_the_inputs_that_changed() -> None:
    record = Record.of({"rows": [1], "seed": 0})
    assert record.changed({"rows": [1], "seed": 0}) == []
    assert record.changed({"rows": [2], "seed": 0}) == ["rows"]
    assert record.changed({"rows": [1]}) == ["seed"]
    assert record.changed({"rows": [1], "seed": 0, "rate": 1}) == ["rate"]


def test_run_folder_takes_the_same_configuration_again(tmp_path: Path) -> None:
    for _ in range(2):
        folder = RunFolder(tmp_path / "run", "arena")
        folder.open(_Config(), {"openings": "abc"})
    assert folder.resume_line == f"w2s arena --resume {tmp_path / 'run'}"
    assert not folder.is_complete()
    folder.finish({"matches": 3})
    assert folder.is_complete()
    assert folder.state()["matches"] == 3


def test_run_folder_with_work_refuses_another_configuration(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run", "arena")
    folder.open(_Config(), {"openings": "abc"})
    folder.open(_Config(pairs=2), {"openings": "abc"})  # nothing has been done yet
    (folder.path / "journal.jsonl").write_text("{}\n")
    with raises_code("run-folder-other-configuration") as caught:
        folder.open(_Config(pairs=3), {"openings": "abc"})
    assert "pairs (2 → 3)" in str(caught.value)
    with raises_code("run-folder-other-configuration") as caught:
        folder.open(_Config(pairs=2), {"openings": "def"})
    assert "the openings" in str(caught.value)


def test_checking_a_run_folder_creates_nothing(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run", "arena")
    assert not folder.check(_Config(), {"openings": "abc"})
    assert list(tmp_path.iterdir()) == []
    folder.open(_Config(), {"openings": "abc"})
    assert folder.check(_Config(), {"openings": "abc"})
    (folder.path / "journal.jsonl").write_text("{}\n")
    with raises_code("run-folder-other-configuration"):
        folder.check(_Config(pairs=3), {"openings": "abc"})


def test_run_folder_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with raises_code("run-folder-not-writable"):
        RunFolder(tmp_path / "file" / "run", "chain").open(_Config())
