"""Executors give the same items and bytes, limit what waits, pass exceptions on and survive kills."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from multiprocessing import active_children
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import w2s
from w2s.errors import DataError, UsageError, W2sError
from w2s.tables import score_columns, select_rows
from w2s.tables.executor import Executor, ThreadExecutor
from w2s.tables.process_executor import ProcessExecutor

EXECUTORS = [ThreadExecutor, pytest.param(ProcessExecutor, marks=pytest.mark.slow)]
"""A process imports w2s before it works, which takes a second."""


def pairs(number: int) -> Iterator[tuple[int, int]]:
    for item in range(number % 4):
        yield number, item


def raises_at(number: int) -> Iterator[int]:
    yield number
    if number == 3:
        raise DataError("table-unreadable", "cannot read 3")


def dies_once(chosen: tuple[Path, int]) -> Iterator[int]:
    """Kill this process before the second item, unless the mark is there."""
    mark, number = chosen
    yield number
    if number == 2 and not mark.exists():
        mark.touch()
        time.sleep(0.2)  # the first item is on its way
        os.kill(os.getpid(), signal.SIGKILL)
    yield -number


def dies(number: int) -> Iterator[int]:
    yield number
    os.kill(os.getpid(), signal.SIGKILL)


def run(executor: Executor, function: object, partitions: list[object]) -> list[object]:
    try:
        return list(executor.run(function, partitions, size=lambda _: 1, queue_bytes=2))  # type: ignore[arg-type]
    finally:
        executor.close()


@pytest.mark.parametrize("kind", EXECUTORS)
def test_items_come_in_the_order_of_the_partitions(kind: type[Executor]) -> None:
    assert run(kind(3), pairs, list(range(12))) == [(n, i) for n in range(12) for i in range(n % 4)]


@pytest.mark.parametrize("kind", EXECUTORS)
def test_an_exception_keeps_its_code(kind: type[Executor]) -> None:
    with pytest.raises(DataError, match="cannot read 3") as caught:
        run(kind(2), raises_at, list(range(8)))
    assert caught.value.code == "table-unreadable"
    assert not active_children()


def test_the_end_of_each_partition_is_told() -> None:
    told: list[int] = []
    items = ThreadExecutor(2).run(pairs, list(range(8)), size=lambda _: 1, queue_bytes=9, done=told.append)
    assert len(list(items)) == 12
    assert sorted(told) == list(range(8))


@pytest.mark.slow
def test_a_partition_of_a_killed_process_is_read_again(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    found = run(ProcessExecutor(2), dies_once, [(mark, number) for number in range(5)])
    assert mark.exists()
    assert found == [sign * number for number in range(5) for sign in (1, -1)]
    assert not active_children()


@pytest.mark.slow
def test_a_partition_that_kills_every_process_is_an_error() -> None:
    with pytest.raises(W2sError, match="3 processes ended") as caught:
        run(ProcessExecutor(1), dies, [1])
    assert caught.value.code == "filter-worker-died"


@pytest.mark.slow
def test_a_consumer_that_stops_ends_the_processes() -> None:
    executor = ProcessExecutor(2)
    items = executor.run(range, [1000] * 6, size=lambda _: 1, queue_bytes=3)
    assert [next(items), next(items)] == [0, 1]
    items.close()  # type: ignore[attr-defined]
    executor.close()
    assert not active_children()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ending", "options"),
    [
        ("parquet", {"top": "33%", "where": "cost > 3"}),
        (
            "parquet",
            {"top": "10%", "by": "language", "where": pc.field("cost") > 3, "columns": ["meta.a", "id"]},
        ),
        ("jsonl", {"threshold": 0.5}),
    ],
)
def test_processes_write_the_bytes_of_threads(
    tmp_path: Path, table: pa.Table, ending: str, options: dict[str, object]
) -> None:
    path = tmp_path / f"in.{ending}"
    if ending == "parquet":
        pq.write_table(table, path, row_group_size=700)
    else:
        path.write_text("".join(f'{{"id": {i}, "trust": {i % 64 / 64}}}\n' for i in range(5000)))
    for engine in ("threads", "processes"):
        out = tmp_path / f"{engine}.{ending}"
        w2s.filter(path, out, score="trust", engine=engine, threads=2, **options)  # type: ignore[arg-type]
    assert (tmp_path / f"processes.{ending}").read_bytes() == (tmp_path / f"threads.{ending}").read_bytes()
    assert not active_children()


@pytest.mark.slow
@pytest.mark.parametrize(
    "options", [{"top": "33%", "by": "word"}, {"budget": 900.0, "cost": "cost"}], ids=str
)
def test_processes_read_scores_in_passes(
    tmp_path: Path, table: pa.Table, options: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(*_: object, **__: object) -> score_columns.ScoreColumns:
        raise score_columns.ColumnsTooLargeError

    pq.write_table(table, tmp_path / "in.parquet", row_group_size=700)
    options = {"score": "trust", "where": "cost > 2", **options}
    whole = w2s.filter(tmp_path / "in.parquet", **options).read_all()  # type: ignore[arg-type]
    monkeypatch.setattr(select_rows, "read_score_columns", too_large)
    found = w2s.filter(tmp_path / "in.parquet", engine="processes", threads=2, **options)  # type: ignore[arg-type]
    assert found.read_all().equals(whole)
    assert not active_children()


@pytest.mark.slow
def test_a_reader_that_fails_at_once_ends_its_processes(tmp_path: Path) -> None:
    pq.write_table(pa.table({"s": [1.0, None]}), tmp_path / "in.parquet")
    with pytest.raises(DataError, match="is null"):
        w2s.filter(tmp_path / "in.parquet", score="s", top=1, engine="processes")
    assert not active_children()


@pytest.mark.slow
def test_processes_read_a_file_that_has_changed_anew(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    for rows in (10, 20):
        pq.write_table(pa.table({"s": [float(i) for i in range(rows)]}), path)
        reader = w2s.filter(path, score="s", top="50%", engine="processes", threads=1)
        assert reader.read_all()["s"].to_pylist() == [float(i) for i in range(rows // 2, rows)]
    assert not active_children()


def test_an_unknown_engine_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean threads") as caught:
        w2s.filter(tmp_path / "missing.parquet", score="s", top=1, engine="thread")
    assert caught.value.code == "filter-unknown-engine"


def test_other_processes_do_not_read_tables_in_memory() -> None:
    with pytest.raises(UsageError, match="write a file first") as caught:
        w2s.filter(pa.table({"s": [1.0]}), score="s", top=1, engine="processes")
    assert caught.value.code == "filter-engine-needs-files"


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_killed_command_leaves_no_processes_and_no_files(tmp_path: Path) -> None:
    rows = 400_000
    table = pa.table({"s": [i * 7919 % 1000 / 1000 for i in range(rows)], "text": ["word " * 9] * rows})
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=500)
    command = [sys.executable, "-m", "w2s", "filter", str(tmp_path / "in.parquet"), "--score", "s"]
    command += ["--top", "40%", "--engine", "processes", "--threads", "2", "--out", f"{tmp_path}/out.parquet"]
    task = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while len(workers := children(task.pid)) < 3:  # two workers, and Python's tracker of resources
        assert time.monotonic() < until
        assert task.poll() is None
        time.sleep(0.02)
    time.sleep(0.5)
    task.kill()
    task.wait()
    until = time.monotonic() + 20
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < until
        time.sleep(0.1)
    assert not (tmp_path / "out.parquet").exists()
    assert subprocess.run(command, check=False).returncode == 0
    assert {path.name for path in tmp_path.iterdir()} == {"in.parquet", "out.parquet", "out.parquet.w2s.json"}


def children(process: int) -> list[int]:
    """The numbers of the processes that a process has started."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(state[1]) == process:
            found.append(int(path.parent.name))
    return found
