"""A filter in parts, in any order, side by side and killed: together they are the output of one process."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import w2s
from tests.doubles.errors import raises_code
from tests.doubles.storages import s3_server
from w2s.errors import UsageError, W2sError
from w2s.tables.part_job import FOLDER
from w2s.tables.part_spec import PartSpec

RULES: list[dict[str, Any]] = [
    {"top": "33%"},
    {"top": 137, "where": "cost > 3"},
    {"top": 0},
    {"top": 10**9},
    {"top": "20%", "score": "cost", "columns": ["id", "meta.a", "price"]},
    {"top": "20%", "score": ["trust", "other"], "aggregate": "mean"},
    {"top": "50%", "score": "gaps", "nulls": "drop"},
    {"threshold": 0.5},
    {"threshold": 7.0},
    {"between": (0.25, 0.375)},
]


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory, table: pa.Table) -> Path:
    """Three files of row groups of several sizes; ``gaps`` has nulls."""
    folder = tmp_path_factory.mktemp("shards")
    gaps = pa.array(table["other"].to_numpy(), mask=np.arange(len(table)) % 7 == 0)
    whole = table.append_column("gaps", gaps)
    for number, (begin, rows, group) in enumerate([(0, 1000, 90), (1000, 5, 5), (1005, 1995, 400)]):
        pq.write_table(whole.slice(begin, rows), folder / f"{number}.parquet", row_group_size=group)
    return folder


def run_parts(source: Path | str, out: Path, count: int, **options: Any) -> dict[str, Any]:
    """Do all parts in a random order until none waits, and merge them."""
    numbers = list(range(1, count + 1))
    for _ in range(2):
        random.Random(count).shuffle(numbers)
        found = [w2s.filter(source, out, part=f"{i}/{count}", threads=2, **options) for i in numbers]
    assert not any("waiting_for" in summary for summary in found)
    merged: dict[str, Any] = w2s.filter(source, out, merge=count, **options)
    return merged


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("count", [1, 4])
def test_parts_together_are_the_output_of_one_process(
    tmp_path: Path, shards: Path, rule: dict[str, Any], count: int
) -> None:
    options = {"score": "trust", **rule}
    one = w2s.filter(shards, tmp_path / "one.parquet", **options)
    merged = run_parts(shards, tmp_path / "kept", count, **options)
    files = sorted((tmp_path / "kept").iterdir())
    assert [file.name for file in files] == ["_w2s.json", *(f"part-{i:05}.parquet" for i in range(count))]
    assert pa.concat_tables(map(pq.read_table, files[1:])).equals(pq.read_table(tmp_path / "one.parquet"))
    skipped = {"out", "seconds", "rows_per_s", "passes"}
    if options.get("threshold") == 7.0 or rule == {"top": 0}:
        assert merged["threshold"] is None
    assert {key: one[key] for key in one.keys() - skipped} == {
        key: merged[key] for key in merged.keys() - skipped
    }


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_lines_are_dealt_by_bytes_and_copied(tmp_path: Path, ending: str) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for number in range(3):
        rows = [(i, i * (number + 7) % 11) for i in range(40)]
        text = "id,trust\n" + "".join(f"{i},{s}\n" for i, s in rows)
        if ending == "jsonl":
            text = "".join(f'{{"id": {i}, "trust": {s}}}\n' for i, s in rows)
        (source / f"{number}.{ending}").write_text(text)
    options = {"score": "trust", "top": 50, "output_format": "jsonl"}
    w2s.filter(source, tmp_path / "one.jsonl", score="trust", top=50)
    run_parts(source, tmp_path / "kept", 5, **options)
    joined = b"".join(path.read_bytes() for path in sorted((tmp_path / "kept").glob("part-*")))
    assert joined == (tmp_path / "one.jsonl").read_bytes()


def test_a_part_says_what_it_waits_for_and_continues(tmp_path: Path, shards: Path) -> None:
    out, options = tmp_path / "kept", {"score": "trust", "top": 100}
    found = w2s.filter(shards, out, part="2/3", **options)
    assert found["waiting_for"] == [1, 3]
    with raises_code("filter-parts-missing", says="parts 1-3 of 3 not done"):
        w2s.filter(shards, out, merge=3, **options)
    assert w2s.filter(shards, out, part="1/3", **options)["waiting_for"] == [3]
    assert "rows_kept" in w2s.filter(shards, out, part="3/3", **options)
    assert "rows_kept" in w2s.filter(shards, out, part="2/3", **options)
    assert w2s.filter(shards, out, part="2/3", **options)["done_before"]
    with pytest.raises(W2sError, match="part 1 of 3 not done"):
        w2s.filter(shards, out, merge=3, **options)
    w2s.filter(shards, out, part="1/3", **options)
    merged = w2s.filter(shards, out, merge=3, **options)
    assert not (out / FOLDER).exists()
    for again in ({"merge": 3}, {"part": "2/3"}):
        assert w2s.filter(shards, out, **options, **again) == {**merged, "done_before": True}


def test_other_options_and_other_files_are_refused(tmp_path: Path, shards: Path) -> None:
    out = tmp_path / "kept"
    w2s.filter(shards, out, part="1/3", score="trust", top=100)
    for other in ({"part": "2/4", "top": 100}, {"part": "2/3", "top": 101}, {"merge": 2, "top": 100}):
        with pytest.raises(UsageError, match="made by another filter"):
            w2s.filter(shards, out, score="trust", **other)
    with pytest.raises(UsageError, match="made by something else"):
        w2s.filter(shards, out, score="trust", top=100)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").touch()
    with pytest.raises(UsageError, match=r"holds notes\.txt"):
        w2s.filter(shards, tmp_path / "full", part="1/3", score="trust", top=100)
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["notes.txt"]


def test_damaged_scores_are_no_answer(tmp_path: Path, shards: Path) -> None:
    out, options = tmp_path / "kept", {"score": "trust", "top": 100}
    w2s.filter(shards, out, part="2/2", **options)
    keys = out / FOLDER / "part-00001.keys.npy"
    keys.write_bytes(b"x" * keys.stat().st_size)
    with raises_code("filter-part-damaged"):
        w2s.filter(shards, out, part="1/2", **options)
    keys.write_bytes(b"")  # too short: the part writes them again
    assert w2s.filter(shards, out, part="1/2", **options)["waiting_for"] == [2]
    assert "rows_kept" in w2s.filter(shards, out, part="2/2", **options)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"part": "0/3"}, "filter-invalid-part"),
        ({"part": "4/3"}, "filter-invalid-part"),
        ({"part": "3"}, "filter-invalid-part"),
        ({"merge": 0}, "filter-invalid-part"),
        ({"part": "1/2", "merge": 2}, "filter-invalid-part"),
        ({"part": "1/2", "by": "language"}, "filter-part-unsupported"),
        ({"part": "1/2", "id": "id"}, "filter-part-unsupported"),
        ({"part": "1/2", "gold": "correct"}, "filter-part-unsupported"),
        ({"part": "1/2", "top": None, "random": 3}, "filter-part-unsupported"),
        ({"part": "1/2", "score": ["trust", "other"], "aggregate": "borda"}, "filter-part-unsupported"),
        ({"part": "1/2", "overwrite": True}, "filter-part-unsupported"),
        ({"part": "1/2", "shards": 2}, "filter-part-unsupported"),
        ({"part": "1/2", "out": "kept.parquet"}, "filter-part-needs-folder"),
        ({"part": "1/2", "out": None}, "filter-part-needs-folder"),
    ],
)
def test_what_has_no_parts_is_refused(
    tmp_path: Path, shards: Path, options: dict[str, Any], code: str
) -> None:
    given = {"score": "trust", "top": 3, "out": "kept", **options}
    given["out"] = given["out"] and tmp_path / given["out"]
    with raises_code(code, UsageError):
        w2s.filter(shards, **given)
    assert not list(tmp_path.iterdir())


def test_parts_read_remote_files(tmp_path: Path, shards: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("moto", reason="the server of S3 is not installed")
    options = {"score": "trust", "top": "33%"}
    w2s.filter(shards, tmp_path / "one.parquet", **options)
    with s3_server(tmp_path / "log") as server:
        server.clear()
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        for path in shards.iterdir():
            server.put(f"shards/{path.name}", path.read_bytes())
        run_parts("s3://bucket/shards/", tmp_path / "kept", 2, **options)
        with raises_code("filter-part-needs-folder", UsageError):
            w2s.filter("s3://bucket/shards/", "s3://bucket/kept/", part="1/2", **options)
    files = sorted((tmp_path / "kept").glob("*.parquet"))
    assert pa.concat_tables(map(pq.read_table, files)).equals(pq.read_table(tmp_path / "one.parquet"))


@pytest.mark.slow
def test_a_part_has_the_same_bytes_with_processes(tmp_path: Path, shards: Path) -> None:
    for engine in ("threads", "processes"):
        run_parts(shards, tmp_path / engine, 2, score="trust", top="33%", where="cost > 3", engine=engine)
    for path in (tmp_path / "threads").glob("*.parquet"):
        assert path.read_bytes() == (tmp_path / "processes" / path.name).read_bytes()


@pytest.mark.parametrize("count", [1, 2, 7, 50])
def test_partitions_are_dealt_in_runs_of_equal_rows(count: int) -> None:
    class Rows:
        def __init__(self, rows: int) -> None:
            self.rows = self.n_bytes = rows

    rows = [Rows(n) for n in np.random.default_rng(count).integers(0, 9, 40)]
    slices = [PartSpec(number, count).slice_of(rows) for number in range(1, count + 1)]  # type: ignore[arg-type]
    assert [row for one in slices for row in rows[one]] == rows
    share = sum(row.rows for row in rows) / count
    assert all(abs(sum(row.rows for row in rows[one]) - share) <= 9 for one in slices)


@pytest.mark.slow
def test_killed_parts_side_by_side_end_with_the_same_bytes(tmp_path: Path) -> None:
    rows = 120_000
    rng = np.random.default_rng(1)
    texts = pa.array([f"{i}" * 20 for i in range(rows)])
    table = pa.table({"trust": pa.array(rng.integers(0, 99, rows) / 99, pa.float32()), "text": texts})
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=5000)
    run_parts(tmp_path / "in.parquet", tmp_path / "calm", 3, score="trust", top="40%")
    command = [sys.executable, "-m", "w2s", "filter", str(tmp_path / "in.parquet"), "--score", "trust"]
    command += ["--top", "40%", "--out", str(tmp_path / "kept") + "/"]
    draw, kills = random.Random(4), 0
    for turn in range(30):
        tasks = [
            subprocess.Popen([*command, "--part", f"{i}/3"], stdout=subprocess.DEVNULL) for i in (1, 2, 3)
        ]
        if turn < 6:
            time.sleep(draw.uniform(0.3, 1.2))
            for task in tasks:
                kills += task.poll() is None
                task.send_signal(signal.SIGKILL)
        codes = [task.wait(60) for task in tasks]
        if (
            turn >= 6
            and codes == [0, 0, 0]
            and subprocess.run([*command, "--merge", "3"], check=False).returncode == 0
        ):
            break
    else:
        pytest.fail("the parts never ended")
    assert kills
    calm, kept = ({path.name: path for path in (tmp_path / name).iterdir()} for name in ("calm", "kept"))
    assert calm.keys() == kept.keys()
    for name in calm.keys() - {"_w2s.json"}:
        assert calm[name].read_bytes() == kept[name].read_bytes()
