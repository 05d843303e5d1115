"""P5: the top 10 % of a Parquet file with long texts, file to file, next to DuckDB and polars.

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
from collections.abc import Iterator
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
CODECS = ("zstd", "snappy", "none")
OVER_PEERS = Target(least=2)
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

    compression = "uncompressed" if codec == "none" else codec
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
        for codec in CODECS:
            for found in _codec(Path(folder) / "in.parquet", codec, notes):
                rows.append(found)
    return Measurement(tuple(rows), tuple(notes))


def _codec(source: Path, codec: str, notes: list[str]) -> Iterator[Row]:
    write(source, ROWS, codec)
    rounds = [{name: run(name, source, codec, ROWS // 10) for name in CONTENDERS} for _ in range(REPEATS)]
    middle = {
        name: {key: statistics.median(one[name][key] for one in rounds) for key in ("s", "cpu_s", "mib")}
        for name in CONTENDERS
    }
    ours = middle["w2s"]
    fastest = min(SAME_ROWS.values(), key=lambda name: middle[name]["s"])
    for title, name in (SAME_ROWS | THRESHOLD).items():
        target = OVER_PEERS if name == fastest else None
        yield Row(
            f"{codec}: end to end",
            "M rows/s",
            ROWS / 1e6 / ours["s"],
            title,
            ROWS / 1e6 / middle[name]["s"],
            target,
        )
    small = source.with_name("small.parquet")
    write(small, ROWS // 10, codec)
    seconds = statistics.median(run("w2s", small, codec, ROWS // 100)["s"] for _ in range(REPEATS))
    yield Row(
        f"{codec}: ten times the rows", "s", ours["s"], f"{ROWS // 10:,} rows", seconds, Target(most=11)
    )
    peak = Target(most=MEMORY_MIB, of_ratio=False)
    most = max(one["w2s"]["mib"] for one in rounds)
    yield Row(
        f"{codec}: peak memory, given {MEMORY_MIB} MiB", "MiB", most, "DuckDB", middle["duckdb"]["mib"], peak
    )
    spent = ", ".join(f"{name} {found['cpu_s']:.1f}" for name, found in middle.items())
    floor = _floor(source, codec)
    notes.append(
        f"{codec}: processor seconds {spent}. Of ours, {floor:.1f} go to Arrow's codec alone, estimated "
        "from 64 "
        "MiB: all texts decompressed, the kept ones compressed. The others bring their own codecs."
    )


def _floor(source: Path, codec: str) -> float:
    """Processor seconds of Arrow's codec, from 64 MiB: texts decompressed, a tenth compressed again."""
    if codec == "none":
        return 0.0
    table = pq.ParquetFile(source).read_row_group(0, columns=["text"])
    whole = memoryview(table.column(0).combine_chunks().buffers()[2])
    size = 1 << 20
    pages = [bytes(whole[at : at + size]) for at in range(0, 64 * size, size)]
    tool = pa.Codec(codec)
    begin = time.process_time()
    packed = [tool.compress(page) for page in pages]
    compressing = time.process_time() - begin
    begin = time.process_time()
    for page, small in zip(pages, packed, strict=True):
        tool.decompress(small, len(page))
    decompressing = time.process_time() - begin
    return (decompressing + compressing / 10) * ROWS * (TEXT_BYTES + 4) / (64 * size)


FIGURE = Figure(
    name="filter",
    title="Filtering a file",
    how=(
        f"`w2s.filter` of the top 10 % of {ROWS:,} rows of a Parquet file (id, trust, a text of {TEXT_BYTES} "
        "bytes, tokens, language), all columns, file to file, each contender in a separate process with "
        "the file in the page cache; time without its start. DuckDB and polars give the same rows (row "
        "numbers of the best, then those rows; ordinal rank), or take the shorter way over a "
        "threshold, which "
        "keeps a few more where scores tie; the target is asked of the faster that gives the same rows. "
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
