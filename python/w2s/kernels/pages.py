"""Pages of Parquet columns of texts: headers, and the texts of the rows that are kept.

The pages are already decompressed. Layouts: https://github.com/apache/parquet-format.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from w2s import _core
from w2s.kernels.arrays import Flags
from w2s.kernels.core_errors import core_errors

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int32]

PLAIN = 0
DICTIONARY = (2, 8)
"""Encodings of values that :func:`kept_texts` reads."""


class PageHeader(NamedTuple):
    """The header of a page.

    Attributes:
        kind: data, with levels before the values; data2, with separate, uncompressed levels; dictionary;
            other.
        header_bytes: bytes of the header.
        compressed_bytes: bytes of the page in the file, after the header.
        page_bytes: bytes of the page, decompressed.
        values: number of values, nulls included.
        encoding: encoding of the values.
        definition_bytes: bytes of the definition levels of data2.
        repetition_bytes: bytes of the repetition levels of data2.
        is_compressed: whether the values of data2 are compressed; true for the other kinds.
    """

    kind: Literal["data", "data2", "dictionary", "other"]
    header_bytes: int
    compressed_bytes: int
    page_bytes: int
    values: int
    encoding: int
    definition_bytes: int
    repetition_bytes: int
    is_compressed: bool


class Texts(NamedTuple):
    """n texts in Arrow's layout: n + 1 offsets, the bytes, and n bits that are clear where null."""

    offsets: Offsets
    data: Bytes
    valid: Bytes | None
    nulls: int


def page_header(data: Bytes, at: int) -> PageHeader | None:
    """The header at an offset; None where the bytes end before the header does.

    Raises:
        DataError: the bytes are not a page header.
    """
    with core_errors():
        found = _core.page_header(data, at)
    return None if found is None else PageHeader._make(found)


def kept_texts(
    levels: Bytes | None, page: Bytes, keep: Flags, dictionary: tuple[Offsets, Bytes] | None = None
) -> Texts:
    """The texts of the rows of a page that are kept.

    Args:
        levels: one-bit definition levels in runs; None where the column cannot be null.
        page: the values, plain, or places in the dictionary.
        keep: a flag for each row of the page.
        dictionary: offsets and texts.

    Raises:
        DataError: the page is damaged.
    """
    with core_errors():
        return Texts(*_core.kept_texts(levels, page, keep, dictionary))
