"""Outputs under attack: two writers, kills between steps, foreign folders, names that cannot be."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import w2s
from tests.doubles.errors import raises_code
from w2s import files
from w2s.arena.journal import Journal
from w2s.cli.app import run
from w2s.errors import UsageError
from w2s.files import atomic_file, part_path
from w2s.locks import lock_folder, lock_output

W2S = [sys.executable, "-m", "w2s"]
HOLDER = """
import sys, time
from pathlib import Path
from w2s.locks import lock_folder, lock_output
with {lock}(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({"id": list(range(100)), "s": [n / 100 for n in range(100)]}), path)
    return path


def filter_to(table: Path, out: Path, **options: object) -> dict[str, object]:
    return w2s.filter(table, out, score="s", top=5, **options)  # type: ignore[arg-type]


def hold(out: Path, lock: str = "lock_output") -> subprocess.Popen[str]:
    """A process that holds an output until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER.format(lock=lock), str(out)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)


# One writer -------------------------------------------------------------------------------------------------


def test_second_writer_in_a_process_is_refused(tmp_path: Path) -> None:
    with (
        lock_output(tmp_path / "out"),
        raises_code("output-locked", UsageError),
        lock_output(tmp_path / "out"),
    ):
        pass


def test_lock_leaves_nothing(tmp_path: Path) -> None:
    with lock_output(tmp_path / "new" / "folder" / "out"):
        assert (tmp_path / "new" / "folder").is_dir()
    with lock_folder(tmp_path / "run" / "a"):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("lock", ["lock_output", "lock_folder"])
def test_the_holder_is_named_and_its_death_frees_the_lock(tmp_path: Path, lock: str) -> None:
    out = tmp_path / "out"
    held = {"lock_output": lock_output, "lock_folder": lock_folder}[lock]
    process = hold(out, lock)
    with raises_code("output-locked", UsageError) as caught, held(out):
        pass
    assert f"process {process.pid} since" in str(caught.value)
    kill(process)
    with held(out):
        pass
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.slow
def test_filters_of_one_output_run_one_after_another(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "kept.parquet"
    process = hold(out)
    done = subprocess.run(
        [*W2S, "filter", str(table), "--score", "s", "--top", "5", "--out", str(out)],
        capture_output=True,
        text=True,
        check=False,
    )
    kill(process)
    assert done.returncode == 2
    assert "[output-locked]" in done.stderr
    assert filter_to(table, out)["rows_kept"] == 5
    assert {path.name for path in tmp_path.iterdir()} == {
        "in.parquet",
        "kept.parquet",
        "kept.parquet.w2s.json",
    }


@pytest.mark.slow
def test_many_processes_with_one_output_never_mix(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "kept.parquet"
    tops = [5, 6, 7, 8, 9, 10]
    words = [*W2S, "filter", str(table), "--score", "s", "--out", str(out), "--top"]
    running = [
        subprocess.Popen([*words, str(top)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for top in tops
    ]
    ended = [(process.communicate(timeout=120), process.returncode) for process in running]
    won = [top for top, (_, code) in zip(tops, ended, strict=True) if code == 0]
    assert len(won) == 1
    assert pq.read_metadata(out).num_rows == won[0]
    for (_, error), code in ended:
        assert code in {0, 2}
        assert "Traceback" not in error
        assert code == 0 or "[output-locked]" in error or "[output-exists]" in error


# Parts ------------------------------------------------------------------------------------------------------


def test_a_part_is_of_its_process(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, part_path(path).name.encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 1000).decode() != part_path(path).name
    assert part_path(path) == part_path(path)
    os.close(reading)
    os.close(writing)


def test_parts_of_killed_processes_are_removed(table: Path, tmp_path: Path) -> None:
    (tmp_path / ".kept.parquet.1-abcdef.part").write_bytes(b"half")
    (tmp_path / ".other.parquet.1-abcdef.part").write_bytes(b"of another output")
    filter_to(table, tmp_path / "kept.parquet")
    assert sorted(path.name for path in tmp_path.glob(".*")) == [".other.parquet.1-abcdef.part"]


def test_an_old_folder_comes_back_if_the_new_one_never_got_its_name(tmp_path: Path) -> None:
    out, part = tmp_path / "out", tmp_path / ".out.1-abcdef.part"
    for folder, name in ((out, "old"), (part, "new")):
        folder.mkdir()
        (folder / name).touch()
    out.rename(tmp_path / ".out.old")  # killed here
    with lock_output(out):
        assert [path.name for path in out.iterdir()] == ["old"]
    assert list(tmp_path.iterdir()) == [out]


# Power cuts -------------------------------------------------------------------------------------------------


class Disk:
    """Records what was synced, and checks at each naming that the named data was synced before."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.synced: dict[int, bytes] = {}
        self.named: list[str] = []
        self.folders_to_sync: set[Path] = set()
        sync, rename, replace = os.fsync, Path.rename, Path.replace
        monkeypatch.setattr(os, "fsync", lambda handle: self._sync(sync, handle))
        monkeypatch.setattr(Path, "rename", lambda path, to: self._name(rename, path, Path(to)))
        monkeypatch.setattr(Path, "replace", lambda path, to: self._name(replace, path, Path(to)))

    def _sync(self, sync: Callable[[int], None], handle: int) -> None:
        sync(handle)
        path = Path(f"/proc/self/fd/{handle}").resolve()
        if path.is_dir():
            self.folders_to_sync.discard(path)
        else:
            self.synced[path.stat().st_ino] = path.read_bytes()

    def _name(self, move: Callable[[Path, Path], Path], path: Path, to: Path) -> Path:
        inside = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
        if not to.name.startswith("."):
            for file in inside:
                assert self.synced.get(file.stat().st_ino) == file.read_bytes(), f"{file} was not synced"
            self.named.append(to.name)
        self.folders_to_sync.add(to.parent.resolve())
        return move(path, to)

    def check(self, *names: str) -> None:
        assert set(names) <= set(self.named)
        assert not self.folders_to_sync


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_data_is_synced_before_it_has_a_name(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    filter_to(table, tmp_path / "kept.parquet")
    filter_to(table, tmp_path / "kept.jsonl.gz")
    filter_to(table, tmp_path / "shards", shards=3)
    (tmp_path / "shards" / "_w2s.json").touch()  # its time does not matter
    w2s.filter(table, tmp_path / "shards", score="s", top=6, shards=2, overwrite=True)
    disk.check("kept.parquet", "kept.parquet.w2s.json", "kept.jsonl.gz", "shards", "_w2s.json")


def test_an_unsynced_file_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Disk(monkeypatch)
    monkeypatch.setattr(files, "_sync_file", lambda path: None)
    with pytest.raises(AssertionError, match="not synced"), atomic_file(tmp_path / "a") as part:
        part.write_bytes(b"new")


# Refusing to destroy ----------------------------------------------------------------------------------------


def test_overwrite_keeps_a_folder_that_holds_other_files(table: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    (mine / "sub").mkdir(parents=True)
    (mine / "thesis.tex").write_text("thesis")
    with raises_code("output-holds-other-files") as caught:
        filter_to(table, mine, overwrite=True)
    assert "sub and 1 more" in str(caught.value)
    assert (mine / "thesis.tex").read_text() == "thesis"


def test_overwrite_keeps_a_file_that_was_added_to_an_output(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "kept"
    filter_to(table, out, shards=2)
    (out / "notes.txt").write_text("mine")
    with raises_code("output-holds-other-files"):
        w2s.filter(table, out, score="s", top=6, shards=2, overwrite=True)
    (out / "notes.txt").unlink()
    assert w2s.filter(table, out, score="s", top=6, shards=2, overwrite=True)["rows_kept"] == 6


def test_an_empty_folder_can_become_an_output(table: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    assert filter_to(table, tmp_path / "kept", overwrite=True)["rows_kept"] == 5


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "output-bad-name"),
        (".", "output-bad-name"),
        ("..", "output-bad-name"),
        ("/", "output-bad-name"),
        ("a\0b.parquet", "output-bad-name"),
        ("x" * 300 + ".parquet", "output-name-too-long"),
        ("x" * 240 + ".parquet", "output-name-too-long"),
        ("/dev/null", "output-not-a-file"),
    ],
)
def test_a_name_that_no_output_can_have_is_refused(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, code: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with raises_code(code, UsageError):
        filter_to(table, name, overwrite=True)  # type: ignore[arg-type]
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


def test_a_link_is_followed(table: Path, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "link.parquet").symlink_to("real.parquet")
    filter_to(table, tmp_path / "link", shards=1, overwrite=True)
    filter_to(table, tmp_path / "link.parquet")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "link.parquet").is_symlink()
    assert (tmp_path / "real" / "_w2s.json").exists()
    assert pq.read_metadata(tmp_path / "real.parquet").num_rows == 5


def test_labels_do_not_replace_their_examples(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, link = tmp_path / "examples.parquet", tmp_path / "link.parquet"
    position = w2s.game("connect_four").state().position
    pq.write_table(pa.table({"id": ["a"], "position": [position], "mine": ["kept"]}), path)
    link.symlink_to(path)
    before = path.read_bytes()
    for out in (path, link):
        words = ["label", str(path), "--game", "connect_four", "--model", "random", "--out", str(out)]
        assert run([*words, "--overwrite"]) == 2
        assert "[output-is-input]" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_a_link_that_leads_to_itself_is_refused(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "loop.parquet"
    out.symlink_to(out)
    with raises_code("output-bad-name", UsageError):
        filter_to(table, out)


def test_a_disk_that_is_full_for_the_lock_keeps_no_lock(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with raises_code("output-not-writable"):
            filter_to(table, tmp_path / "out.parquet")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.parquet"]
    filter_to(table, tmp_path / "out.parquet")


def test_a_disk_that_is_full_for_the_record_of_a_filter_leaves_nothing(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, tried = Path.write_bytes, []

    def full(path: Path, data: bytes) -> int:
        if "w2s.json" in path.name:
            tried.append(path)
            write(path, data[:10])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return write(path, data)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        with raises_code("output-not-writable") as caught:
            filter_to(table, tmp_path / "out.parquet")
    assert "free some space" in str(caught.value)
    assert tried
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.parquet"]
    filter_to(table, tmp_path / "out.parquet")


def test_a_folder_that_vanishes_while_a_filter_runs_is_said_in_a_line(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from w2s.tables import filter_job

    def vanish(part: Path, *rest: object) -> None:
        part.unlink()
        raise FileNotFoundError(2, "No such file or directory", str(part))

    monkeypatch.setattr(filter_job, "publish_output", vanish)
    with raises_code("output-not-writable"):
        filter_to(table, tmp_path / "out" / "kept.parquet")


def test_a_full_disk_of_an_arena_is_said_in_a_line_and_heals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["arena", "--game", "connect_four", "--teacher", "random", "--student", "random", "--pairs", "2"]
    append = Journal.append

    def fail(journal: Journal, kind: str, number: int, entry: dict[str, object]) -> None:
        if number == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(tmp_path / "run"))
        append(journal, kind, number, entry)

    monkeypatch.setattr(Journal, "append", fail)
    assert run([*words, "--out", str(tmp_path / "run")]) == 1
    said = capsys.readouterr().err
    assert said.rstrip().endswith("[disk-full]")
    assert "Traceback" not in said
    monkeypatch.undo()
    assert run([*words, "--out", str(tmp_path / "run")]) == 0
    assert run([*words, "--out", str(tmp_path / "whole")]) == 0
    assert (tmp_path / "run" / "labels.parquet").read_bytes() == (
        tmp_path / "whole" / "labels.parquet"
    ).read_bytes()


def test_memory_and_other_refusals_of_the_system_are_said_in_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for error, code in (
        (MemoryError(), "memory-exhausted"),
        (PermissionError(errno.EACCES, "Permission denied", "x"), "system-error"),
    ):

        def fail(error: BaseException = error) -> None:
            raise error

        monkeypatch.setattr("w2s.cli.doctor._facts", fail)
        assert run(["doctor"]) == 1
        assert capsys.readouterr().err.rstrip().endswith(f"[{code}]")
