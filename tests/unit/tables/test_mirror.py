"""Mirrors hold the bytes that were fetched, fetch each byte once, and give space back."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import numpy as np
import pyarrow.fs as pafs
import pytest

from tests.doubles.errors import raises_code
from w2s.tables.addresses import STORAGES, Address, Storage, remote_address
from w2s.tables.mirror import Mirror, remote_names
from w2s.tables.temporary_folder import TemporaryFolder

SIZE = 9 << 20


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    path = tmp_path / "remote.bin"
    path.write_bytes(np.random.default_rng(0).bytes(SIZE))
    return path


def mirror_of(path: Path) -> Mirror:
    files = pafs.LocalFileSystem()
    storage = Storage(Address("s3", "bucket/remote.bin"), files, str(path), STORAGES["s3"][1])
    info = storage.info()
    assert info is not None
    return Mirror(storage, info, TemporaryFolder())


def test_fetched_ranges_equal_the_file_and_are_fetched_once(remote: Path) -> None:
    data, mirror, draw = remote.read_bytes(), mirror_of(remote), random.Random(0)
    have = np.zeros(SIZE, bool)
    for _ in range(40):
        ranges = [
            (begin := draw.randrange(SIZE), min(SIZE, begin + draw.randrange(200_000))) for _ in range(3)
        ]
        mirror.fetch(ranges)
        with mirror.path.open("rb") as file:
            for begin, end in ranges:
                file.seek(begin)
                assert file.read(end - begin) == data[begin:end]
                have[begin:end] = True
    assert have.sum() <= mirror.fetched_bytes <= SIZE
    mirror.fetch_all()
    assert mirror.path.read_bytes() == data
    assert mirror.fetched_bytes == SIZE


def test_only_the_ranges_are_fetched(remote: Path) -> None:
    mirror = mirror_of(remote)
    mirror.fetch([(10, 20), (5 << 20, (5 << 20) + 100)])
    assert mirror.fetched_bytes == 110
    assert mirror.path.stat().st_size == SIZE
    mirror.fetch([(0, 10), (20, 1000)])  # close: the bytes between are here already
    assert mirror.fetched_bytes == 1100


def test_dropped_ranges_give_space_back_and_are_fetched_again(remote: Path) -> None:
    mirror = mirror_of(remote)
    mirror.fetch_all()
    full = mirror.path.stat().st_blocks
    mirror.drop([(1, SIZE - 1)])
    if mirror.path.stat().st_blocks == full:
        pytest.skip("this file system keeps no holes")
    assert mirror.path.stat().st_blocks < full / 100
    mirror.fetch([(4096, 3 << 20)])
    with mirror.path.open("rb") as file:
        file.seek(4096)
        assert file.read(1 << 20) == remote.read_bytes()[4096 : 4096 + (1 << 20)]


def test_threads_share_what_is_fetched(remote: Path) -> None:
    mirror = mirror_of(remote)
    threads = [threading.Thread(target=mirror.fetch_all) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert mirror.fetched_bytes == SIZE
    assert mirror.path.read_bytes() == remote.read_bytes()


def test_a_file_that_shrank_or_changed_is_refused(remote: Path) -> None:
    mirror = mirror_of(remote)
    remote.write_bytes(b"short")
    with raises_code("table-remote-short", says="s3://bucket/remote.bin"), remote_names():
        mirror.fetch_all()
    with raises_code("table-changed", says="s3://bucket/remote.bin"):
        mirror.check_unchanged()


def test_the_copy_goes_with_the_mirror(remote: Path) -> None:
    mirror = mirror_of(remote)
    mirror.fetch_all()
    path = mirror.path
    assert path.exists()
    del mirror
    assert not path.exists()


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("ftp://host/a.parquet", "table-unknown-address", "s3://"),
        ("s3://user:secret@bucket/a.parquet", "table-password-in-address", "environment"),
        ("s3://", "table-empty-address", "bucket"),
    ],
)
def test_bad_addresses_are_refused_without_their_secrets(text: str, code: str, said: str) -> None:
    with raises_code(code, says=said) as caught:
        remote_address(text)
    assert "secret" not in str(caught.value)


def test_the_signature_of_a_web_address_is_never_shown() -> None:
    address = remote_address("https://host/a.parquet?X-Signature=secret")
    assert str(address) == "https://host/a.parquet"
    assert "secret" not in repr(address)
