"""One writer at a time: a lock for each output, which the operating system releases when its process ends."""

from __future__ import annotations

import errno
import json
import os
import platform
import re
import stat
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from w2s.errors import UsageError, W2sError
from w2s.files import remove_parts, restore

LOCK = ".lock"
"""The lock in a folder that is filled in place."""
_LONGEST_ADDITION = len("..4194304-abcdef.part")
"""Bytes by which hidden names next to an output are longer than the name of the output."""
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:/", re.IGNORECASE)
_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}
"""Error numbers of file systems without locks."""


@contextmanager
def lock_output(out: Path) -> Iterator[None]:
    """Hold an output, so that no other process writes it, and remove the partial files of killed processes.

    The lock is a hidden file next to ``out``. It is removed at the end; after a kill, the next process takes
    it over. On a file system without locks nothing is held. Missing parent folders are made, and removed at
    the end if they are still empty.

    Args:
        out: the file or the folder that will be written.

    Raises:
        UsageError: another process holds the output, or it cannot be an output.
        W2sError: the lock or a parent folder cannot be made.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder, lock_output(Path(folder) / "kept.parquet"):
        ...     pass
    """
    check_output(out)
    path = out.with_name(f".{out.name}.lock")
    missing = [parent for parent in out.parents if not parent.exists()]
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        handle = _acquire(path, out)
    except OSError as error:
        _remove_empty(missing)
        raise W2sError(
            "output-not-writable", f"cannot write {out}: {error.strerror}; choose another place"
        ) from None
    try:
        restore(out)
        yield
    finally:
        _release(handle, path)
        _remove_empty(missing)


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Hold a folder that is filled in place, as :func:`lock_output` holds an output that is replaced.

    The folder is made if it is missing, and removed at the end if it is still empty.

    Raises:
        UsageError: another process holds the folder.
        OSError: the folder cannot be made.
    """
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / LOCK
    try:
        handle = _acquire(path, folder)
        try:
            remove_parts(folder)
            yield
        finally:
            _release(handle, path)
    finally:
        _remove_empty(missing)


def _remove_empty(folders: Iterable[Path]) -> None:
    """Remove folders, the innermost first, up to the first that holds something."""
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return


def check_output(out: Path) -> None:
    """Refuse a path that an output cannot have.

    Raises:
        UsageError: the path is the address of a remote file, has no name or a name that is too long, is a
            device, a pipe or a socket, or is a link that leads to itself.
    """
    if _ADDRESS.match(str(out)):
        raise UsageError(
            "output-remote",
            f"the output {out} is the address of a remote file; write a local file and copy it",
        )
    if "\0" in str(out):
        raise UsageError(
            "output-bad-name", f"the output {str(out)!r} contains a NUL character; write another name"
        )
    if out.name in {"", ".."}:
        raise UsageError(
            "output-bad-name",
            f"the output {str(out)!r} has no name; add the name of a file or folder",
        )
    if len(os.fsencode(out.name)) + _LONGEST_ADDITION > _longest_name(out):
        raise UsageError(
            "output-name-too-long",
            f"the name of the output {out.name[:40]}… has {len(out.name)} characters; choose a shorter one",
        )
    try:
        mode = out.stat().st_mode
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UsageError(
                "output-bad-name", f"the output {out} is a link that leads to itself; choose another name"
            ) from None
        return
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise UsageError(
            "output-not-a-file",
            f"the output {out} is a device, a pipe or a socket; choose a file, or - for standard output",
        )


def _longest_name(out: Path) -> int:
    folder = next((place for place in out.absolute().parents if place.is_dir()), Path("/"))
    try:
        return os.pathconf(folder, "PC_NAME_MAX") if hasattr(os, "pathconf") else 255
    except (OSError, ValueError):
        return 255


def _acquire(path: Path, out: Path) -> int | None:
    """An open and locked file; None if the file system has no locks."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _lock(handle)
        except OSError as error:
            holder = _holder(handle)
            os.close(handle)
            if error.errno in _NO_LOCKS:
                path.unlink(missing_ok=True)
                return None
            raise UsageError(
                "output-locked", f"{out} is in use by {holder}; wait until it ends, or choose another output"
            ) from None
        if not _is_same_file(handle, path):
            os.close(handle)  # its holder has just removed it
            continue
        try:
            os.truncate(handle, 0)
            os.write(handle, json.dumps(_about()).encode())
        except OSError:  # the disk is full
            _release(handle, path)
            raise
        return handle


def _release(handle: int | None, path: Path) -> None:
    if handle is None:
        return
    if os.name != "nt":
        path.unlink(missing_ok=True)
        os.close(handle)
        return
    os.close(handle)
    try:
        path.unlink(missing_ok=True)
    except PermissionError:
        return  # another process has opened it


def _is_same_file(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _about() -> dict[str, object]:
    return {
        "process": os.getpid(),
        "machine": platform.node(),
        "since": time.strftime("%Y-%m-%d %H:%M:%S"),
    }


def _holder(handle: int) -> str:
    """The process that holds a lock, in words."""
    try:
        about = json.loads(os.pread(handle, 1000, 0)) if hasattr(os, "pread") else {}
        machine = "" if about["machine"] == platform.node() else f" on {about['machine']}"
        return f"process {about['process']}{machine} since {about['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        os.lseek(handle, 1 << 20, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        os.lseek(handle, 0, os.SEEK_SET)

else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
