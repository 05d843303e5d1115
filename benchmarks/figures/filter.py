"""P5: the top 10 % of a Parquet file, of long texts or of 40 columns, file to file, by DuckDB and polars.

Run as a module it lets one contender filter one file and prints seconds, processor seconds and peak memory.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.figure import Figure, Measurement, Row, SkippedError, Target

ROWS = int(os.environ.get("W2S_BENCH_FILTER_ROWS", "20_000_000"))
TEXT_BYTES = 200
GROUP = 1 << 20
REPEATS = 3
MEMORY_MIB = 512
SAME_ROWS = {"DuckDB": "duckdb", "polars": "polars"}
THRESHOLD = {"DuckDB, threshold": "duckdb-threshold", "polars, threshold": "polars-threshold"}
SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("trust", pa.float32()),
        ("text", pa.string()),
        ("n_tokens", pa.int32()),
        ("language", pa.string()),
    ]
)


GZIP_LEVEL = 6
NARROW = 38
"""Columns of numbers, flags and short texts in addition to the id and trust."""


@dataclass(frozen=True)
class Work:
    """A file to filter.

    Attributes:
        title: its name in the rows.
        codec: compression of the file and of what is kept.
        write: writes a file of a number of rows.
        rows: number of rows.
        targets: what is asked next to each peer.
    """

    title: str
    codec: str
    write: Callable[[Path, int, str], None]
    rows: int
    targets: dict[str, Target]


def write(path: Path, rows: int, codec: str) -> None:
    """Words drawn at random from a vocabulary of 4,096, about 200 bytes per row; trust uniform in [0, 1)."""
    rng = np.random.default_rng(0)
    letters = rng.integers(97, 123, (4096, 8), dtype=np.uint8)
    for word, size in enumerate(rng.integers(3, 8, 4096)):
        letters[word, size:] = 32
    vocabulary = letters.reshape(-1).view(np.uint64)
    with pq.ParquetWriter(path, SCHEMA, compression=codec) as writer:
        for start in range(0, rows, GROUP):
            writer.write_table(_group(rng, vocabulary, start, min(GROUP, rows - start)), row_group_size=GROUP)


def _group(rng: np.random.Generator, vocabulary: np.ndarray, start: int, rows: int) -> pa.Table:
    sizes = rng.integers(TEXT_BYTES - 40, TEXT_BYTES + 41, rows)
    offsets = np.zeros(rows + 1, np.int32)
    np.cumsum(sizes, out=offsets[1:])
    words = vocabulary[rng.integers(0, len(vocabulary), offsets[-1] // 8 + 1)]
    columns = [
        pa.array(np.arange(start, start + rows)),
        pa.array(rng.random(rows, np.float32)),
        pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(words)),
        pa.array((sizes // 4).astype(np.int32)),
        pa.array([f"l{i}" for i in range(20)]).take(pa.array(rng.integers(0, 20, rows))),
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def write_narrow(path: Path, rows: int, codec: str) -> None:
    """An id, trust, and 38 columns: integers of 4 and 8 bytes, doubles, flags and 20 short texts in turn."""
    rng = np.random.default_rng(0)
    languages = pa.array([f"l{i}" for i in range(20)])

    def column(place: int, count: int) -> pa.Array:
        values = (
            lambda: pa.array(rng.integers(0, 1_000, count, np.int32)),
            lambda: pa.array(rng.integers(0, 1 << 60, count)),
            lambda: pa.array(rng.random(count)),
            lambda: pa.array(rng.random(count) < 0.3),
            lambda: languages.take(pa.array(rng.integers(0, 20, count))),
        )
        return values[place % len(values)]()

    writer = None
    for start in range(0, rows, GROUP):
        count = min(GROUP, rows - start)
        first = {
            "id": pa.array(np.arange(start, start + count)),
            "trust": pa.array(rng.random(count, np.float32)),
        }
        table = pa.table(first | {f"c{place}": column(place, count) for place in range(NARROW)})
        writer = writer or pq.ParquetWriter(path, table.schema, compression=codec)
        writer.write_table(table, row_group_size=GROUP)
    if writer is not None:
        writer.close()


_TWICE = {name: Target(least=2) for name in ("DuckDB", "DuckDB, threshold")}
_AHEAD = {name: Target(least=1) for name in ("DuckDB", "DuckDB, threshold")}
WORKS = (
    Work(
        "snappy", "snappy", write, ROWS, {"DuckDB": Target(least=2), "DuckDB, threshold": Target(least=1.3)}
    ),
    Work("none", "none", write, ROWS, _TWICE),
    Work("lz4", "lz4", write, ROWS, _TWICE),
    Work("zstd", "zstd", write, ROWS, _AHEAD),
    Work("gzip", "gzip", write, ROWS // 4, _AHEAD),
    Work("40 narrow columns, snappy", "snappy", write_narrow, ROWS, {"DuckDB": Target(least=1.5)}),
)


def with_w2s(source: str, out: str, codec: str, kept: int) -> None:
    import w2s

    w2s.filter(source, out, score="trust", top=kept, memory=f"{MEMORY_MIB}MiB")


def with_duckdb(source: str, out: str, codec: str, kept: int) -> None:
    """The same rows in the same order: row numbers of the best, then those rows."""
    rows = f"read_parquet('{source}', file_row_number = true)"
    best = f"SELECT file_row_number FROM {rows} ORDER BY trust DESC, file_row_number LIMIT {kept}"
    _duckdb(f"SELECT * EXCLUDE file_row_number FROM {rows} WHERE file_row_number IN ({best})", out, codec)


def with_duckdb_threshold(source: str, out: str, codec: str, kept: int) -> None:
    """The rows that reach the quantile: a few more where scores tie."""
    import duckdb

    [(cut,)] = duckdb.execute(f"SELECT quantile_disc(trust, 0.9) FROM '{source}'").fetchall()
    _duckdb(f"SELECT * FROM '{source}' WHERE trust >= {cut!r}::FLOAT", out, codec)


def _duckdb(query: str, out: str, codec: str) -> None:
    import duckdb

    compression = {"none": "uncompressed", "lz4": "lz4_raw"}.get(codec, codec)
    duckdb.execute(f"COPY ({query}) TO '{out}' (FORMAT parquet, COMPRESSION {compression})")


def with_polars(source: str, out: str, codec: str, kept: int) -> None:
    """The same rows in the same order."""
    import polars as pl

    rank = pl.col("trust").rank("ordinal", descending=True)
    pl.scan_parquet(source).filter(rank <= kept).sink_parquet(out, compression=_polars(codec))


def with_polars_threshold(source: str, out: str, codec: str, kept: int) -> None:
    """The rows that reach the quantile: a few more where scores tie."""
    import polars as pl

    table = pl.scan_parquet(source)
    cut = table.select(pl.col("trust").quantile(0.9, "higher")).collect(engine="streaming").item()
    table.filter(pl.col("trust") >= cut).sink_parquet(out, compression=_polars(codec))


def _polars(codec: str) -> str:
    return "uncompressed" if codec == "none" else codec


CONTENDERS = {
    "w2s": with_w2s,
    "duckdb": with_duckdb,
    "duckdb-threshold": with_duckdb_threshold,
    "polars": with_polars,
    "polars-threshold": with_polars_threshold,
}


def run(name: str, source: Path, codec: str, kept: int) -> dict[str, float]:
    """One contender in a separate process."""
    out = source.with_name(f"{name}.parquet")
    for left in source.parent.glob(f"{out.name}*"):
        left.unlink()
    command = [
        sys.executable,
        "-m",
        "benchmarks.figures.filter",
        name,
        str(source),
        str(out),
        codec,
        str(kept),
    ]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found: dict[str, float] = json.loads(printed)
    rows = pq.ParquetFile(out).metadata.num_rows
    if rows < kept or (rows != kept and "threshold" not in name):
        raise AssertionError(f"{name} kept {rows} rows and not {kept}")
    return found


def _peak_mib() -> float:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def measure() -> Measurement:
    missing = [name for name in ("duckdb", "polars") if importlib.util.find_spec(name) is None]
    if missing:
        raise SkippedError(f"needs {' and '.join(missing)}: pip install {' '.join(missing)}")
    rows: list[Row] = []
    notes: list[str] = []
    with tempfile.TemporaryDirectory(dir=os.environ.get("W2S_BENCH_FOLDER")) as folder:
        for work in WORKS:
            rows += _rows(Path(folder) / "in.parquet", work, notes)
    return Measurement(tuple(rows), tuple(notes))


def _rows(source: Path, work: Work, notes: list[str]) -> Iterator[Row]:
    codec, count = work.codec, work.rows
    work.write(source, count, codec)
    rounds = [{name: run(name, source, codec, count // 10) for name in CONTENDERS} for _ in range(REPEATS)]
    middle = {
        name: {key: statistics.median(one[name][key] for one in rounds) for key in ("s", "cpu_s", "mib")}
        for name in CONTENDERS
    }
    ours = middle["w2s"]
    for title, name in (SAME_ROWS | THRESHOLD).items():
        yield Row(
            f"{work.title}: end to end",
            "M rows/s",
            count / 1e6 / ours["s"],
            title,
            count / 1e6 / middle[name]["s"],
            work.targets.get(title),
        )
    small = source.with_name("small.parquet")
    work.write(small, count // 10, codec)
    seconds = statistics.median(run("w2s", small, codec, count // 100)["s"] for _ in range(REPEATS))
    yield Row(
        f"{work.title}: ten times the rows", "s", ours["s"], f"{count // 10:,} rows", seconds, Target(most=11)
    )
    peak = Target(most=MEMORY_MIB, of_ratio=False)
    most = max(one["w2s"]["mib"] for one in rounds)
    yield Row(
        f"{work.title}: peak memory, given {MEMORY_MIB} MiB",
        "MiB",
        most,
        "DuckDB",
        middle["duckdb"]["mib"],
        peak,
    )
    spent = ", ".join(f"{name} {found['cpu_s']:.1f}" for name, found in middle.items())
    note = f"{work.title}: processor seconds {spent}."
    if work.write is write:
        note += (
            f" Arrow's codec alone takes {_floor(source, codec, count):.1f}, estimated from 64 MiB: all "
            "texts decompressed, the kept ones compressed. Each contender brings its own codec."
        )
    notes.append(note)


def _floor(source: Path, codec: str, count: int) -> float:
    """Processor seconds of Arrow's codec, from 64 MiB: texts decompressed, a tenth compressed again."""
    if codec == "none":
        return 0.0
    table = pq.ParquetFile(source).read_row_group(0, columns=["text"])
    whole = memoryview(table.column(0).combine_chunks().buffers()[2])
    size = 1 << 20
    pages = [bytes(whole[at : at + size]) for at in range(0, 64 * size, size)]
    tool = (
        pa.Codec("gzip", GZIP_LEVEL) if codec == "gzip" else pa.Codec("lz4_raw" if codec == "lz4" else codec)
    )
    begin = time.process_time()
    packed = [tool.compress(page) for page in pages]
    compressing = time.process_time() - begin
    begin = time.process_time()
    for page, small in zip(pages, packed, strict=True):
        tool.decompress(small, len(page))
    decompressing = time.process_time() - begin
    return (decompressing + compressing / 10) * count * (TEXT_BYTES + 4) / (64 * size)


FIGURE = Figure(
    name="filter",
    title="Filtering a file",
    how=(
        f"`w2s.filter` of the top 10 % of {ROWS:,} rows ({ROWS // 4:,} with gzip) of a Parquet file "
        f"(id, trust, a text of {TEXT_BYTES} bytes, tokens, language; or id, trust and {NARROW} columns "
        "of numbers, "
        "flags and short texts), all columns, file to file, each contender in a separate process with "
        "the file in the page cache; time without its start. DuckDB and polars give the same rows (row "
        "numbers of the best, then those rows; ordinal rank), or take the shorter way over a "
        "threshold, which "
        "keeps a few more where scores tie. "
        "`--memory` is "
        f"{MEMORY_MIB} MiB. Medians of {REPEATS} rounds in turn."
    ),
    measure=measure,
    peers=("duckdb", "polars", "pyarrow"),
)

if __name__ == "__main__":
    contender, given, target, codec, count = sys.argv[1:]
    home = contender.partition("-")[0]
    importlib.import_module("w2s.tables" if home == "w2s" else home)  # the start is not measured
    start = time.perf_counter()
    CONTENDERS[contender](given, target, codec, int(count))
    taken = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"s": taken, "cpu_s": used.ru_utime + used.ru_stime, "mib": _peak_mib()}))
