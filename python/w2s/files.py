"""Atomic and durable writes: hidden parts, synced before they get their names; and whole regular files.

Only this module gives a file or a folder its final name. It does not know what is written.

The order is always the same: the data is synced, then the name appears, then the folder is synced. So a
reader, a kill and a power cut find the old output or the new one, and never a half.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import shutil
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any

from w2s.errors import UsageError

_tokens: dict[int, str] = {}


def part_path(path: Path) -> Path:
    """The hidden name next to ``path`` under which this process writes it until it is complete."""
    return path.with_name(f".{path.name}.{_token()}.part")


def _token() -> str:
    """A text that no other process has, a forked child or a process of another machine included."""
    process = os.getpid()
    if process not in _tokens:
        _tokens.clear()
        _tokens[process] = f"{process}-{secrets.token_hex(3)}"
    return _tokens[process]


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Give the hidden path to write to; publish it as ``path`` at the end, or remove it after an exception.

    An existing file is replaced.
    """
    part = part_path(path)
    try:
        yield part
        publish(part, path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def partial_output(path: Path, *, folder: bool = False) -> Iterator[Path]:
    """Give an empty hidden file or folder next to ``path``; it is removed at the end, unless published."""
    part = part_path(path)
    remove(part)
    if folder:
        part.mkdir()
    else:
        part.touch()
    try:
        yield part
    finally:
        remove(part)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file atomically."""
    with atomic_file(path) as part:
        part.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 file atomically."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: object, *, indent: int = 1) -> None:
    """Write a JSON file atomically; NaN and infinities are refused.

    Raises:
        ValueError: ``value`` holds a number that JSON does not have.
    """
    write_text(path, json.dumps(value, indent=indent, allow_nan=False) + "\n")


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in a JSON file; None if the file is missing, damaged or holds something else."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def publish(part: Path, out: Path) -> None:
    """Sync a finished file or folder and give it its final name; an existing output is replaced.

    A folder cannot replace a folder that holds files, so the old one is moved aside first. If the process is
    killed in between, :func:`restore` brings the old one back.
    """
    sync(part)
    if part.is_dir() and out.exists():
        old = _aside(out)
        remove(old)
        out.rename(old)
        part.rename(out)
        sync_folder(out.parent)
        remove(old)
    else:
        part.replace(out)
        sync_folder(out.parent)


def restore(out: Path) -> None:
    """Remove what killed processes left next to ``out``; an old output that was moved aside comes back.

    Only the process that holds the lock of ``out`` may call this, see :mod:`w2s.locks`.
    """
    old = _aside(out)
    if old.exists() and not out.exists():
        old.rename(out)
    remove(old)
    for part in _parts(out.parent, f".{out.name}.*.part"):
        remove(part)


def refuse_other_files(folder: Path, ours: Collection[str]) -> None:
    """Refuse to replace a folder that holds other files than ours; a missing folder is empty.

    Args:
        folder: the output.
        ours: the names of files that may be replaced.

    Raises:
        UsageError: names what the folder holds, or the output is a file.
    """
    if not folder.is_dir():
        if folder.exists():
            raise UsageError("output-not-a-folder", f"the output {folder} is a file; choose another name")
        return
    others = sorted(path.name for path in folder.iterdir() if path.name not in ours)
    if others:
        more = f" and {len(others) - 1} more" if others[1:] else ""
        raise UsageError(
            "output-holds-other-files",
            f"{folder} holds {others[0]}{more}, which w2s did not write; move it away, or choose another "
            "output",
        )


def remove_parts(folder: Path) -> None:
    """Remove the hidden parts that killed processes left anywhere in a folder."""
    for place, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            if name.startswith(".") and name.endswith(".part"):
                remove(Path(place) / name)


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that it holds; a missing one is ignored."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Sync a file, or the files and folders of a folder, to the disk."""
    if not path.is_dir():
        _sync_file(path)
        return
    for place, _, files in os.walk(path):
        for name in files:
            _sync_file(Path(place) / name)
        sync_folder(Path(place))


def sync_folder(folder: Path) -> None:
    """Sync the names in a folder to the disk, if the file system can."""
    if os.name == "nt":
        return  # Windows has no handle of a folder to sync
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:
        return
    finally:
        os.close(handle)


def _aside(out: Path) -> Path:
    return out.with_name(f".{out.name}.old")


def _parts(folder: Path, pattern: str) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.match(pattern)) if folder.is_dir() else []


def _sync_file(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())


# Reading ----------------------------------------------------------------------------------------------------


def open_regular_file(path: Path) -> BufferedReader:
    """A regular file, opened for reading.

    Raises:
        OSError: it cannot be opened, or it is a pipe, a socket or a device, which may never end.
    """
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise OSError(errno.EINVAL, "it is a pipe, a socket or a device, not a file")
    return path.open("rb")


def file_digest(path: Path) -> str:
    """SHA-256 of the content of a regular file, as hexadecimal digits.

    Raises:
        OSError: it cannot be opened or read.
    """
    with open_regular_file(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_whole_file(path: Path, most: int | None = None) -> bytes:
    """The content of a regular file.

    Args:
        path: the file.
        most: the largest size in bytes that is read; None for any.

    Raises:
        OSError: it cannot be read, is not a regular file, or is larger.
    """
    with open_regular_file(path) as file:
        if most is not None and path.stat().st_size > most:
            raise OSError(errno.EFBIG, f"it is larger than {most >> 20} MiB")
        return file.read()
