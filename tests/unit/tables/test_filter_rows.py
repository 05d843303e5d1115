"""What is written equals what Arrow's own filter gives, whatever the format."""

from __future__ import annotations

import gzip
import json
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
from tests.unit.tables.conftest import best, everything
from w2s.tables import jsonl, score_columns


def wanted(table: pa.Table, rows: np.ndarray) -> pa.Table:
    mask = np.zeros(table.num_rows, bool)
    mask[rows] = True
    return table.filter(pa.array(mask))


def scores(table: pa.Table) -> np.ndarray:
    return table.column("trust").to_numpy()


@pytest.mark.parametrize("codec", ["snappy", "zstd", "none", "gzip", "brotli", "lz4"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("dictionary", [True, False])
def test_parquet_keeps_every_column(
    table: pa.Table, tmp_path: Path, codec: str, version: str, dictionary: bool
) -> None:
    source, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    options = {"compression": codec, "data_page_version": version, "use_dictionary": dictionary}
    pq.write_table(table, source, row_group_size=700, data_page_size=2_000, **options)
    summary = w2s.filter(source, out, score="trust", top="10%")
    expected = wanted(table, best(scores(table), 300))
    found = pq.read_table(out)
    assert found.equals(expected)
    assert found.schema.equals(pq.read_table(source).schema, check_metadata=True)
    assert (summary["rows_in"], summary["rows_kept"]) == (3000, 300)
    lowest = float(np.sort(scores(table))[::-1][299])
    assert summary["threshold"] == lowest
    at = int(np.count_nonzero(scores(table) == lowest))
    assert sum(summary["ties_at_threshold"].values()) == at
    assert summary["ties_at_threshold"]["left_out"] > 0
    chunk = pq.ParquetFile(out).metadata.row_group(0).column(0)
    assert chunk.compression == pq.ParquetFile(source).metadata.row_group(0).column(0).compression


@pytest.mark.parametrize("share", [0, 1, 50, 100])
def test_any_share_equals_arrow(table: pa.Table, tmp_path: Path, share: int) -> None:
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=512, data_page_size=1_000)
    w2s.filter(tmp_path / "in.parquet", tmp_path / "out.parquet", score="trust", top=f"{share}%")
    assert pq.read_table(tmp_path / "out.parquet").equals(wanted(table, best(scores(table), 30 * share)))


def test_rows_that_stand_together_leave_row_groups_and_pages_out(tmp_path: Path) -> None:
    table = pa.table({"trust": np.arange(10_000) / 10_000, "text": [f"text {i}" * 9 for i in range(10_000)]})
    pq.write_table(
        table, tmp_path / "in.parquet", row_group_size=2_500, data_page_size=1_000, use_dictionary=False
    )
    w2s.filter(tmp_path / "in.parquet", tmp_path / "out.parquet", score="trust", between=(0.6, 0.6003))
    assert pq.read_table(tmp_path / "out.parquet").equals(table.slice(6000, 4))


@pytest.mark.parametrize("stream", [False, True])
def test_arrow_files_and_streams_are_read(table: pa.Table, tmp_path: Path, stream: bool) -> None:
    opener = pa.ipc.new_stream if stream else pa.ipc.new_file
    with opener(str(tmp_path / "in.arrow"), table.schema) as writer:
        writer.write_table(table, max_chunksize=400)
    w2s.filter(tmp_path / "in.arrow", tmp_path / "out.arrow", score="trust", top=123)
    found = pa.ipc.open_file(str(tmp_path / "out.arrow")).read_all()
    assert found.equals(wanted(table, best(scores(table), 123)))


LINES = [
    {
        "id": i,
        "trust": [0.25, 1, 0.5, 0.125, None][i % 4],
        "text": f"ü{i}",
        "nested": {"a": [i]},
        **({"rare": i} if i > 90 else {}),
    }
    for i in range(100)
]


def write_lines(path: Path, ending: str) -> bytes:
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in LINES).encode()
    if ending.endswith(".gz"):
        path.write_bytes(gzip.compress(text))
    elif ending.endswith(".zst"):
        path.write_bytes(pa.Codec("zstd").compress(text, asbytes=True))
    else:
        path.write_bytes(text)
    return text


def read_text(path: Path) -> bytes:
    codec = {".gz": "gzip", ".zst": "zstd"}.get(path.suffix)
    with pa.input_stream(str(path), compression=codec) as stream:
        return bytes(stream.read())


@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz", ".jsonl.zst"])
@pytest.mark.parametrize("out", [".jsonl", ".jsonl.gz", ".jsonl.zst"])
def test_lines_are_copied_as_they_stand(tmp_path: Path, ending: str, out: str) -> None:
    text = write_lines(tmp_path / f"in{ending}", ending)
    w2s.filter(tmp_path / f"in{ending}", tmp_path / f"out{out}", score="trust", threshold=0.5)
    lines = text.splitlines(keepends=True)
    assert read_text(tmp_path / f"out{out}") == b"".join(lines[i] for i in range(100) if i % 4 in {1, 2})


def test_lines_without_a_last_newline_with_empty_ones_and_windows_ends(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(b'{"trust": 1, "x": "a"}\r\n\r\n\n{"trust": 0}\n{"trust": 2}')
    w2s.filter(tmp_path / "in.jsonl", tmp_path / "out.jsonl", score="trust", threshold=1)
    assert (tmp_path / "out.jsonl").read_bytes() == b'{"trust": 1, "x": "a"}\r\n{"trust": 2}\n'


def test_lines_become_parquet_with_the_columns_of_all_lines(tmp_path: Path) -> None:
    write_lines(tmp_path / "in.jsonl", ".jsonl")
    w2s.filter(tmp_path / "in.jsonl", tmp_path / "out.parquet", score="trust", threshold=0.5)
    kept = [line for i, line in enumerate(LINES) if i % 4 in {1, 2}]
    assert pq.read_table(tmp_path / "out.parquet").to_pylist() == [{"rare": None, **line} for line in kept]


def test_large_files_of_lines_are_split_and_lose_no_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    monkeypatch.setattr(jsonl, "_SPLIT_BYTES", 501)
    monkeypatch.setattr(jsonl, "BLOCK_BYTES", 97)
    text = write_lines(tmp_path / "in.jsonl", ".jsonl")
    assert len(jsonl.open_lines(tmp_path / "in.jsonl", None)[1]) > 5
    w2s.filter(tmp_path / "in.jsonl", tmp_path / "out.jsonl", score="trust", top="100%")
    assert (tmp_path / "out.jsonl").read_bytes() == text


def test_csv_becomes_parquet(tmp_path: Path) -> None:
    table = pa.table(
        {"id": range(50), "trust": [i % 7 / 7 for i in range(50)], "text": [f'a,"{i}\n' for i in range(50)]}
    )
    pa.csv.write_csv(table, tmp_path / "in.csv")
    w2s.filter(tmp_path / "in.csv", tmp_path / "out.parquet", score="trust", top=10)
    assert (
        pq.read_table(tmp_path / "out.parquet").to_pylist()
        == wanted(table, best(scores(table), 10)).to_pylist()
    )


def test_parquet_becomes_lines(tmp_path: Path, table: pa.Table) -> None:
    some = table.select(["id", "trust", "text", "samples", "meta", "when", "price", "correct"])
    pq.write_table(some, tmp_path / "in.parquet")
    w2s.filter(tmp_path / "in.parquet", tmp_path / "out.jsonl", score="trust", top=50)
    found = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    expected = wanted(some, best(scores(some), 50)).to_pylist()
    for row in expected:
        row["when"], row["price"] = row["when"].isoformat(), str(row["price"])
    assert found == expected


def test_a_glob_a_folder_and_a_list_are_one_table(tmp_path: Path, table: pa.Table) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for i in range(3):
        pq.write_table(table.slice(1000 * i, 1000), folder / f"part-{i}.parquet")
    (folder / "_SUCCESS").write_text("")
    (folder / ".hidden.parquet").write_text("not a table")
    inputs: list[Any] = [str(folder), str(folder / "*.parquet"), sorted(folder.glob("part*"))]
    for number, given in enumerate(inputs):
        w2s.filter(given, tmp_path / f"out{number}.parquet", score="trust", top="10%")
        assert pq.read_table(tmp_path / f"out{number}.parquet").equals(
            wanted(table, best(scores(table), 300))
        )


def test_folders_of_a_hive_give_columns(tmp_path: Path) -> None:
    table = everything(60).select(["id", "trust"])
    for language in ("de", "en"):
        for year in (1, 20):
            folder = tmp_path / "in" / f"language={language}" / f"year={year}"
            folder.mkdir(parents=True)
            pq.write_table(table, folder / "0.parquet")
    summary = w2s.filter(tmp_path / "in", tmp_path / "out.parquet", score="trust", top=3, by="language")
    found = pq.read_table(tmp_path / "out.parquet")
    assert found.schema.field("year").type == pa.int32()
    assert found.column("language").to_pylist() == ["de"] * 3 + ["en"] * 3
    assert [group["kept"] for group in summary["groups"]["counts"]] == [3, 3]


def test_the_answer_does_not_depend_on_threads_or_row_groups(tmp_path: Path, table: pa.Table) -> None:
    outs = []
    for number, (rows, threads) in enumerate([(100, 1), (100, 4), (999, 2), (3000, 3)]):
        pq.write_table(table, tmp_path / f"in{number}.parquet", row_group_size=rows)
        out = tmp_path / f"out{number}.parquet"
        w2s.filter(tmp_path / f"in{number}.parquet", out, score="trust", top="33%", threads=threads)
        outs.append(pq.read_table(out))
    assert all(out.equals(outs[0]) for out in outs)
    first = tmp_path / "again.parquet"
    w2s.filter(tmp_path / "in0.parquet", first, score="trust", top="33%", threads=3)
    assert first.read_bytes() == (tmp_path / "out0.parquet").read_bytes()


def test_shards_are_equal_and_one_after_another(tmp_path: Path, table: pa.Table) -> None:
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=400)
    w2s.filter(tmp_path / "in.parquet", tmp_path / "kept", score="trust", top=301, shards=4)
    names = sorted(path.name for path in (tmp_path / "kept").iterdir() if not path.name.startswith("_"))
    assert names == [f"part-0000{i}.parquet" for i in range(4)]
    parts = [pq.read_table(tmp_path / "kept" / name) for name in names]
    assert [part.num_rows for part in parts] == [75, 75, 75, 76]
    assert pa.concat_tables(parts).equals(wanted(table, best(scores(table), 301)))


def test_shards_of_lines(tmp_path: Path) -> None:
    text = write_lines(tmp_path / "in.jsonl", ".jsonl")
    w2s.filter(
        tmp_path / "in.jsonl",
        tmp_path / "kept",
        score="trust",
        top="100%",
        shards=3,
        output_format="jsonl.gz",
    )
    parts = sorted((tmp_path / "kept").glob("part-*"))
    assert [part.name for part in parts] == [f"part-0000{i}.jsonl.gz" for i in range(3)]
    assert b"".join(read_text(part) for part in parts) == text


def test_more_shards_than_rows_leave_some_empty(tmp_path: Path, table: pa.Table) -> None:
    pq.write_table(table, tmp_path / "in.parquet")
    w2s.filter(tmp_path / "in.parquet", tmp_path / "kept", score="trust", top=2, shards=3)
    assert sum(pq.read_table(part).num_rows for part in (tmp_path / "kept").glob("part-*")) == 2


def test_a_table_without_rows_gives_one_without_rows(tmp_path: Path, table: pa.Table) -> None:
    pq.write_table(table.slice(0, 0), tmp_path / "in.parquet")
    summary = w2s.filter(tmp_path / "in.parquet", tmp_path / "out.parquet", score="trust", top="10%")
    assert summary["rows_in"] == summary["rows_kept"] == 0
    assert pq.read_table(tmp_path / "out.parquet").schema.equals(table.schema)


@pytest.mark.slow
def test_ten_thousand_columns(tmp_path: Path) -> None:
    table = pa.table({f"c{i}": [i, i + 1, None] for i in range(10_000)} | {"trust": [0.1, 0.9, 0.5]})
    pq.write_table(table, tmp_path / "in.parquet")
    w2s.filter(tmp_path / "in.parquet", tmp_path / "out.parquet", score="trust", top=2)
    assert pq.read_table(tmp_path / "out.parquet").equals(table.slice(1))


def test_explain_writes_nothing_and_counts_by_score(tmp_path: Path, table: pa.Table) -> None:
    pq.write_table(table, tmp_path / "in.parquet")
    summary = w2s.filter(tmp_path / "in.parquet", score="other", top="10%", by="language", explain=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.parquet"]
    assert sum(tenth["rows"] for tenth in summary["by_score"]) == 3000
    assert sum(tenth["kept"] for tenth in summary["by_score"]) == summary["rows_kept"]
    assert [group["group"] for group in summary["groups"]["counts"]] == ["de", "en", "fr"]


def test_a_rerun_of_a_finished_filter_does_nothing(tmp_path: Path, table: pa.Table) -> None:
    source, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(table, source)
    first = w2s.filter(source, out, score="trust", top="10%")
    before = out.stat()
    again = w2s.filter(source, out, score="trust", top="10%")
    assert again["done_before"]
    assert again["rows_kept"] == first["rows_kept"]
    assert out.stat() == before


def test_an_output_of_another_filter_is_replaced_only_on_request(tmp_path: Path, table: pa.Table) -> None:
    source, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(table, source)
    w2s.filter(source, out, score="trust", top="10%")
    with raises_code("output-exists") as caught:
        w2s.filter(source, out, score="trust", top="20%")
    assert "changed: options" in str(caught.value)
    assert "`overwrite=True`" in str(caught.value)
    w2s.filter(source, out, score="trust", top="20%", overwrite=True)
    assert pq.read_table(out).num_rows == 600
    out.write_bytes(b"mine")
    with raises_code("output-exists"):
        w2s.filter(source, out, score="trust", top="20%")
    assert out.read_bytes() == b"mine"


def test_a_changed_input_is_filtered_again_only_on_request(tmp_path: Path, table: pa.Table) -> None:
    source, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(table, source)
    w2s.filter(source, out, score="trust", top="10%")
    pq.write_table(table.slice(5), source)
    with raises_code("output-exists") as caught:
        w2s.filter(source, out, score="trust", top="10%")
    assert "changed: files" in str(caught.value)


def test_progress_is_told_with_the_rows_and_the_total(
    tmp_path: Path, table: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    from w2s.tables import progress

    told: list[progress.Progress] = []
    init = progress.ProgressCounter.__init__
    monkeypatch.setattr(
        progress.ProgressCounter, "__init__", lambda self, report: init(self, report, every_s=0)
    )
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=500)
    w2s.filter(
        tmp_path / "in.parquet", tmp_path / "out.parquet", score="trust", top="10%", report=told.append
    )
    last = {one.step: one for one in told}
    assert set(last) == {"reading scores", "copying rows"}
    assert all(one.rows == one.total == 3000 and one.seconds_left == 0 for one in last.values())


def test_lines_in_folders_of_a_hive_get_their_columns(tmp_path: Path) -> None:
    (tmp_path / "in" / "year=1999").mkdir(parents=True)
    write_lines(tmp_path / "in" / "year=1999" / "a.jsonl", ".jsonl")
    w2s.filter(tmp_path / "in", tmp_path / "out.jsonl", score="trust", threshold=1)
    found = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert found == [{**line, "rare": line.get("rare"), "year": 1999} for line in LINES[1::4]]


@pytest.mark.parametrize("ending", [".arrow", ".arrows", ".parquet"])
@pytest.mark.parametrize("out", ["out.parquet", "out.arrow", "out.jsonl"])
def test_view_layouts_are_read(tmp_path: Path, ending: str, out: str) -> None:
    views = {
        "trust": pa.array([0.1, 0.9, 0.5]),
        "text": pa.array(["a", "a long text that is not kept in the view", None], pa.string_view()),
        "raw": pa.array([b"a", None, b"c"], pa.binary_view()),
        "list": pa.array([["x"], None, []], pa.list_(pa.string_view())),
        "struct": pa.array([{"k": "x"}, None, {"k": "y"}], pa.struct([("k", pa.string_view())])),
    }
    table, source = pa.table(views), tmp_path / f"in{ending}"
    if ending == ".parquet":
        pq.write_table(table, source)
    else:
        opener = pa.ipc.new_file if ending == ".arrow" else pa.ipc.new_stream
        with opener(str(source), table.schema) as writer:
            writer.write_table(table)
    summary = w2s.filter(source, tmp_path / out, score="trust", top=2, by="text")
    assert summary["rows_kept"] == 3
    if out.endswith("jsonl"):
        assert '"text":"a"' in (tmp_path / out).read_text()
        return
    read = pq.read_table if out.endswith("parquet") else lambda path: pa.ipc.open_file(str(path)).read_all()
    found = read(tmp_path / out)
    assert found.to_pylist() == table.to_pylist()
    assert found.schema.field("text").type == pa.large_string()


def test_an_arrows_file_is_a_stream(tmp_path: Path, table: pa.Table) -> None:
    pq.write_table(table, tmp_path / "in.parquet")
    w2s.filter(tmp_path / "in.parquet", tmp_path / "out.arrows", score="trust", top=5)
    assert pa.ipc.open_stream(str(tmp_path / "out.arrows")).read_all().num_rows == 5


@pytest.mark.parametrize("memory", ["1GiB", "320MiB"])
@pytest.mark.parametrize("option", ["by", "stratify"])
def test_groups_of_several_columns_are_their_combinations(
    tmp_path: Path, table: pa.Table, memory: str, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if memory == "320MiB":
        monkeypatch.setattr(score_columns, "_LEAST_SCORE_BYTES", 1 << 20)  # too large for memory
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=700)
    joined = [
        f"{a}|{b}" for a, b in zip(table["language"].to_pylist(), table["word"].to_pylist(), strict=True)
    ]
    pq.write_table(table.append_column("both", pa.array(joined)), tmp_path / "one.parquet")
    given: dict[str, Any] = {"score": "trust", "top": 40, "memory": memory}
    summary = w2s.filter(
        tmp_path / "in.parquet", tmp_path / "out.parquet", **given, **{option: ["language", "word"]}
    )
    w2s.filter(tmp_path / "one.parquet", tmp_path / "wanted.parquet", **given, **{option: "both"})
    wanted_ids = pq.read_table(tmp_path / "wanted.parquet")["id"]
    if option == "by":
        assert pq.read_table(tmp_path / "out.parquet")["id"].equals(wanted_ids)
    assert summary["groups"]["column"] == ["language", "word"]
    counts = {tuple(group["group"]): group["rows"] for group in summary["groups"]["counts"]}
    assert counts == {
        (a, None if b == "None" else b): joined.count(f"{a}|{b}")
        for a, b in (text.split("|") for text in set(joined))
    }
    assert summary["passes"] > 1 if memory == "320MiB" else summary["passes"] == 1


@pytest.mark.parametrize("ending", [".parquet", ".jsonl", ".csv", ".arrow", ".arrows"])
def test_random_rows_need_no_score(tmp_path: Path, ending: str) -> None:
    table = pa.table({"id": range(200), "text": [f"t{i}" for i in range(200)]})
    source = tmp_path / f"in{ending}"
    if ending == ".parquet":
        pq.write_table(table, source, row_group_size=64)
    elif ending == ".csv":
        pa.csv.write_csv(table, source)
    elif ending == ".jsonl":
        source.write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()))
    else:
        with (pa.ipc.new_file if ending == ".arrow" else pa.ipc.new_stream)(
            str(source), table.schema
        ) as writer:
            writer.write_table(table, max_chunksize=50)
    summary = w2s.filter(source, tmp_path / "out.jsonl", random="10%", seed=3)
    assert (summary["rows_in"], summary["rows_kept"], summary["threshold"]) == (200, 20, None)
    ids = [json.loads(line)["id"] for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert ids == w2s.select(np.zeros(200), random=20, seed=3).tolist()
    explained = w2s.filter(source, random="10%", seed=3, explain=True)
    assert explained["by_score"] == []


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".tsv"])
def test_csv_holds_what_other_formats_hold(tmp_path: Path, ending: str) -> None:
    table = pa.table(
        {
            "trust": [0.5, 0.25, 0.75],
            "text": ['quoted "word", comma', "two\nlines", None],
            "day": pa.array([0, 1, 2], pa.date32()),
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    w2s.filter(tmp_path / "in.parquet", tmp_path / f"out{ending}", score="trust", top="100%")
    with pa.input_stream(str(tmp_path / f"out{ending}"), compression="detect") as stream:
        found = pa.csv.read_csv(
            stream,
            parse_options=pa.csv.ParseOptions(
                delimiter="\t" if ending == ".tsv" else ",", newlines_in_values=True
            ),
            convert_options=pa.csv.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=False),
        )
    assert found.to_pylist() == table.to_pylist()


def test_csv_is_copied_as_text(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("code,trust,when\n007,0.50,2020-1-1\n008,1.0,\n009,2e-1,x\n")
    w2s.filter(tmp_path / "in.csv", tmp_path / "out.csv", score="trust", top=2)
    rows = [line.split(",") for line in (tmp_path / "out.csv").read_text().replace('"', "").splitlines()]
    assert rows == [["code", "trust", "when"], ["007", "0.50", "2020-1-1"], ["008", "1.0", ""]]


def test_nested_columns_have_no_place_in_csv(tmp_path: Path) -> None:
    pq.write_table(pa.table({"trust": [0.5], "tags": [["a"]]}), tmp_path / "in.parquet")
    with raises_code("table-nested-csv") as caught:
        w2s.filter(tmp_path / "in.parquet", tmp_path / "out.csv", score="trust", top=1)
    assert "'tags'" in str(caught.value)


@pytest.mark.parametrize("column", ["trust", "cost"])
def test_nan_is_left_out_with_nulls(tmp_path: Path, column: str) -> None:
    values: dict[str, Any] = {"trust": [0.1, 0.2, 0.3, 0.4], "cost": [1.0, 1.0, 1.0, 1.0], "id": range(4)}
    values[column] = [0.5, float("nan"), None, 0.6]
    pq.write_table(pa.table(values), tmp_path / "in.parquet")
    summary = w2s.filter(
        tmp_path / "in.parquet", tmp_path / "out.parquet", score="trust", budget=9, cost="cost", nulls="drop"
    )
    assert summary["rows_dropped_for_null"] == 2
    assert pq.read_table(tmp_path / "out.parquet")["id"].to_pylist() == [0, 3]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("in.csv", "a;trust\n1;0.5\n2;0.7\n"),
        ("in.csv", '"a,b,c";trust\n1;0.5\n2;0.7\n'),
        ("in.csv", "a|trust\n1|0.5\n2|0.7\n"),
        ("in.csv", "\ufeffa,trust\n1,0.5\n2,0.7\n"),
        ("in.tsv", "a,b\ttrust\n1\t0.5\n2\t0.7\n"),
    ],
)
def test_the_delimiter_is_found_in_the_first_line(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    w2s.filter(tmp_path / name, tmp_path / "out.jsonl", score="trust", top=1)
    (row,) = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert list(row.values()) == [2, 0.7]


def test_a_delimiter_can_be_given(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("a,b#trust\n1#0.5\n2#0.7\n")
    w2s.filter(tmp_path / "in.csv", tmp_path / "out.jsonl", score="trust", top=1, delimiter="#")
    assert (tmp_path / "out.jsonl").read_text() == '{"a,b":2,"trust":0.7}\n'


def test_missing_folders_of_the_output_are_made(tmp_path: Path, table: pa.Table) -> None:
    pq.write_table(table, tmp_path / "in.parquet")
    w2s.filter(tmp_path / "in.parquet", tmp_path / "a" / "b" / "out.parquet", score="trust", top=5)
    assert pq.read_table(tmp_path / "a" / "b" / "out.parquet").num_rows == 5
    w2s.filter(tmp_path / "in.parquet", tmp_path / "c" / "kept", score="trust", top=5)
    assert (tmp_path / "c" / "kept" / "part-00000.parquet").exists()


def test_gzip_is_written_at_level_6(tmp_path: Path, table: pa.Table, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []
    writer = pq.ParquetWriter
    monkeypatch.setattr(pq, "ParquetWriter", lambda *a, **k: given.append(k) or writer(*a, **k))
    some = table.select(["id", "trust", "samples"])
    pq.write_table(some, tmp_path / "in.parquet", compression={"id": "gzip", "samples.list.element": "gzip"})
    w2s.filter(tmp_path / "in.parquet", tmp_path / "out.parquet", score="trust", top=5)
    assert given[0]["compression_level"] == {"id": 6, "samples.list.element": 6}
    w2s.filter(tmp_path / "in.parquet", tmp_path / "out.jsonl.gz", score="trust", top=5)
    assert (tmp_path / "out.jsonl.gz").read_bytes()[8] == 0  # 2 would be the slowest level


def test_thresholds_of_a_purity_may_be_outside_0_to_1(tmp_path: Path) -> None:
    scores = np.arange(1000) / 10
    table = pa.table({"trust": scores, "correct": (scores >= 50) | (np.arange(1000) % 2 == 0)})
    pq.write_table(table, tmp_path / "in.parquet")
    given: dict[str, Any] = {"score": "trust", "purity": 0.9, "gold": "correct", "explain": True}
    with raises_code("certify-score-not-probability") as caught:
        w2s.filter(tmp_path / "in.parquet", **given)
    assert "`grid`" in str(caught.value)
    summary = w2s.filter(tmp_path / "in.parquet", **given, grid=[0, 20, 40, 60, 80])
    assert summary["certificate"]["threshold"] == 60


def test_progress_is_logged_without_a_report(
    tmp_path: Path, table: pa.Table, caplog: pytest.LogCaptureFixture
) -> None:
    pq.write_table(table, tmp_path / "in.parquet")
    with caplog.at_level("DEBUG", logger="w2s"):
        w2s.filter(tmp_path / "in.parquet", tmp_path / "out.parquet", score="trust", top="10%")
    assert "opened 1 files with 1 partitions" in caplog.messages
    assert any(text.startswith("copying rows: 3,000 rows in") for text in caplog.messages)


@pytest.fixture
def nested(table: pa.Table) -> pa.Table:
    """The table with its score, language and cost inside a column ``meta``, of which some are null."""
    outer = pa.array(np.arange(table.num_rows) % 100 == 7)
    parts = [table.column(name).combine_chunks() for name in ("trust", "language", "cost")]
    deep = pa.StructArray.from_arrays(parts[:1], ["trust"])
    meta = pa.StructArray.from_arrays([deep, *parts[1:]], ["scores", "language", "cost"], mask=outer)
    return pa.table({"id": np.arange(table.num_rows), "meta": meta})


@pytest.mark.parametrize("ending", ["parquet", "arrow", "jsonl"])
def test_fields_of_nested_columns_are_scores_groups_and_costs(
    nested: pa.Table, table: pa.Table, tmp_path: Path, ending: str
) -> None:
    pq.write_table(nested, tmp_path / "in.parquet", row_group_size=700)
    source = tmp_path / f"in.{ending}"
    if ending != "parquet":
        w2s.filter(tmp_path / "in.parquet", source, random="100%")
    known = np.flatnonzero(np.arange(table.num_rows) % 100 != 7)
    flat = table.take(known)
    options: dict[str, Any] = {"score": "meta.scores.trust", "nulls": "drop"}
    w2s.filter(source, tmp_path / "by.parquet", top=20, by="meta.language", **options)
    rows = known[w2s.select(flat["trust"], top=20, by=flat["language"])]
    assert pq.read_table(tmp_path / "by.parquet").column("id").to_pylist() == rows.tolist()
    w2s.filter(source, tmp_path / "cost.parquet", budget=500, cost="meta.cost", **options)
    rows = known[w2s.select(flat["trust"], budget=500, cost=flat["cost"])]
    kept = pq.read_table(tmp_path / "cost.parquet")
    assert kept.column("id").to_pylist() == rows.tolist()
    assert kept.column_names == ["id", "meta"]


def test_a_column_with_a_dot_in_its_name_comes_before_a_field(tmp_path: Path) -> None:
    meta = pa.array([{"n": 0.0}, {"n": 1.0}])
    pq.write_table(pa.table({"meta": meta, "meta.n": [1.0, 0.0]}), tmp_path / "in.parquet")
    w2s.filter(tmp_path / "in.parquet", tmp_path / "out.parquet", score="meta.n", top=1)
    assert pq.read_table(tmp_path / "out.parquet").to_pylist() == [{"meta": {"n": 0.0}, "meta.n": 1.0}]
