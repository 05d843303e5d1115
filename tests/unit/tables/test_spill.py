"""Standard input is filtered in one reading, and what cannot be kept any more is not spilled."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

from tests.doubles.errors import raises_code
from tests.unit.tables.conftest import best, everything
from w2s.selection import Rule
from w2s.tables.progress import ProgressCounter
from w2s.tables.spec import FilterSpec, parse_scores
from w2s.tables.spill import spill

pytestmark = pytest.mark.slow


def w2s(
    arguments: list[str], stdin: bytes, folder: Path, score: str = "trust"
) -> subprocess.CompletedProcess[bytes]:
    code = "import sys; from w2s.cli.app import run; sys.exit(run(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "filter", "-", "--score", score, *arguments]
    environment = {**os.environ, "TMPDIR": str(folder)}
    return subprocess.run(command, input=stdin, capture_output=True, check=False, env=environment)


def lines(rows: int) -> tuple[list[bytes], np.ndarray]:
    scores = np.random.default_rng(2).integers(0, 100, rows) / 100
    return [
        json.dumps({"trust": score, "id": i}).encode() + b"\n" for i, score in enumerate(scores.tolist())
    ], scores


@pytest.mark.parametrize(
    "rule", [["--top", "70"], ["--top", "7%"], ["--threshold", "0.93"], ["--between", "0.2", "0.25"]]
)
def test_lines_in_and_lines_out(tmp_path: Path, rule: list[str]) -> None:
    text, scores = lines(1_000)
    done = w2s(rule, b"".join(text), tmp_path)
    assert done.returncode == 0, done.stderr
    if rule[0] == "--top":
        wanted = best(scores, 70)
    else:
        low, high = float(rule[1]), float(rule[2]) if len(rule) > 2 else 1
        wanted = np.flatnonzero((scores >= low) & (scores <= high))
    assert done.stdout == b"".join(text[i] for i in wanted)
    assert b"of 1,000 rows kept" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_fields_of_nested_columns_are_scores(tmp_path: Path) -> None:
    text = b'{"meta": {"n": 1}}\n{"meta": {"n": 3}}\n{"meta": {"n": 2}}\n'
    done = w2s(["--top", "1"], text, tmp_path, score="meta.n")
    assert done.stdout == b'{"meta": {"n": 3}}\n', done.stderr


@pytest.mark.parametrize("form", ["parquet", "arrow", "stream", "csv", "jsonl.gz", "jsonl.zst"])
def test_the_format_of_a_stream_is_seen(tmp_path: Path, form: str) -> None:
    table = everything(500).select(["id", "trust"])
    done = w2s(["--top", "10", "--out", str(tmp_path / "out.parquet")], as_bytes(table, form), tmp_path)
    assert done.returncode == 0, done.stderr
    kept = pq.read_table(tmp_path / "out.parquet").column("id").to_pylist()
    assert kept == best(table.column("trust").to_numpy(), 10).tolist()


def as_bytes(table: pa.Table, form: str) -> bytes:
    out = io.BytesIO()
    if form == "parquet":
        pq.write_table(table, out)
    elif form in {"arrow", "stream"}:
        opener = pa.ipc.new_file if form == "arrow" else pa.ipc.new_stream
        with opener(out, table.schema) as writer:
            writer.write_table(table)
    elif form == "csv":
        pa.csv.write_csv(table, out)
    else:
        text = "".join(json.dumps(row) + "\n" for row in table.to_pylist()).encode()
        codec = "gzip" if form.endswith("gz") else "zstd"
        return bytes(pa.Codec(codec).compress(text, asbytes=True))
    return out.getvalue()


def spilled(rule: dict[str, Any], text: bytes, folder: Path) -> int:
    asked = FilterSpec(Rule.parse(**rule), parse_scores("trust", None, None))
    found = spill(io.BytesIO(text), folder, asked, None, ProgressCounter(None))
    return found.path.stat().st_size


def test_a_count_of_the_best_spills_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from w2s.tables import jsonl

    monkeypatch.setattr(jsonl, "BLOCK_BYTES", 4_000)
    text = b"".join(lines(20_000)[0])
    assert spilled({"top": 10}, text, tmp_path) < len(text) / 20
    assert spilled({"threshold": 0.95}, text, tmp_path) < len(text) / 10
    assert spilled({"top": "1%"}, text, tmp_path) == len(text)


@pytest.mark.parametrize("text", [b"", b"\n\n"])
def test_an_empty_stream_is_refused(tmp_path: Path, text: bytes) -> None:
    done = w2s(["--top", "1"], text, tmp_path)
    assert (done.returncode, done.stdout) == (3, b"")
    assert done.stderr.count(b"\n") == 1
    assert b"empty" in done.stderr


def test_rows_of_a_stream_are_named_by_their_place_in_it(tmp_path: Path) -> None:
    text = b'{"trust": 0}\n' * 30 + b'{"trust": null}\n'
    asked = FilterSpec(Rule.parse(top=3), parse_scores("trust", None, None))
    with raises_code("filter-null-score") as caught:
        spill(io.BytesIO(text), tmp_path, asked, None, ProgressCounter(None))
    assert "standard input, line 31: trust" in str(caught.value)


def test_a_reader_that_leaves_early_ends_the_filter_quietly(tmp_path: Path) -> None:
    text = b"".join(lines(200_000)[0])
    code = "import sys; from w2s.cli.app import run; sys.exit(run(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "filter", "-", "--score", "trust", "--top", "100%"]
    (tmp_path / "in.jsonl").write_bytes(text)
    with (tmp_path / "in.jsonl").open("rb") as file:
        running = subprocess.Popen(command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert running.stdout is not None
        running.stdout.read(10)
        running.stdout.close()
        assert running.stderr is not None
        assert b"Traceback" not in running.stderr.read()
        running.stderr.close()
        assert running.wait() == 1


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (b'[{"trust": 1}]', 3, b"standard input is a JSON array"),
        (b'{"trust": 1}\n{"trust":', 3, b"standard input, line 2 is not a JSON object"),
        (b'{"trust": 1}\n[2]\n', 3, b"standard input, line 2 is a JSON array"),
        (b'{"score": 1}\n', 2, b"there is no column 'trust'"),
        (b'{"trust": "1"}\n\n{"trust": "high"}\n', 3, b"trust is 'high'"),
        (b"PAR1 and no more", 3, b"cannot read standard input"),
    ],
)
@pytest.mark.parametrize("rule", [["--top", "1"], ["--top", "10%"]])
def test_messages_name_standard_input(
    tmp_path: Path, text: bytes, code: int, said: bytes, rule: list[str]
) -> None:
    done = w2s(rule, text, tmp_path)
    assert (done.returncode, done.stdout) == (code, b"")
    assert said in done.stderr
    assert str(tmp_path).encode() not in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_a_byte_order_mark_in_front_of_lines_is_skipped(tmp_path: Path) -> None:
    done = w2s(["--top", "1"], b'\xef\xbb\xbf{"trust": 1}\n', tmp_path)
    assert (done.returncode, done.stdout) == (0, b'{"trust": 1}\n')


def test_a_stream_of_which_nothing_is_kept_gives_no_rows(tmp_path: Path) -> None:
    done = w2s(["--threshold", "2"], b'{"trust": 1}\n' * 5, tmp_path)
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"0 of 5 rows kept" in done.stderr


def test_standard_input_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(b'{"trust": 1}\n' * 5)
    code = "import sys; from w2s.cli.app import run; sys.exit(run(sys.argv[1:]))"
    words = ["filter", "-", "--score", "trust", "--top", "1", "--out", str(path), "--overwrite"]
    with path.open("rb") as file:
        done = subprocess.run(
            [sys.executable, "-c", code, *words], stdin=file, capture_output=True, check=False
        )
    assert done.returncode == 2
    assert b"[output-is-input]" in done.stderr
    assert path.read_bytes() == b'{"trust": 1}\n' * 5
