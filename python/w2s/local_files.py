"""Whole files that a user names: regular files only, so that reading ends, and up to a bound."""

from __future__ import annotations

import errno
import stat
from pathlib import Path
from typing import BinaryIO


def open_file(path: Path) -> BinaryIO:
    """A regular file, opened for reading.

    Raises:
        OSError: it cannot be opened, or it is a pipe, a socket or a device, which may never end.
    """
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise OSError(errno.EINVAL, "it is a pipe, a socket or a device, not a file")
    return path.open("rb")


def read_file(path: Path, most: int | None = None) -> bytes:
    """The content of a regular file.

    Args:
        path: the file.
        most: the largest size in bytes that is read; None for any.

    Raises:
        OSError: it cannot be read, is not a regular file, or is larger.
    """
    with open_file(path) as file:
        if most is not None and path.stat().st_size > most:
            raise OSError(errno.EFBIG, f"it is larger than {most >> 20} MiB")
        return file.read()
