"""The process around a command: closed streams, signals, limits and a folder that is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="shells and signals of POSIX")]

W2S = f"{sys.executable} -m w2s"
FILTER = f"{W2S} filter in.parquet --score s --top 50% --out"


@pytest.fixture(autouse=True)
def table(tmp_path: Path) -> Path:
    scores = np.random.default_rng(0).random(100_000)
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({"s": scores}), path, row_group_size=10_000)
    return path


def shell(tmp_path: Path, line: str) -> subprocess.CompletedProcess[str]:
    """A line of bash with a code, and at most one line of messages."""
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done


def refused(tmp_path: Path, line: str, code: str, exit_code: int = 1) -> str:
    """What a line of bash says, which ends with a code; nothing new is left in the folder."""
    before = sorted(tmp_path.iterdir())
    done = shell(tmp_path, line)
    assert done.returncode == exit_code, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.rstrip().endswith(f"[{code}]"), done.stderr
    assert sorted(tmp_path.iterdir()) == before
    return done.stderr


# Streams ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-"])
def test_closed_streams_that_are_not_needed_change_nothing(tmp_path: Path, closed: str) -> None:
    assert shell(tmp_path, f"{FILTER} open.parquet").returncode == 0
    assert shell(tmp_path, f"{FILTER} closed.parquet {closed}").returncode == 0
    assert (tmp_path / "closed.parquet").read_bytes() == (tmp_path / "open.parquet").read_bytes()


def test_a_closed_standard_output_is_not_taken_for_a_file(tmp_path: Path) -> None:
    refused(tmp_path, f"{FILTER} - >&-", "output-not-writable")
    done = shell(tmp_path, f"{FILTER} out.parquet >&-")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert pq.read_table(tmp_path / "out.parquet").num_rows == 50_000


def test_a_closed_standard_input_is_said(tmp_path: Path) -> None:
    line = f"{W2S} filter - --score s --top 1 --out out.parquet"
    done = shell(tmp_path, f"{line} <&-")
    assert done.returncode in {1, 3}
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("reader", ["head -c 10", "true"])
def test_a_reader_that_ends_early_ends_the_writer(tmp_path: Path, reader: str) -> None:
    done = shell(
        tmp_path, f"{FILTER} - --output-format jsonl | {reader} > /dev/null; exit ${{PIPESTATUS[0]}}"
    )
    assert done.returncode == 1
    assert done.stderr == ""


# Signals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_that_ends_a_filter_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    """Standard input is copied to a temporary folder, which would stay."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    command = [sys.executable, "-m", "w2s", "filter", "-", "--score", "s", "--top", "1", "--out", "out.jsonl"]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"TMPDIR": str(temporary)},
    )
    assert process.stdin is not None
    process.stdin.write(b'{"s": 1}\n' * 200_000)
    process.stdin.flush()
    while not list(temporary.iterdir()):
        time.sleep(0.05)
    process.send_signal(number)
    message = process.communicate(timeout=60)[1].decode()
    assert process.returncode == (130 if number == signal.SIGINT else 128 + number)
    assert "[interrupted]" in message
    assert "Traceback" not in message
    assert list(temporary.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.parquet", "temporary"]


def test_nohup_is_kept(tmp_path: Path) -> None:
    code = "import signal, sys; from w2s.cli import app; app.run = lambda _: print(signal.getsignal(1)) or 0"
    done = shell(tmp_path, f"trap '' HUP; {sys.executable} -c '{code}; app.main()'")
    assert done.stdout == "1\n"  # ignored


# Limits -----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of Linux")
@pytest.mark.parametrize("megabytes", [800, 1_200])
def test_address_space_of_a_gigabyte_is_enough_or_is_said(tmp_path: Path, megabytes: int) -> None:
    done = shell(tmp_path, f"ulimit -v {megabytes * 1_000}; {FILTER} out.parquet")
    if done.returncode == 0:
        assert pq.read_table(tmp_path / "out.parquet").num_rows == 50_000
    else:
        assert done.stderr.rstrip().endswith("]"), done.stderr
        assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


def test_files_may_not_grow_beyond_the_limit(tmp_path: Path) -> None:
    message = refused(tmp_path, f"ulimit -f 20; {FILTER} out.parquet", "output-not-writable")
    assert "File too large" in message


def test_few_open_files_are_enough(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number}.jsonl").write_text(f'{{"s": {number}}}\n')
    line = f"ulimit -n 32; {W2S} filter '*.jsonl' --score s --top 1 --out kept.parquet"
    assert shell(tmp_path, line).returncode == 0


def test_a_working_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    message = refused(tmp_path, f"mkdir gone; cd gone; rmdir ../gone; {FILTER} out.parquet", "system-error")
    assert "the working folder does not exist" in message
