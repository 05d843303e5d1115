"""Filters of remote files: the same bytes as of local ones, and only what is needed is fetched."""

from __future__ import annotations

import json
import os
import random
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

import w2s
from tests.doubles.errors import raises_code
from tests.doubles.storages import BUCKET, FileServer, S3Server, file_server, s3_server
from tests.unit.tables.conftest import everything
from w2s.errors import DataError

pytest.importorskip("moto", reason="the server of S3 is not installed")
ROWS = 3_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3") / "log") as running:
        yield running


@pytest.fixture
def s3(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    server.clear()
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return server


@pytest.fixture
def web() -> Iterator[FileServer]:
    with file_server() as running:
        yield running


def shards(folder: Path, ending: str = ".parquet", files: int = 3) -> list[Path]:
    """Files of a table; the scores have ties."""
    folder.mkdir(parents=True, exist_ok=True)
    table = everything(ROWS)
    if ending != ".parquet":
        table = table.select(["id", "trust", "other", "word", "cost"])
    paths = []
    for number in range(files):
        part = table.slice(number * ROWS // files, ROWS // files)
        path = folder / f"{number}.parquet"
        pq.write_table(part, path, row_group_size=400)
        if ending != ".parquet":
            w2s.filter(path, folder / f"{number}{ending}", score="trust", top="100%")
            path.unlink()
            (folder / f"{number}{ending}.w2s.json").unlink()
        paths.append(folder / f"{number}{ending}")
    return paths


def upload(s3: S3Server, paths: list[Path], prefix: str = "shards/") -> None:
    for path in paths:
        s3.put(f"{prefix}{path.name}", path.read_bytes())


@pytest.mark.parametrize("ending", [".parquet", ".jsonl", ".jsonl.gz", ".csv", ".arrow"])
def test_a_remote_folder_gives_the_same_bytes_as_a_local_one(
    s3: S3Server, tmp_path: Path, ending: str
) -> None:
    upload(s3, shards(tmp_path / "shards", ending))
    out = f"kept{ending}"
    local = w2s.filter(tmp_path / "shards", tmp_path / out, score="trust", top="10%")
    found = w2s.filter("s3://bucket/shards/", f"s3://bucket/{out}", score="trust", top="10%")
    assert s3.get(out) == (tmp_path / out).read_bytes()
    assert found["threshold"] == local["threshold"]
    assert found["out"] == f"s3://bucket/{out}"
    mixed = w2s.filter(f"s3://bucket/shards/*{ending}", tmp_path / f"down{ending}", score="trust", top="10%")
    assert mixed["rows_kept"] == ROWS // 10
    assert (tmp_path / f"down{ending}").read_bytes() == (tmp_path / out).read_bytes()


def test_shards_are_uploaded_with_a_record_that_marks_them(s3: S3Server, tmp_path: Path) -> None:
    upload(s3, shards(tmp_path / "shards"))
    w2s.filter(tmp_path / "shards", tmp_path / "kept", score="trust", top=500, shards=3)
    w2s.filter("s3://bucket/shards", "s3://bucket/kept/", score="trust", top=500, shards=3)
    names = [path.name for path in sorted((tmp_path / "kept").iterdir())]
    assert s3.keys("kept/") == [f"kept/{name}" for name in names]
    for name in names:
        if name != "_w2s.json":
            assert s3.get(f"kept/{name}") == (tmp_path / "kept" / name).read_bytes()
    record = json.loads(s3.get("kept/_w2s.json"))
    assert record["summary"]["rows_kept"] == 500


def test_the_same_filter_is_not_repeated_and_another_is_refused(s3: S3Server, tmp_path: Path) -> None:
    upload(s3, shards(tmp_path / "shards"))
    given, out = "s3://bucket/shards/", "s3://bucket/kept/"
    first = w2s.filter(given, out, score="trust", top=100)
    assert w2s.filter(given, out, score="trust", top=100)["done_before"]
    with raises_code("output-exists", says="s3://bucket/kept"):
        w2s.filter(given, out, score="trust", top=200)
    w2s.filter(given, out, score="trust", top=200, shards=2, overwrite=True)
    w2s.filter(given, out, score="trust", top=100, overwrite=True)
    left = [key for key in s3.keys("kept/") if key != "kept/"]  # a removal leaves a mark of the folder
    assert left == ["kept/_w2s.json", "kept/part-00000.parquet"]
    assert w2s.filter(given, out, score="trust", top=100)["threshold"] == first["threshold"]
    s3.put("kept/notes.txt", b"mine")
    with raises_code("output-holds-other-files", says="notes.txt"):
        w2s.filter(given, out, score="trust", top=300, overwrite=True)
    assert s3.get("kept/notes.txt") == b"mine"


def test_an_output_with_the_record_of_a_local_filter_is_refused(s3: S3Server, tmp_path: Path) -> None:
    upload(s3, shards(tmp_path / "shards"))
    w2s.filter(tmp_path / "shards", tmp_path / "kept.parquet", score="trust", top=100)
    upload(s3, [tmp_path / "kept.parquet", tmp_path / "kept.parquet.w2s.json"], "")
    with raises_code("output-exists", says="s3://bucket/kept.parquet"):
        w2s.filter("s3://bucket/shards/", "s3://bucket/kept.parquet", score="trust", top=100)
    assert s3.get("kept.parquet") == (tmp_path / "kept.parquet").read_bytes()


def test_hive_folders_give_columns(s3: S3Server, tmp_path: Path) -> None:
    for number, path in enumerate(shards(tmp_path / "shards")):
        s3.put(f"data/year=202{number}/{path.name}", path.read_bytes())
    w2s.filter("s3://bucket/data/", tmp_path / "kept.parquet", score="trust", top=1, by="year")
    assert pq.read_table(tmp_path / "kept.parquet").column("year").to_pylist() == [2020, 2021, 2022]


@pytest.mark.parametrize(
    ("given", "out", "code"),
    [
        ("s3://bucket/shards/", "s3://bucket/shards/kept.parquet", "output-in-input"),
        ("s3://bucket/shards/*.parquet", "s3://bucket/shards/kept.parquet", "output-in-input"),
        ("s3://bucket/shards/0.parquet", "s3://bucket/shards/0.parquet", "output-is-input"),
        ("s3://bucket/shards/", "s3://bucket/shards/", "output-is-input"),
        ("s3://bucket/none/", "kept.parquet", "table-missing-file"),
        ("s3://bucket/shards/*.csv", "kept.parquet", "table-missing-file"),
        ("s3://missing/a.parquet", "kept.parquet", "table-missing-file"),
        ("s3://bucket/shards/", "https://host/kept.parquet", "table-read-only-address"),
        ("az://box/a.parquet", "kept.parquet", "table-storage-not-installed"),
    ],
)
def test_bad_places_are_refused(s3: S3Server, tmp_path: Path, given: str, out: str, code: str) -> None:
    upload(s3, shards(tmp_path / "shards"))
    before = s3.keys()
    target = out if "://" in out else tmp_path / out
    with raises_code(code, says=given.rstrip("/") if code.startswith("table-m") else ""):
        w2s.filter(given, target, score="trust", top=10)
    assert s3.keys() == before
    assert not (tmp_path / "kept.parquet").exists()


def test_messages_name_the_address_and_no_temporary_file(s3: S3Server, tmp_path: Path) -> None:
    table = pa.table({"id": [1, 2], "trust": [0.5, None]})
    pq.write_table(table, tmp_path / "nulls.parquet")
    s3.put("in/nulls.parquet", (tmp_path / "nulls.parquet").read_bytes())
    with pytest.raises(DataError, match=r"s3://bucket/in/nulls\.parquet, row group 0") as caught:
        w2s.filter("s3://bucket/in/", tmp_path / "out.parquet", score="trust", top=1)
    assert "w2s-" not in str(caught.value)
    s3.put("in/nulls.parquet", b"PAR1 damaged PAR1")
    with pytest.raises(DataError, match=r"s3://bucket/in/nulls\.parquet"):
        w2s.filter("s3://bucket/in/", tmp_path / "out.parquet", score="trust", top=1)


def test_only_the_score_and_the_groups_with_kept_rows_are_fetched(web: FileServer, tmp_path: Path) -> None:
    rows, groups = 40_000, 8
    rng = np.random.default_rng(0)
    trust = np.concatenate([rng.random(rows * 7 // 8), rng.random(rows // 8) + 2])
    texts = pa.array([rng.bytes(300).hex() for _ in range(rows)])
    pq.write_table(
        pa.table({"text": texts, "trust": trust}), tmp_path / "in.parquet", row_group_size=rows // groups
    )
    web.files["/in.parquet"] = (tmp_path / "in.parquet").read_bytes()
    w2s.filter(tmp_path / "in.parquet", tmp_path / "local.parquet", score="trust", top="10%")
    w2s.filter(f"{web.url}/in.parquet", tmp_path / "out.parquet", score="trust", top="10%")
    assert (tmp_path / "out.parquet").read_bytes() == (tmp_path / "local.parquet").read_bytes()
    fetched = sum(end - begin for _, begin, end in web.ranges)
    assert fetched < len(web.files["/in.parquet"]) / 4
    assert len(web.ranges) < 3 * groups


def test_a_dataset_of_the_hub_is_read(
    web: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "ENDPOINT", web.url)
    template = f"{web.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    for path in shards(tmp_path / "shards"):
        web.files[f"/owner/name/data/{path.name}"] = path.read_bytes()
    w2s.filter(tmp_path / "shards", tmp_path / "local.parquet", score="trust", top="10%")
    given = "hf://datasets/owner/name/data/*.parquet"
    w2s.filter(given, tmp_path / "out.parquet", score="trust", top="10%")
    assert (tmp_path / "out.parquet").read_bytes() == (tmp_path / "local.parquet").read_bytes()


def test_a_refused_signature_is_not_shown(web: FileServer, tmp_path: Path) -> None:
    web.files["/in.parquet"] = shards(tmp_path / "shards")[0].read_bytes()
    web.token = "X-Signature=right"
    good = w2s.filter(f"{web.url}/in.parquet?X-Signature=right", tmp_path / "a.parquet", score="trust", top=3)
    assert good["rows_kept"] == 3
    assert "right" not in (tmp_path / "a.parquet.w2s.json").read_text()
    with raises_code("table-remote-error", says="in.parquet") as caught:
        w2s.filter(f"{web.url}/in.parquet?X-Signature=secret", tmp_path / "b.parquet", score="trust", top=3)
    assert "secret" not in str(caught.value)


def test_labels_and_examples_are_read_from_a_storage(s3: S3Server) -> None:
    from w2s.assets import arenas_folder
    from w2s.tasks import read_examples

    place = arenas_folder() / "puzzles" / "connect_four.parquet"
    s3.put("puzzles/connect_four.parquet", place.read_bytes())
    found = read_examples("s3://bucket/puzzles/connect_four.parquet", game="connect_four")
    wanted = read_examples(place, game="connect_four")
    assert [(one.id, one.gold) for one in found] == [(one.id, one.gold) for one in wanted]
    with raises_code("table-missing-file", says="s3://bucket/puzzles/none.parquet"):
        read_examples("s3://bucket/puzzles/none.parquet")


MOMENTS = int(os.environ.get("W2S_REMOTE_KILLS", "5"))


@pytest.mark.slow
def test_a_killed_filter_ends_with_the_same_bytes_and_no_other_object(s3: S3Server, tmp_path: Path) -> None:
    upload(s3, shards(tmp_path / "shards"))
    code = (
        "import w2s; w2s.filter('s3://bucket/shards/', 's3://bucket/kept/', score='trust', top='10%', "
        "shards=3)"
    )
    command = [sys.executable, "-c", code]
    began = time.monotonic()
    subprocess.run(command, check=True, timeout=120)
    seconds = time.monotonic() - began
    wanted = {key: s3.get(key) for key in s3.keys("kept/")}
    draw = random.Random(0)
    for moment in range(MOMENTS):
        for key in s3.keys("kept/"):
            s3.client.delete_object(Bucket=BUCKET, Key=key)
        process = subprocess.Popen(command)
        time.sleep(seconds * draw.uniform(0.3, 1.0))
        process.send_signal(signal.SIGKILL)
        process.wait()
        subprocess.run(command, check=True, timeout=120)
        assert {key: s3.get(key) for key in s3.keys("kept/")} == wanted, f"moment {moment}"
