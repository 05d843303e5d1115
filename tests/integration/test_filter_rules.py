"""Conditions, columns, codecs and certificates as options of ``w2s filter``; streams in limited memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import w2s
from w2s.cli.app import run

ROWS = 4_000


@pytest.fixture(scope="module")
def table() -> pa.Table:
    random = np.random.default_rng(8)
    trust = random.random(ROWS)
    return pa.table(
        {
            "id": np.arange(ROWS),
            "text": [f"text {i}" for i in range(ROWS)],
            "trust": trust,
            "tokens": random.integers(0, 100, ROWS),
            "cost": random.random(ROWS),
            "lang": random.choice(["en", "de"], ROWS),
            "year": random.choice([2024, 2025], ROWS),
            "correct": pa.array(random.random(ROWS) < 0.6 + 0.4 * trust, mask=random.random(ROWS) < 0.8),
        }
    )


@pytest.fixture(scope="module")
def shards(table: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rules") / "shards"
    folder.mkdir()
    for number in range(4):
        pq.write_table(table.slice(number * 1_000, 1_000), folder / f"{number}.parquet", row_group_size=300)
    return folder


def keep(capsys: pytest.CaptureFixture[str], *words: str | Path) -> dict[str, Any]:
    """The summary of a command that succeeds."""
    assert run(["filter", *map(str, words), "--json"]) == 0, capsys.readouterr().err
    summary: dict[str, Any] = json.loads(capsys.readouterr().out)
    return summary


def refusal(capsys: pytest.CaptureFixture[str], *words: str | Path) -> str:
    """The line of a command that is refused."""
    assert run(["filter", *map(str, words)]) in {2, 3}
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    return error


def test_condition_columns_and_codec(
    table: pa.Table, shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "kept"
    words = [shards, "--score", "trust", "--top", "10%", "--where", "tokens > 50", "--columns", "id,text"]
    summary = keep(capsys, *words, "--compression", "zstd:3", "--out", out)
    left = table.filter(pc.field("tokens") > 50)
    assert (summary["rows_in"], summary["rows_where"]) == (ROWS, len(left))
    expected = w2s.filter(left, score="trust", top="10%", columns=["id", "text"]).read_all()
    found = pq.read_table(out / "part-00000.parquet")
    assert found.equals(expected)
    chunk = pq.ParquetFile(out / "part-00000.parquet").metadata.row_group(0).column(1)
    assert chunk.compression == "ZSTD"


def test_an_expected_share_of_wrong_rows(
    table: pa.Table, shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [
        shards,
        "--score",
        "trust",
        "--gold",
        "correct",
        "--fdr",
        "0.1",
        "--out",
        tmp_path / "sure.parquet",
    ]
    summary = keep(capsys, *words)
    known = table.filter(pc.is_valid(table["correct"]))
    pool = table.filter(pc.is_null(table["correct"]))["trust"]
    expected = w2s.certify(known["trust"], known["correct"], fdr=0.1, pool=pool)
    assert summary["certificate"]["threshold"] == expected.threshold
    assert summary["rows_kept"] == pc.sum(pc.greater_equal(table["trust"], expected.threshold)).as_py()
    assert run(["filter", *map(str, words)]) == 0
    capsys.readouterr()
    assert run(["filter", *map(str, words), "--overwrite", "--seed", "1"]) == 0
    text = capsys.readouterr().out
    assert "certified: the expected share of wrong rows among" in text
    assert "is at most 0.1" in text
    assert run(["filter", *map(str, [*words[:-1], tmp_path / "none.parquet", "--where", "id < 30"])]) == 1
    assert "[filter-fdr-not-reached]" in capsys.readouterr().err
    assert not (tmp_path / "none.parquet").exists()


@pytest.mark.parametrize(
    "rule",
    [
        ["--top", "3", "--by", "lang", "--by", "year"],
        ["--top", "5%", "--stratify", "lang"],
        ["--budget", "20", "--cost", "cost"],
        ["--purity", "0.7", "--gold", "correct"],
        ["--random", "1%", "--seed", "4"],
        ["--fdr", "0.2", "--gold", "correct"],
    ],
    ids=lambda rule: rule[0][2:],
)
def test_a_condition_before_every_rule_and_from_standard_input(
    table: pa.Table, shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], rule: list[str]
) -> None:
    where = "tokens > 20 and lang in ['en', 'de'] and not year == 2025"
    if "year" in rule:
        where = "tokens > 20"
    keep(capsys, shards, "--score", "trust", *rule, "--where", where, "--out", tmp_path / "a.jsonl")
    left = table.filter(pc.field("tokens") > 20)
    if "year" not in rule:
        left = left.filter(pc.field("year") != 2025)
    pq.write_table(left, tmp_path / "left.parquet")
    keep(capsys, tmp_path / "left.parquet", "--score", "trust", *rule, "--out", tmp_path / "b.jsonl")
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    code = "import sys; from w2s.cli.app import run; sys.exit(run(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "filter", "-", "--score", "trust", *rule, "--where", where]
    w2s.filter(table, tmp_path / "all.jsonl", random="100%")
    with (tmp_path / "all.jsonl").open("rb") as lines:
        done = subprocess.run(command, stdin=lines, capture_output=True, check=True)
    assert done.stdout == (tmp_path / "a.jsonl").read_bytes()
    assert b"rows meet the condition" in done.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--top", "1", "--where", "tokens >"], "filter-invalid-where"),
        (["--top", "1", "--where", "open('x')"], "filter-invalid-where"),
        (["--top", "1", "--where", "tokenz > 5"], "table-unknown-column"),
        (["--top", "1", "--where", "text > 5"], "filter-invalid-where"),
        (["--top", "1", "--columns", "id,,text"], "filter-invalid-columns"),
        (["--top", "1", "--columns", "id,txt"], "table-unknown-column"),
        (["--top", "1", "--compression", "zst"], "filter-invalid-compression"),
        (["--top", "1", "--compression", "zstd:77"], "filter-invalid-compression"),
        (["--fdr", "0.1"], "filter-purity-without-gold"),
        (["--fdr", "5", "--gold", "correct"], "select-bad-number"),
        (["--fdr", "0.1", "--purity", "0.9", "--gold", "correct"], "select-not-one-rule"),
        (["--fdr", "0.1", "--gold", "tokens"], "filter-invalid-gold"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_bad_options_are_one_line_and_write_nothing(
    shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: str
) -> None:
    error = refusal(capsys, shards, "--score", "trust", *words, "--out", tmp_path / "out.parquet")
    assert f"[{code}]" in error
    assert list(tmp_path.iterdir()) == []


STREAM = """
from pathlib import Path
import numpy as np, pyarrow as pa
import w2s

def batches(count):
    for i in range(count):
        ids = np.arange(i * 20_000, (i + 1) * 20_000)
        letters = np.full(20_000 * 1_000, 97, np.uint8)
        text = pa.StringArray.from_buffers(
            20_000, pa.py_buffer(np.arange(20_001, dtype=np.int32) * 1_000), pa.py_buffer(letters)
        )
        columns = {"id": pa.array(ids), "trust": pa.array(ids % 1_009 / 1_009), "text": text}
        yield pa.record_batch(columns)

schema = next(batches(1)).schema
reader = pa.RecordBatchReader.from_batches(schema, batches(80))  # 1.6 GB
rows = 0
for batch in w2s.filter(reader, score="trust", top="50%", where="id >= 10", memory="512MiB"):
    rows += batch.num_rows
# Of this process alone; ru_maxrss begins with that of the process that started this one.
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(rows, peak.split()[1])
"""


def test_a_stream_from_python_stays_within_the_memory(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STREAM], capture_output=True, text=True, check=True, env=_environment(tmp_path)
    )
    rows, kibibytes = map(int, done.stdout.split())
    assert rows == (1_600_000 - 10) // 2
    assert kibibytes < 512 << 10
    assert list(tmp_path.iterdir()) == []


def _environment(folder: Path) -> dict[str, str]:
    import os

    return {**os.environ, "TMPDIR": str(folder)}
