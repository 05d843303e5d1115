"""Tasks of Ray on a cluster of three nodes of this machine: the bytes of threads, after any kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import w2s
from tests.doubles.errors import raises_code
from tests.unit.tables.test_executors import dies_once, pairs, raises_at
from w2s.errors import DataError, UsageError, W2sError
from w2s.tables.ray_executor import RayExecutor

pytest.importorskip("ray", reason="ray is not installed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc"),
    pytest.mark.filterwarnings("ignore"),  # Ray's own
]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Three nodes of two CPUs each, to which this process is connected."""
    import ray
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 2, "object_store_memory": 100 << 20, "include_dashboard": False}
    started = Cluster(initialize_head=True, head_node_args=node)
    for _ in range(2):
        started.add_node(num_cpus=2, object_store_memory=100 << 20)
    ray.init(started.address, log_to_driver=False, configure_logging=False)
    yield started
    ray.shutdown()
    started.shutdown()


def run(executor: RayExecutor, function: Any, partitions: list[Any]) -> list[Any]:
    try:
        return list(executor.run(function, partitions, size=lambda _: 1, queue_bytes=2))
    finally:
        executor.close()


def processes_with(mark: str) -> list[str]:
    """The commands of processes whose environment holds a text.

    Ray's agents are left out: they take a minute to notice that their node is gone.
    """
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in path.read_bytes():
                found.append(path.with_name("cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return [command for command in found if "Agent" not in command]


def sleeps(number: int) -> Iterator[int]:
    yield number
    time.sleep(0.4)
    yield -number


def test_other_addresses_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "ray://head:10001")
    with raises_code("filter-ray-unreachable", UsageError, says="HOST:6379"):
        RayExecutor(1).start()


def test_the_output_has_the_bytes_of_threads(cluster: Any, tmp_path: Path, table: pa.Table) -> None:
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=700)
    for engine in ("threads", "ray"):
        out = tmp_path / f"{engine}.parquet"
        w2s.filter(
            tmp_path / "in.parquet", out, score="trust", top="33%", where="cost > 3", engine=engine, threads=3
        )
    assert (tmp_path / "ray.parquet").read_bytes() == (tmp_path / "threads.parquet").read_bytes()
    reader = w2s.filter(tmp_path / "in.parquet", score="trust", top=5, by="language", engine="ray")
    assert reader.read_all().num_rows == 15


def test_items_come_in_order_and_exceptions_keep_their_codes(cluster: Any) -> None:
    assert run(RayExecutor(3), pairs, list(range(12))) == [(n, i) for n in range(12) for i in range(n % 4)]
    with raises_code("table-unreadable", DataError, says="cannot read 3"):
        run(RayExecutor(3), raises_at, list(range(8)))


def test_a_partition_of_a_killed_task_is_read_again(cluster: Any, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    found = run(RayExecutor(2), dies_once, [(mark, number) for number in range(5)])
    assert mark.exists()
    assert found == [sign * number for number in range(5) for sign in (1, -1)]


def test_too_few_free_cpus_are_refused(cluster: Any, tmp_path: Path) -> None:
    pq.write_table(pa.table({"s": [1.0]}), tmp_path / "in.parquet")
    with raises_code("filter-ray-too-few-cpus", UsageError, says="5 workers need 7"):
        w2s.filter(tmp_path / "in.parquet", score="s", top=1, engine="ray", threads=5)
    executor = RayExecutor(None)
    executor.start()
    assert executor.workers == 4
    executor.close()


def test_a_command_uses_the_cluster_of_its_environment(cluster: Any, tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"s": [i % 7 / 7 for i in range(999)]}), tmp_path / "in.parquet", row_group_size=99
    )
    command = [
        sys.executable,
        "-m",
        "w2s",
        "filter",
        str(tmp_path / "in.parquet"),
        "--score",
        "s",
        "--top",
        "9%",
    ]
    command += ["--output-format", "jsonl", "--out", "-"]
    environment = {**os.environ, "RAY_ADDRESS": cluster.address}
    threads = subprocess.run(command, capture_output=True, check=True)
    tasks = subprocess.run([*command, "--engine", "ray"], env=environment, capture_output=True, check=True)
    assert tasks.stdout == threads.stdout
    environment["RAY_ADDRESS"] = "127.0.0.1:1"
    failed = subprocess.run([*command, "--engine", "ray"], env=environment, capture_output=True, check=False)
    assert failed.returncode == 2
    assert b"cannot use the cluster 127.0.0.1:1" in failed.stderr


def test_partitions_of_a_killed_node_are_read_again(cluster: Any) -> None:
    """The last test on the cluster."""
    executor = RayExecutor(4)
    items = executor.run(sleeps, list(range(16)), size=lambda _: 1, queue_bytes=2)
    found = [next(items)]
    cluster.remove_node(cluster.list_all_nodes()[-1], allow_graceful=False)
    found += items
    assert found == [sign * number for number in range(16) for sign in (1, -1)]


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with raises_code("missing-extra-ray", W2sError, says="pip install 'w2s[ray]'"):
        RayExecutor(1).start()


def test_a_killed_command_leaves_neither_tasks_nor_files(tmp_path: Path) -> None:
    rows = 200_000
    pq.write_table(
        pa.table({"s": [i * 7919 % 1000 / 1000 for i in range(rows)], "text": ["word " * 9] * rows}),
        tmp_path / "in.parquet",
        row_group_size=2000,
    )
    mark = f"W2S_TEST_MARK={uuid.uuid4()}"
    environment = {**os.environ, mark.split("=")[0]: mark.split("=")[1]}
    environment.pop("RAY_ADDRESS", None)
    command = [sys.executable, "-m", "w2s", "filter", str(tmp_path / "in.parquet"), "--score", "s"]
    command += ["--top", "40%", "--engine", "ray", "--threads", "1", "--out", str(tmp_path / "out.parquet")]
    task = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while not any("raylet" in one for one in processes_with(mark)):
        assert time.monotonic() < until
        assert task.poll() is None
        time.sleep(0.1)
    time.sleep(2)
    task.send_signal(signal.SIGKILL)
    task.wait()
    until = time.monotonic() + 30
    while processes_with(mark):
        assert time.monotonic() < until, processes_with(mark)
        time.sleep(0.2)
    assert not (tmp_path / "out.parquet").exists()
    again = subprocess.run(command, env=environment, capture_output=True, timeout=120, check=False)
    assert again.returncode == 0, again.stderr
    w2s.filter(tmp_path / "in.parquet", tmp_path / "one.parquet", score="s", top="40%")
    assert (tmp_path / "out.parquet").read_bytes() == (tmp_path / "one.parquet").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {
        *("in.parquet", "out.parquet", "out.parquet.w2s.json"),
        *("one.parquet", "one.parquet.w2s.json"),
    }
    assert not processes_with(mark)
