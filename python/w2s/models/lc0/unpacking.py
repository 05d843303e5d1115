"""The bytes of a weight file, unpacked where it is gzipped.

Knows nothing about what the bytes mean.
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from w2s.errors import DataError, ModelError

_LARGEST = 4 << 30
_GZIP = b"\x1f\x8b"


def unpack(path: Path) -> bytes:
    """The content of a file; one that begins as gzip does is unpacked, at most 4 GiB.

    Raises:
        ModelError: the file cannot be read.
        DataError: it is cut off or damaged.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == _GZIP
        with gzip.open(path, "rb") if packed else path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            "lc0-damaged-file", f"{path} is truncated or damaged ({error}); download it again"
        ) from None
    except OSError as error:
        raise ModelError(
            "lc0-unreadable", f"cannot read {path}: {error.strerror}; name a weights file, NAME.pb.gz"
        ) from None
    if len(content) > _LARGEST:
        raise DataError(
            "lc0-not-weights", f"{path} unpacks to more than {_LARGEST >> 30} GiB; it is not a weights file"
        )
    return content
