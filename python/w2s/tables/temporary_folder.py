"""Temporary folders that disappear with the objects that use them."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import weakref
from pathlib import Path


class TemporaryFolder:
    """A folder that is removed by :meth:`remove`, or when nothing refers to this object any more.

    A forked child has the object too; only the process that made it removes the folder.

    Example:
        >>> folder = TemporaryFolder()
        >>> folder.make()
        >>> folder.remove()
        >>> folder.path.exists()
        False
    """

    def __init__(self) -> None:
        """Choose a name where ``TMPDIR`` says; nothing is made yet."""
        self.path = Path(tempfile.gettempdir()) / f"w2s-{secrets.token_hex(8)}"
        self._finalizer = weakref.finalize(self, _remove, self.path, os.getpid())

    def make(self) -> None:
        """Make the folder, for this user only, where it is missing."""
        self.path.mkdir(mode=0o700, exist_ok=True)

    def remove(self) -> None:
        """Remove the folder and all it holds."""
        self._finalizer()


def _remove(path: Path, process: int) -> None:
    if os.getpid() == process:
        shutil.rmtree(path, ignore_errors=True)
