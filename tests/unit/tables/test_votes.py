"""``w2s trust votes``: tables of votes in, labels with their trust out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import w2s
from tests.doubles.errors import raises_code
from w2s.cli.app import run
from w2s.tables.votes import aggregate_vote_files

COLUMNS = {"item": "id", "worker": "model", "vote": "label"}


def votes() -> pa.Table:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 200)
    rows = []
    for item in range(200):
        for worker, skill in enumerate([0.9, 0.8, 0.6]):
            vote = truth[item] if rng.random() < skill else rng.integers(0, 3)
            rows.append(
                {
                    "id": f"q{item}",
                    "model": f"m{worker}",
                    "label": "ABC"[vote] if item % 7 or worker else None,
                }
            )
    return pa.Table.from_pylist(rows)


@pytest.mark.parametrize("method", ["majority", "dawid-skene", "one-coin", "glad", "mace", "zero-based"])
def test_labels_are_those_of_the_crowd(tmp_path: Path, method: str) -> None:
    table = votes()
    pq.write_table(table, tmp_path / "votes.parquet", row_group_size=100)
    summary = aggregate_vote_files(
        [str(tmp_path / "votes.parquet")], str(tmp_path / "out.parquet"), method=method, **COLUMNS
    )
    found = pq.read_table(tmp_path / "out.parquet")
    expected = w2s.aggregate_votes(table["id"], table["model"], table["label"], method=method)
    assert found.column("id").to_pylist() == expected.items.tolist()
    assert found.column("label").to_pylist() == expected.labels.tolist()
    assert found.column("trust").to_pylist() == expected.trust.tolist()
    assert (summary["votes"], summary["items"], summary["workers"]) == (600, 200, 3)


def test_ids_keep_their_type(tmp_path: Path) -> None:
    table = pa.table(
        {"id": pa.array([5, 5, 7], pa.int16()), "model": ["a", "b", "a"], "label": [True, True, False]}
    )
    pq.write_table(table, tmp_path / "v.parquet")
    aggregate_vote_files(
        [str(tmp_path / "v.parquet")], str(tmp_path / "o.parquet"), method="majority", **COLUMNS
    )
    assert pq.read_table(tmp_path / "o.parquet").select(["id", "label"]).to_pylist() == [
        {"id": 5, "label": True},
        {"id": 7, "label": False},
    ]
    assert pq.read_schema(tmp_path / "o.parquet").field("id").type == pa.int16()


def test_the_command_writes_labels_and_workers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "votes.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in votes().to_pylist()))
    words = "trust votes {} --item id --worker model --vote label --out {} --workers-out {} --json"
    outs = [str(tmp_path / "labels.jsonl"), str(tmp_path / "workers.parquet")]
    assert run(words.format(path, *outs).split()) == 0
    assert json.loads(capsys.readouterr().out)["converged"]
    skills = pq.read_table(outs[1]).to_pylist()
    assert [row["worker"] for row in skills] == ["m0", "m1", "m2"]
    assert skills[0]["skill"] > skills[2]["skill"]
    assert run(words.format(path, *outs).split()) == 2
    assert "[output-exists]" in capsys.readouterr().err


def refused(folder: Path, table: pa.Table, code: str, fact: str = "", **options: Any) -> None:
    pq.write_table(table, folder / "v.parquet")
    with raises_code(code) as caught:
        aggregate_vote_files([str(folder / "v.parquet")], str(folder / "o.parquet"), **(COLUMNS | options))
    assert fact in str(caught.value)
    assert not (folder / "o.parquet").exists()


def test_votes_that_cannot_be_used(tmp_path: Path) -> None:
    table = votes()
    refused(tmp_path, table, "table-unknown-column", "did you mean model", worker="modl")
    refused(tmp_path, table, "votes-same-column", worker="id")
    refused(tmp_path, table, "votes-unknown-method", method="guess")
    refused(
        tmp_path,
        pa.concat_tables([table, table.slice(4, 1)]),
        "votes-repeated",
        "'m1' voted 2 times on id 'q1'",
    )
    missing = pa.table({"id": ["a", None], "model": ["x", "y"], "label": ["A", "B"]})
    refused(tmp_path, missing, "votes-null-id", "row 1 is null")


def test_outputs_of_votes_replace_no_input_and_not_each_other(tmp_path: Path) -> None:
    table = votes()
    source = tmp_path / "v.parquet"
    refused_paths = [
        ("output-is-input", {"out": source}),
        ("output-is-input", {"workers_out": source}),
        ("votes-same-output", {"workers_out": tmp_path / "o.parquet"}),
    ]
    pq.write_table(table, source)
    before = source.read_bytes()
    for code, paths in refused_paths:
        given = {"out": tmp_path / "o.parquet"} | paths
        with raises_code(code):
            aggregate_vote_files(
                [str(source)], overwrite=True, **COLUMNS, **{name: str(path) for name, path in given.items()}
            )
    assert source.read_bytes() == before
    assert not (tmp_path / "o.parquet").exists()


def test_votes_with_times_in_nanoseconds(tmp_path: Path) -> None:
    times = pa.array([1, 1, 2_001], pa.timestamp("ns"))
    table = pa.table({"id": times, "model": ["x", "y", "x"], "label": ["a", "a", "b"]})
    pq.write_table(table, tmp_path / "v.parquet")
    out = tmp_path / "new" / "o.parquet"
    aggregate_vote_files([str(tmp_path / "v.parquet")], str(out), method="majority", **COLUMNS)
    assert pq.read_table(out)["id"].combine_chunks().equals(times[1:])
    refused(tmp_path, pa.concat_tables([table, table]), "votes-repeated", "1970-01-01T00:00:00.000000001")
