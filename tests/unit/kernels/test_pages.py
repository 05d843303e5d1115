"""Pages of Parquet columns: headers and kept texts; damaged bytes have a code."""

from __future__ import annotations

import numpy as np
import pytest

from tests.doubles.errors import raises_code
from w2s.errors import DataError
from w2s.kernels import pages

# A data page of 1000 bytes, 600 of them in the file, with 7 plain values.
HEADER = bytes(
    [0x15, 0, 0x15, 0xD0, 0x0F, 0x15, 0xB0, 0x09, 0x2C, 0x15, 0x0E, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0]
)
PAGE = b"\x02\0\0\0e4\x03\0\0\0Nf3"


def array(content: bytes) -> pages.Bytes:
    return np.frombuffer(content, np.uint8)


def test_header_is_read_at_an_offset() -> None:
    found = pages.page_header(array(b"??" + HEADER + b"rest"), 2)
    assert found is not None
    assert (found.kind, found.header_bytes, found.compressed_bytes) == ("data", len(HEADER), 600)
    assert (found.page_bytes, found.values, found.encoding) == (1000, 7, pages.PLAIN)


@pytest.mark.parametrize("end", range(len(HEADER)))
def test_truncated_header_is_none(end: int) -> None:
    assert pages.page_header(array(HEADER[:end]), 0) is None


def test_damaged_header_has_a_code() -> None:
    with raises_code("table-page-header-damaged", DataError):
        pages.page_header(array(b"\x15" + b"\xff" * 20), 0)


def test_only_kept_texts_are_copied() -> None:
    found = pages.kept_texts(None, array(PAGE), np.array([False, True]))
    assert (found.offsets.tolist(), found.data.tobytes(), found.valid, found.nulls) == (
        [0, 3],
        b"Nf3",
        None,
        0,
    )


def test_damaged_pages_have_a_code() -> None:
    keep = np.ones(2, bool)
    with raises_code("table-page-text-damaged", DataError) as caught:
        pages.kept_texts(None, array(PAGE[:-1]), keep)
    assert "value 1" in str(caught.value)
    with raises_code("table-page-runs-damaged", DataError):
        pages.kept_texts(array(b"\x09"), array(PAGE), keep)
    dictionary = (np.array([0, 2], np.int32), array(b"e4"))
    with raises_code("table-page-index-damaged", DataError):
        pages.kept_texts(None, array(bytes([1, 2 << 1, 1])), keep, dictionary)
