"""``w2s filter`` as a command: killed, short of memory, on a full disk, on a terminal."""

from __future__ import annotations

import json
import os
import pty
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.doubles.signals import hears_ctrl_c
from w2s.cli.app import run

W2S = [sys.executable, "-c", "import sys; from w2s.cli.app import run; sys.exit(run(sys.argv[1:]))", "filter"]


def write(path: Path, rows: int, text_bytes: int = 200, group: int = 1 << 17) -> None:
    rng = np.random.default_rng(0)
    schema = pa.schema([("id", pa.int64()), ("trust", pa.float32()), ("text", pa.string())])
    with pq.ParquetWriter(path, schema, compression="snappy") as writer:
        for start in range(0, rows, group):
            count = min(group, rows - start)
            letters = rng.integers(97, 123, count * text_bytes, dtype=np.uint8)
            offsets = np.arange(count + 1, dtype=np.int32) * text_bytes
            text = pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(letters))
            columns = [
                pa.array(np.arange(start, start + count)),
                pa.array(rng.random(count, np.float32)),
                text,
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema), row_group_size=group)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("command") / "in.parquet"
    write(path, 400_000, group=20_000)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("out", ["out.parquet", "kept"])
def test_killed_at_20_moments_it_leaves_no_half_file(source: Path, tmp_path: Path, out: str) -> None:
    target = tmp_path / out
    command = [*W2S, str(source), "--score", "trust", "--top", "50%", "--out", str(target)]
    command += ["--shards", "3"] if out == "kept" else []
    whole = tmp_path / "whole" / out
    whole.parent.mkdir()
    begin = time.monotonic()
    subprocess.run(
        [*command[:-4], "--out", str(whole), "--shards", "3"]
        if out == "kept"
        else [*command[:-1], str(whole)],
        check=True,
    )
    usual_s = time.monotonic() - begin
    moments = random.Random(3)
    killed = 0
    for _ in range(20):
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            running.wait(moments.uniform(0.2, 1.0) * usual_s)
        except subprocess.TimeoutExpired:
            running.send_signal(signal.SIGKILL)
            killed += 1
        assert running.stderr is not None
        error = running.stderr.read()
        running.stderr.close()
        assert running.wait() in {0, -signal.SIGKILL}, error
        if target.exists():
            assert contents(target) == contents(whole)
            remove(target)  # a table that is whole would not be made again
    assert killed > 5
    done = subprocess.run(command, capture_output=True, check=True)
    assert contents(target) == contents(whole)
    assert b"kept" in done.stdout
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def contents(path: Path) -> list[bytes]:
    files = sorted(path.glob("part-*")) if path.is_dir() else [path]
    return [file.read_bytes() for file in files]


PEAK = """
import sys
from pathlib import Path
from w2s.cli.app import run
code = run(sys.argv[1:])
lines = Path("/proc/self/status").read_text().splitlines()
print(next(line for line in lines if line.startswith("VmHWM")), file=sys.stderr)
sys.exit(code)
"""


def peak_bytes(arguments: list[str]) -> int:
    """Peak resident memory of a command that succeeds, as the process itself sees it."""
    done = subprocess.run(
        [sys.executable, "-c", PEAK, *arguments], capture_output=True, text=True, check=True
    )
    return int(done.stderr.split()[-2]) << 10


@pytest.mark.slow
@pytest.mark.parametrize("share", ["10%", "100%"])
def test_memory_stays_under_what_is_given(tmp_path: Path, share: str) -> None:
    write(tmp_path / "in.parquet", 3_000_000, group=1_000_000)
    command = ["filter", str(tmp_path / "in.parquet"), "--score", "trust", "--top", share]
    used = peak_bytes([*command, "--memory", "320MiB", "--out", str(tmp_path / "out.parquet")])
    assert used < 320 << 20
    assert pq.ParquetFile(tmp_path / "out.parquet").metadata.num_rows == 3_000_000 * int(share[:-1]) // 100


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("needs the right to mount a small disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_is_one_line_and_leaves_nothing(
    source: Path, tiny_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for out in ("out.parquet", "out.arrow", "out.jsonl", "kept"):
        assert (
            run(["filter", str(source), "--score", "trust", "--top", "50%", "--out", str(tiny_disk / out)])
            == 1
        )
        error = capsys.readouterr().err
        assert error.startswith("error: cannot write")
        assert "No space left on device" in error
        assert error.count("\n") == 1
        assert list(tiny_disk.iterdir()) == []


def test_a_file_that_may_not_grow_is_one_line(source: Path, tmp_path: Path) -> None:
    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    command = [*W2S, str(source), "--score", "trust", "--top", "50%", "--out", str(tmp_path / "out.parquet")]
    done = subprocess.run(command, capture_output=True, preexec_fn=limited, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(b"error: cannot write")
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_leaves_nothing(source: Path, tmp_path: Path) -> None:
    command = [*W2S, str(source), "--score", "trust", "--top", "100%", "--out", str(tmp_path / "out.parquet")]
    running = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, preexec_fn=hears_ctrl_c
    )
    while not list(tmp_path.glob(".out.parquet.*.part")) and running.poll() is None:
        time.sleep(0.005)
    running.send_signal(signal.SIGINT)
    _, error = running.communicate(timeout=60)
    if running.returncode != 0:  # it may have been quicker
        assert running.returncode == 130
        assert error.splitlines()[-1].endswith(b"[interrupted]")
        assert list(tmp_path.iterdir()) == []


def test_the_summary_is_text_or_json(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["filter", str(source), "--score", "trust", "--top", "1%", "--out", str(tmp_path / "out.parquet")]
    assert run(words) == 0
    said = capsys.readouterr()
    assert said.out.startswith("4,000 of 400,000 rows kept (1.00%)")
    assert run([*words, "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["done_before"]
    assert (summary["rows_in"], summary["rows_kept"]) == (400_000, 4_000)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--score", "trust"], 2, "[select-not-one-rule]"),
        (["--score", "trst", "--top", "1"], 2, "did you mean trust"),
        (["--score", "trust", "--top", "1", "--weights", "a"], 2, "[filter-invalid-weights]"),
        (["--score", "text", "--top", "1"], 3, "'text'"),
        (["--top", "1"], 2, "score"),
    ],
)
def test_errors_are_one_line_with_a_code(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, said: str
) -> None:
    assert run(["filter", str(source), "--out", str(tmp_path / "out.parquet"), *words]) == code
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert said in error
    assert error.count("\n") == 1


def test_an_output_must_be_named(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["filter", str(source), "--score", "trust", "--top", "1"]) == 2
    assert "[filter-no-output]" in capsys.readouterr().err


def test_rows_go_to_standard_output(source: Path) -> None:
    command = [*W2S, str(source), "--score", "trust", "--top", "3", "--out", "-", "--output-format", "jsonl"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert len([json.loads(line) for line in done.stdout.splitlines()]) == 3
    assert b"3 of 400,000 rows kept" in done.stderr


def test_a_terminal_sees_how_far_it_is(source: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = [*W2S, str(source), "--score", "trust", "--top", "100%", "--out", str(tmp_path / "out.parquet")]
    running = subprocess.Popen(command, stderr=theirs, stdout=subprocess.DEVNULL)
    os.close(theirs)
    seen = b""
    while running.poll() is None or not seen:
        try:
            seen += os.read(ours, 4096)
        except OSError:  # the terminal is gone
            break
    os.close(ours)
    assert running.wait() == 0
    assert b"copying rows:" in seen
    assert b"rows/s" in seen
    assert b" left" in seen
    assert seen.endswith(b"\r\x1b[K")


@pytest.mark.slow
def test_a_column_of_more_than_two_gigabytes_of_text(tmp_path: Path) -> None:
    chunk = pa.array([f"{i:03} " * 250_000 for i in range(110)])
    texts = pa.chunked_array([chunk] * 20)
    trust = np.random.default_rng(0).random(len(texts))
    table = pa.table({"id": np.arange(len(texts)), "trust": trust, "text": texts})
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=len(texts), compression="zstd")
    assert pq.ParquetFile(tmp_path / "in.parquet").metadata.num_row_groups == 1
    words = ["filter", str(tmp_path / "in.parquet"), "--score", "trust", "--top", "10%"]
    used = peak_bytes([*words, "--memory", "512MiB", "--out", str(tmp_path / "out.parquet")])
    assert used < 512 << 20
    found = pq.read_table(tmp_path / "out.parquet")
    kept = np.sort(np.argsort(-trust, kind="stable")[: len(trust) // 10])
    assert found.column("id").to_pylist() == kept.tolist()
    assert all(
        text.as_py() == chunk[row % 110].as_py()
        for row, text in zip(kept.tolist(), found.column("text"), strict=True)
    )
