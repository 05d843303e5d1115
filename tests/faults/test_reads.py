"""Files that are damaged, odd or changed are refused in one line with a code; nothing is left behind."""

from __future__ import annotations

import base64
import errno
import gzip
import json
import math
import os
import shutil
import struct
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

import w2s
from tests.doubles.errors import raises_code
from w2s.cli.app import run
from w2s.evidence import read_labels
from w2s.games.label_columns import read_label_columns
from w2s.tables.progress import Progress
from w2s.tables.sinks import cannot_write
from w2s.tasks.move_dataset import read_move_examples

ROWS = 200


def small_table(rows: int = ROWS, shift: float = 0.0) -> pa.Table:
    scores = np.arange(rows) / rows + shift
    return pa.table({"s": scores, "name": [f"t{i:03}" for i in range(rows)], "n": np.arange(rows)})


def write_parquet(path: Path, table: pa.Table | None = None, **options: Any) -> Path:
    pq.write_table(small_table() if table is None else table, path, **options)
    return path


def write_arrow(path: Path, table: pa.Table, compression: str | None = None) -> Path:
    options = pa.ipc.IpcWriteOptions(compression=compression)
    opener = pa.ipc.new_stream if path.suffix == ".arrows" else pa.ipc.new_file
    with opener(path, table.schema, options=options) as writer:
        writer.write_table(table)
    return path


def write_lines(path: Path, table: pa.Table) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()))
    return path


def refused(path: Path, code: str, *facts: str, out: str | None = None, **options: Any) -> None:
    """Expect a code, facts in one line, and nothing new in the folder."""
    before = sorted(path.parent.iterdir())
    target = path.parent / (out or f"out{path.suffix}")
    with raises_code(code) as caught:
        w2s.filter(path, target, **({"score": "s", "top": 10} | options))
    message = str(caught.value)
    assert message.isprintable()
    for fact in facts:
        assert fact in message
    assert sorted(path.parent.iterdir()) == before


def replaced(path: Path, old: bytes, new: bytes, which: int = 0) -> Path:
    """Replace one occurrence of some bytes."""
    data = path.read_bytes()
    at = -1
    for _ in range(which + 1):
        at = data.index(old, at + 1)
    path.write_bytes(data[:at] + new + data[at + len(old) :])
    return path


# Parquet ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", range(6))
def test_numbers_of_values_and_rows_in_a_footer_must_agree(tmp_path: Path, which: int) -> None:
    path = write_parquet(tmp_path / "in.parquet", store_schema=False, write_statistics=False)
    count, other = (b"\x16" + bytes([2 * n & 127 | 128, 2 * n >> 7]) for n in (ROWS, ROWS - 9))
    places = path.read_bytes().count(count)  # of the file, of each column, of the row group
    assert places >= 5
    refused(replaced(path, count, other, min(which, places - 1)), "table-damaged", "the file is damaged")


def test_a_column_chunk_of_another_name_is_refused(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "in.parquet", store_schema=False)
    count = path.read_bytes().count(b"\x04name")
    refused(replaced(path, b"\x04name", b"\x04nbme", count - 1), "table-damaged", "row group 0, column 1")


def test_a_repetition_that_the_format_lacks_is_refused(tmp_path: Path) -> None:
    """pyarrow takes such a column for a required one, and refuses its histogram of levels."""
    path = write_parquet(tmp_path / "in.parquet", store_schema=False)
    refused(
        replaced(path, b"%\x02\x18\x04name", b"%\x06\x18\x04name"), "table-damaged", "the file is damaged"
    )


@pytest.mark.parametrize("encoding", [4, 5])
def test_levels_of_another_encoding_are_refused(tmp_path: Path, encoding: int) -> None:
    path = write_parquet(tmp_path / "in.parquet", use_dictionary=False, compression="none")
    chunk = pq.ParquetFile(path).metadata.row_group(0).column(1)
    assert chunk.path_in_schema == "name"
    data = bytearray(path.read_bytes())
    levels = data.index(b"\x15\x06\x15\x06", chunk.data_page_offset)  # both are RLE, which is 3
    data[levels + 1] = 2 * encoding
    path.write_bytes(data)
    refused(path, "table-damaged", f"have encoding {encoding}")


def test_pages_with_other_rows_than_their_row_group_are_refused(tmp_path: Path) -> None:
    table = small_table(6_000)
    path = write_parquet(tmp_path / "in.parquet", table, use_dictionary=False, data_page_size=1_000)
    chunk = pq.ParquetFile(path).metadata.row_group(0).column(1)
    data = bytearray(path.read_bytes())
    values = data.index(b"\x15", chunk.data_page_offset + 9)  # the first field of the data page header
    data[values + 1] ^= 2
    path.write_bytes(data)
    refused(path, "table-damaged", "column 'name'", top="100%")


@pytest.mark.parametrize("column", ["n", "name"])
def test_wrong_page_checksums_are_refused(tmp_path: Path, column: str) -> None:
    path = write_parquet(
        tmp_path / "in.parquet", compression="none", use_dictionary=False, write_page_checksum=True
    )
    assert w2s.filter(path, tmp_path / "whole.parquet", score="s", top=10)["rows_kept"] == 10
    chunks = pq.ParquetFile(path).metadata.row_group(0)
    chunk = next(chunks.column(i) for i in range(3) if chunks.column(i).path_in_schema == column)
    data = bytearray(path.read_bytes())
    data[chunk.data_page_offset + chunk.total_compressed_size - 1] ^= 1
    path.write_bytes(data)
    refused(path, "table-damaged", "row group 0", f"column {column!r}", "checksum")


@pytest.mark.parametrize("plaintext_footer", [True, False])
def test_encrypted_parquet_is_refused(tmp_path: Path, plaintext_footer: bool) -> None:
    encryption = pytest.importorskip("pyarrow.parquet.encryption")

    class Keys(encryption.KmsClient):  # type: ignore[name-defined,misc]
        def __init__(self, _: object) -> None:
            super().__init__()

        def wrap_key(self, key_bytes: bytes, _: str) -> bytes:
            return base64.b64encode(key_bytes)

        def unwrap_key(self, wrapped_key: bytes, _: str) -> bytes:
            return base64.b64decode(wrapped_key)

    config = encryption.EncryptionConfiguration(
        footer_key="f", column_keys={"c": ["n"]}, plaintext_footer=plaintext_footer
    )
    factory = encryption.CryptoFactory(Keys)
    properties = factory.file_encryption_properties(encryption.KmsConnectionConfig(), config)
    path = write_parquet(tmp_path / "in.parquet", encryption_properties=properties)
    refused(path, "table-encrypted", "in.parquet")


def test_a_footer_is_read_once_for_many_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_parquet(tmp_path / "in.parquet", row_group_size=1)
    opened: list[Any] = []
    real = pq.ParquetFile

    def counted(*arguments: Any, **options: Any) -> Any:
        opened.append(options.get("metadata"))
        return real(*arguments, **options)

    monkeypatch.setattr(pq, "ParquetFile", counted)
    found = w2s.filter(path, tmp_path / "out.parquet", score="s", top="50%", threads=2)
    assert found["rows_kept"] == ROWS // 2
    assert opened.count(None) == 1
    assert len(opened) <= 1 + 2 * 2  # two passes of two threads


@pytest.mark.slow
def test_many_files_do_not_stay_open(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    (tmp_path / "in").mkdir()
    for i in range(90):
        write_parquet(tmp_path / "in" / f"{i:02}.parquet", small_table(4))
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 100
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 40, limits[1]))
    try:
        found = w2s.filter(tmp_path / "in", tmp_path / "out.parquet", score="s", top="50%")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert found["rows_kept"] == 180


def write_csv(path: Path, table: pa.Table) -> Path:
    pyarrow.csv.write_csv(table, path)
    return path


@pytest.mark.parametrize("write", [write_parquet, write_arrow, write_lines, write_csv])
def test_names_that_are_not_unicode_are_refused(tmp_path: Path, write: Callable[..., Path]) -> None:
    endings = {write_parquet: "parquet", write_arrow: "arrow", write_lines: "jsonl", write_csv: "csv"}
    ending = endings[write]
    path = write(tmp_path / f"in.{ending}", small_table())
    path.write_bytes(path.read_bytes().replace(b"name", b"n\xff\xfee"))
    code = "table-invalid-json-line" if ending == "jsonl" else "table-unreadable"
    refused(path, code, out="out.parquet")


def test_vectors_of_other_values_than_numbers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "labels.parquet"
    write_parquet(path, pa.table({"id": ["a"], "label": ["x"]}))
    vector = pa.array([[None, None]], pa.list_(pa.null(), 2))
    write_parquet(tmp_path / "hidden.parquet", pa.table({"id": ["a"], "vector": vector}))
    with raises_code("label-vector-not-numbers"):
        read_labels(path)


def test_labels_whose_names_are_not_unicode_are_refused(tmp_path: Path) -> None:
    table = pa.table({"id": ["a"], "label": ["x"], "meta": [{"n": 1}]})
    path = tmp_path / "labels.parquet"
    pq.write_table(table, path, store_schema=False)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"meta", b"me\xe5a"))
    with raises_code("table-unreadable"):
        read_labels(path)
    with raises_code("task-file-unreadable"):
        list(read_move_examples(path, "chess", print))
    with raises_code("agree-file-unreadable"):
        read_label_columns(path)


def test_a_text_that_is_not_unicode_cannot_become_json(tmp_path: Path) -> None:
    options = {"compression": "none", "use_dictionary": False, "write_statistics": False}
    path = write_parquet(tmp_path / "in.parquet", **options)
    refused(replaced(path, b"t199", b"t\xff99"), "table-not-unicode", out="out.jsonl")


# Arrow ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["arrow", "arrows"])
def test_arrow_buffers_are_checked_before_they_are_used(tmp_path: Path, ending: str) -> None:
    path = write_arrow(tmp_path / f"in.{ending}", small_table())
    offsets = struct.pack("<3i", 784, 788, 792)
    refused(replaced(path, offsets, struct.pack("<3i", 784, 2**31 - 9, 792)), "table-unreadable", "column 1")


@pytest.mark.parametrize("ending", ["arrow", "arrows"])
@pytest.mark.parametrize("codec", ["lz4", "zstd"])
def test_an_arrow_buffer_that_claims_gigabytes_is_refused(tmp_path: Path, ending: str, codec: str) -> None:
    path = write_arrow(tmp_path / f"in.{ending}", small_table(), codec)
    replaced(path, struct.pack("<q", 8 * ROWS), struct.pack("<q", 8 << 30))
    refused(path, "table-batch-too-large", "`memory`")


@pytest.mark.parametrize("ending", ["arrow", "arrows"])
def test_an_arrow_file_that_is_cut_off_is_refused(tmp_path: Path, ending: str) -> None:
    path = write_arrow(tmp_path / f"in.{ending}", small_table())
    whole = path.read_bytes()
    for keep in (9, len(whole) // 2, len(whole) - 40):
        path.write_bytes(whole[:keep])
        if ending == "arrow" or keep < len(whole) - 40:
            refused(path, "table-unreadable")


def test_views_of_strings_are_filtered(tmp_path: Path) -> None:
    texts = [f"a text that is longer than twelve bytes {i}" for i in range(ROWS)]
    table = pa.table({"s": np.arange(ROWS), "v": pa.array(texts, pa.string_view())})
    path = write_arrow(tmp_path / "in.arrow", table)
    w2s.filter(path, tmp_path / "out.parquet", score="s", top=2)
    assert pq.read_table(tmp_path / "out.parquet")["v"].to_pylist() == texts[-2:]


def test_an_arrow_type_without_a_filter_is_an_error_of_reading(tmp_path: Path) -> None:
    ends = pa.RunEndEncodedArray.from_arrays(pa.array([ROWS], pa.int32()), pa.array(["a"]))
    path = write_arrow(tmp_path / "in.arrow", pa.table({"s": np.arange(ROWS), "r": ends}))
    with raises_code("table-unreadable") as caught:
        w2s.filter(path, tmp_path / "out.arrow", score="s", top=2)
    assert "cannot read" in str(caught.value)
    assert "space" not in str(caught.value)


# JSON Lines -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [{"top": 1}, {"random": 1, "score": None}])
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"s":1,\n"id":0}\n{"s":9} {"s":3}\n{"s":4}\n', 1),
        ('\n{"s":1}\n{"s":9,\n"id":0}\n', 3),
        ('{"s":1}\n[{"s":2}]\n', 2),
        ('{"s":1}\n{"s":2}x\n', 2),
    ],
)
def test_every_line_must_be_one_object(tmp_path: Path, text: str, line: int, rule: dict[str, Any]) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(text)
    refused(path, "table-invalid-json-line", f"line {line} ", **({"top": None} | rule))


def test_two_objects_in_a_line_and_none_in_another_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(' \n{"s":1,"id":0}\n{"s":9,"id":1} {"s":3,"id":2}\n{"s":4,"id":3}\n')
    refused(path, "table-invalid-json-line", "line 3 ", top=2)


def test_lines_of_white_space_are_blank(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(b'\xef\xbb\xbf \n{"s":1}\r\n\t \r\n  {"s":3}  \n{"s":2}\n   ')
    found = w2s.filter(path, tmp_path / "out.jsonl", score="s", top=2)
    assert (found["rows_in"], found["rows_kept"]) == (3, 2)
    assert (tmp_path / "out.jsonl").read_bytes() == b'  {"s":3}  \n{"s":2}\n'


@pytest.mark.parametrize("out", ["out.jsonl", "out.parquet"])
@pytest.mark.parametrize("inner", ["[", '{"a":', '[{"a":'])
def test_deep_nesting_is_refused_before_it_is_parsed(tmp_path: Path, inner: str, out: str) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"s":1}\n{"s":2,"o":' + inner * 100_000 + "}\n")
    refused(path, "table-json-too-deep", "line 2 ", out=out)


def test_nesting_of_a_few_levels_and_brackets_in_texts_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    nested = "[" * 150 + "]" * 150
    path.write_text(json.dumps({"s": 1, "t": "[{" * 1_000}) + f'\n{{"s":2,"o":{nested}}}\n')
    assert w2s.filter(path, tmp_path / "out.jsonl", score="s", top=2)["rows_kept"] == 2


def test_a_line_may_be_as_long_as_a_twentieth_of_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"s":1}\n{"s":2,"t":"' + "x" * (4 << 20) + '"}\n{"s":0}\n')
    found = w2s.filter(path, tmp_path / "whole.jsonl", score="s", top=2, memory="320MiB")
    assert found["rows_kept"] == 2
    assert (tmp_path / "whole.jsonl").read_bytes() == path.read_bytes()[:-8]
    path.write_text('{"s":1}\n{"s":2,"t":"' + "x" * (6 << 20) + '"}\n{"s":0}\n')
    refused(path, "table-line-too-long", "4 MiB", "`memory`", memory="320MiB")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak of memory from Linux")
@pytest.mark.slow
@pytest.mark.parametrize("text", ['"' + "x" * (39 << 20) + '"', "[" + "1," * (39 << 19) + "1]"])
def test_a_long_line_keeps_the_memory_limit_in_parquet(tmp_path: Path, text: str) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"s":1,"t":' + text + "}\n" + '{"s":0}\n' * 20)
    code = "import sys, w2s; w2s.filter(sys.argv[1], sys.argv[2], score='s', top=2, memory='1GiB')"
    code += "; print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    command = [sys.executable, "-c", code, str(path), str(tmp_path / "out.parquet")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 1 << 20  # in KiB


@pytest.mark.parametrize("line", ['{{"s":{0},"m":{{"k{0}":1}}}}', '{{"s":{0},"k{0}":1}}'])
def test_keys_that_differ_in_all_lines_take_no_memory_of_a_table(tmp_path: Path, line: str) -> None:
    """A parser would make 12,000 columns of 12,000 rows."""
    path = tmp_path / "in.jsonl"
    path.write_text("".join(line.format(i) + "\n" for i in range(12_000)))
    before = pa.total_allocated_bytes()
    assert w2s.filter(path, tmp_path / "out.jsonl", score="s", top=5)["rows_kept"] == 5
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 5
    for name in ("out.jsonl", "out.jsonl.w2s.json"):
        (tmp_path / name).unlink()
    refused(path, "table-too-many-keys", "different keys", ".jsonl", out="out.parquet")
    assert pa.default_memory_pool().max_memory() < before + (2 << 30)


def test_keys_of_a_few_thousand_lines_become_columns(tmp_path: Path) -> None:
    path, out = tmp_path / "in.jsonl", tmp_path / "out.arrow"
    path.write_text("".join(f'{{"s":{i},"m":{{"k{i // 2}":{i}}}}}\n' for i in range(6_000)))
    assert w2s.filter(path, out, score="s", top=2)["rows_kept"] == 2
    with pa.ipc.open_file(out) as reader:
        rows = reader.read_all().column("m").to_pylist()
    assert [{key: value for key, value in row.items() if value is not None} for row in rows] == [
        {"k2999": 5_998},
        {"k2999": 5_999},
    ]


@pytest.mark.slow
def test_a_long_line_is_joined_once(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b'{"s":1,"t":"')
        for _ in range(39):
            file.write(bytes(1 << 20).replace(b"\0", b"x"))
        file.write(b'"}\n{"s":2}\n')
    tracemalloc.start()
    w2s.filter(path, tmp_path / "out.jsonl", score="s", top=1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4.5 * (39 << 20)


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("codec", ["gzip", "zstd"])
def test_files_that_are_cut_off_leak_nothing(tmp_path: Path, codec: str) -> None:
    ending = {"gzip": "gz", "zstd": "zst"}[codec]
    path = tmp_path / f"in.jsonl.{ending}"
    lines = b"".join(b'{"s":%d,"t":"%s"}\n' % (i, os.urandom(20).hex().encode()) for i in range(3_000))
    path.write_bytes(pa.compress(lines, codec, asbytes=True)[:-2_000])

    def size() -> int:
        return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")

    for _ in range(5):
        refused(path, "table-unreadable", out="out.jsonl")
    before = size()
    for _ in range(60):
        refused(path, "table-unreadable", out="out.jsonl")
    assert size() - before < 60 << 20  # a block of each failed read would be 240 MiB


# Every format -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "write"),
    [("in.parquet", write_parquet), ("in.arrow", write_arrow), ("in.jsonl", write_lines)],
)
@pytest.mark.parametrize("out", ["same", "kept", "-"])
def test_an_input_that_is_replaced_between_the_passes_is_refused(
    tmp_path: Path, name: str, write: Callable[..., Path], out: str, capfdbinary: Any
) -> None:
    path = write(tmp_path / name, small_table())
    other = write(tmp_path / f"other{path.suffix}", small_table(shift=1e-9))

    def swap(progress: Progress) -> None:
        if progress.step == "copying rows" and other.exists():
            other.rename(path)

    target = {"same": tmp_path / f"out{path.suffix}", "kept": tmp_path / "kept", "-": "-"}[out]
    with raises_code("table-changed"):
        w2s.filter(path, target, score="s", top=10, report=swap)
    assert [found.name for found in tmp_path.iterdir()] == [name]
    capfdbinary.readouterr()


def test_an_input_that_changes_and_no_longer_fits_is_named_as_the_reason(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "in.jsonl", small_table())

    def cut(progress: Progress) -> None:
        if progress.step == "reading scores":
            path.write_text('{"s": 1}\n')

    with raises_code("table-changed"):
        w2s.filter(path, tmp_path / "out.jsonl", score="s", top=10, report=cut)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_named_pipe_is_refused_with_the_way_to_read_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "in.jsonl")
    refused(tmp_path / "in.jsonl", "table-not-a-file", "pipe", "w2s filter -")


# Infinite scores --------------------------------------------------------------------------------------------

INFINITE = [math.inf, 1.0, -math.inf, 0.5]


@pytest.mark.parametrize(
    ("rule", "kept", "threshold"),
    [
        ({"top": 1}, [0], math.inf),
        ({"top": 4}, [0, 1, 2, 3], -math.inf),
        ({"threshold": math.inf}, [0], math.inf),
        ({"threshold": -math.inf}, [0, 1, 2, 3], -math.inf),
        ({"between": [-math.inf, 0.7]}, [2, 3], -math.inf),
        ({"between": [0.7, math.inf]}, [0, 1], 1.0),
    ],
)
@pytest.mark.parametrize("name", ["in.parquet", "in.arrow"])
def test_scores_may_be_infinite(
    tmp_path: Path, name: str, rule: dict[str, Any], kept: list[int], threshold: float
) -> None:
    write = write_parquet if name.endswith("parquet") else write_arrow
    path = write(tmp_path / name, pa.table({"s": INFINITE, "id": range(4)}))
    out = tmp_path / "out.parquet"
    for _ in range(2):  # the second time from the record
        assert w2s.filter(path, out, score="s", **rule)["threshold"] == threshold
    assert pq.read_table(out)["id"].to_pylist() == kept
    assert w2s.select(np.array(INFINITE), **rule).tolist() == kept
    record = json.loads((tmp_path / "out.parquet.w2s.json").read_text(), parse_constant=pytest.fail)
    assert float(record["summary"]["threshold"]) == threshold


def test_infinite_scores_are_shown_as_text_and_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_parquet(
        tmp_path / "in.parquet", pa.table({"s": INFINITE, "group": [-math.inf, 1.0, 1.0, 1.0]})
    )
    given = ["filter", str(path), "--score", "s", "--top", "4", "--explain", "--by", "group"]
    assert run([*given, "--json"]) == 0
    found = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert [found["by_score"][0]["to"], found["by_score"][-1]["from"]] == ["inf", "-inf"]
    assert found["groups"]["counts"][0]["group"] == "-inf"
    assert run(given) == 0
    assert "-inf to" in capsys.readouterr().out


# Places -----------------------------------------------------------------------------------------------------


def without_rights(command: list[str]) -> list[str]:
    """The command as a user whose rights are checked, also where the tests run as root."""
    if os.geteuid():
        return command
    if shutil.which("setpriv") is None:
        pytest.skip("root can read every file; needs setpriv to run as another user")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]


@pytest.mark.skipif(os.name == "nt", reason="rights of POSIX")
@pytest.mark.parametrize("source", ["tables", "tables/closed/in.parquet", "tables/closed"])
def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path, source: str) -> None:
    """Its rows would be missing in silence."""
    closed = tmp_path / "tables" / "closed"
    closed.mkdir(parents=True)
    write_parquet(tmp_path / "tables" / "in.parquet")
    write_parquet(closed / "in.parquet")
    closed.chmod(0)
    command = [
        sys.executable,
        "-m",
        "w2s",
        "filter",
        source,
        "--score",
        "s",
        "--top",
        "1",
        "--out",
        "o.parquet",
    ]
    done = subprocess.run(without_rights(command), cwd=tmp_path, capture_output=True, text=True, check=False)
    closed.chmod(0o755)
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)
    assert "closed" in done.stderr
    assert "Permission denied" in done.stderr
    assert "[table-unreadable]" in done.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names are bytes on Linux")
@pytest.mark.parametrize("ending", [b"parquet", b"arrow", b"jsonl", b"csv"])
def test_a_file_whose_name_is_not_utf8_is_refused(tmp_path: Path, ending: bytes) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9." + ending))
    path.touch()
    with raises_code("table-bad-name") as caught:
        w2s.filter(path, tmp_path / "out.parquet", score="s", top=1)
    assert r"caf\udce9" in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", ["in.csv", "in.jsonl"])
def test_text_of_other_widths_is_refused_with_the_way_to_convert_it(
    tmp_path: Path, name: str, encoding: str
) -> None:
    write = write_csv if name == "in.csv" else write_lines
    path = write(tmp_path / name, small_table())
    path.write_bytes(path.read_text().encode(encoding))
    refused(path, "table-not-unicode", "iconv", out="out.jsonl")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (pa.timestamp("us"), 1 << 62),
        (pa.timestamp("us"), -(1 << 62)),
        (pa.date32(), 1 << 30),
        (pa.timestamp("us", "Mars/Olympus"), 1),
        (pa.list_(pa.timestamp("ms", "Mars/Olympus")), [1]),
    ],
)
def test_times_that_json_cannot_show_are_named(tmp_path: Path, kind: pa.DataType, value: Any) -> None:
    table = pa.table({"s": [1.0, 2.0], "when": pa.array([None, value], kind)})
    path = write_parquet(tmp_path / "in.parquet", table)
    assert w2s.filter(path, tmp_path / "same.arrow", score="s", top=2)["rows_kept"] == 2
    with pa.ipc.open_file(tmp_path / "same.arrow") as reader:
        assert reader.read_all().equals(table)
    for name in ("same.arrow", "same.arrow.w2s.json"):
        (tmp_path / name).unlink()
    refused(path, "table-not-a-json-time", "'when'", out="out.jsonl", top=2)


def test_columns_of_one_name_cannot_become_keys_of_an_object(tmp_path: Path) -> None:
    table = pa.table([pa.array([1.0]), pa.array(["a"]), pa.array(["b"])], names=["s", "t", "t"])
    path = write_parquet(tmp_path / "in.parquet", table)
    refused(path, "table-repeated-column", "'t'", out="out.jsonl", top=1)
    assert w2s.filter(path, tmp_path / "kept.parquet", score="s", top=1)["rows_kept"] == 1


def test_files_whose_columns_of_one_name_differ_are_refused(tmp_path: Path) -> None:
    for name, number in (("a.parquet", 3.0), ("b.parquet", 3)):
        table = pa.table([pa.array([1.0]), pa.array([2.0]), pa.array([number])], names=["s", "x", "x"])
        write_parquet(tmp_path / name, table)
    with raises_code("table-schema-mismatch") as caught:
        w2s.filter([tmp_path / "a.parquet", tmp_path / "b.parquet"], tmp_path / "o", score="s", top=1)
    assert "'x' is double in the first and int64 in the second" in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize("out", ["out.parquet", "out.jsonl"])
def test_time_grows_with_the_columns_and_not_with_their_square(tmp_path: Path, out: str) -> None:
    def seconds(columns: int) -> float:
        table = pa.table({"s": [1.0], **{f"c{i}": ["x"] for i in range(columns)}})
        path = write_parquet(tmp_path / f"{columns}.parquet", table)
        begin = time.process_time()
        w2s.filter(path, tmp_path / out, score="s", top=1, overwrite=True)
        return time.process_time() - begin

    seconds(100)
    assert seconds(8_000) < 9 * seconds(2_000) + 0.5


def test_lines_without_a_key_cannot_become_columns(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text("{}\n{}\n")
    assert w2s.filter(path, tmp_path / "kept.jsonl", random=1)["rows_kept"] == 1
    refused(path, "table-no-columns", out="out.parquet", score=None, top=None, random=1)


# Messages ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG, errno.EACCES])
def test_only_a_full_disk_asks_for_space(number: int) -> None:
    message = str(cannot_write("out.parquet", OSError(number, os.strerror(number))))
    assert ("free some space" in message) == (number in {errno.ENOSPC, errno.EDQUOT})


def test_messages_of_libraries_do_not_control_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(b"s,t\n" + b"0.5,a\n" * 40_000 + b"\x1b[31m\r7,b\n")
    refused(path, "table-unreadable", "in.csv", out="out.parquet")


# Messages ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["in.parquet", "in.arrow", "in.jsonl"])
def test_scores_whose_mean_is_not_a_number_are_named_or_left_out(tmp_path: Path, name: str) -> None:
    table = pa.table({"a": [1.0, 2.0, math.inf, 3.0], "b": [1.0, 4.0, -math.inf, 2.0]})
    write = {"in.parquet": write_parquet, "in.arrow": write_arrow, "in.jsonl": write_lines}[name]
    path = write(tmp_path / name, table)
    if name == "in.jsonl":
        path.write_text(path.read_text().replace("Infinity", "1e999"))
    row = "line 3" if name == "in.jsonl" else "row 2"
    options = {"score": ["a", "b"], "aggregate": "mean", "top": 2}
    refused(path, "filter-nan-score", row, "the mean of its scores is NaN", **options)
    found = w2s.filter(path, tmp_path / f"out{path.suffix}", nulls="drop", **options)
    assert (found["rows_kept"], found["rows_dropped_for_null"]) == (2, 1)


@pytest.mark.parametrize("shards", [None, 2])
def test_a_type_that_the_output_lacks_is_reported_with_the_name_of_the_output(
    tmp_path: Path, shards: int | None
) -> None:
    values = pa.array([(1, 2, 3)] * 3, pa.month_day_nano_interval())
    path = write_arrow(tmp_path / "in.arrow", pa.table({"s": [1.0, 2.0, 3.0], "t": values}))
    out = tmp_path / ("kept" if shards else "kept.parquet")
    options = {"shards": shards, "output_format": "parquet"} if shards else {}
    with raises_code("output-not-writable") as caught:
        w2s.filter(path, out, score="s", top=2, **options)
    assert str(caught.value).startswith(f"cannot write {out}")
    assert ".part" not in str(caught.value).replace("part-00000", "")


def test_names_do_not_control_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a\x1b[31m\n\u202e.parquet"
    path.write_bytes(b"x")
    assert run(["filter", str(path), "--score", "s", "--top", "1", "--out", str(tmp_path / "o.parquet")]) == 3
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert message.strip().isprintable()
    assert r"a\x1b[31m \u202e.parquet" in message
