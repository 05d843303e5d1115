"""The folder of a run: what it was configured with, what is finished, and how to resume it.

Knows nothing about matches.
"""

from __future__ import annotations

import json
import os
import platform
import shlex
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from w2s.arena.spec import ArenaSpec
from w2s.config import changed_keys, read_toml
from w2s.errors import UsageError

Description = dict[str, Any]


class RunFolder:
    """Paths of a run, and its ``run.toml`` and ``run.json``.

    ``run.toml`` is the resolved configuration; ``run.json`` holds its digest, the digest of the openings,
    versions, machine, times, how to resume and, at the end, that it is complete.
    """

    def __init__(self, path: Path) -> None:
        """Name the folder; nothing is created yet."""
        self.path = path
        self.journal = path / "journal.jsonl"
        self.labels = path / "labels.parquet"
        self.ratings = path / "ratings.json"
        self.config = path / "run.toml"
        self._about = path / "run.json"

    @property
    def resume_line(self) -> str:
        """The command that continues this run."""
        return f"w2s arena --resume {shlex.quote(str(self.path))}"

    def open(self, spec: ArenaSpec, openings_digest: str) -> None:
        """Create the folder for this configuration, or check that it is the one that the folder holds.

        Raises:
            UsageError: the folder holds another run, or cannot be written; the message names what changed.
        """
        if self.config.exists():
            self._check_same(spec, openings_digest)
            return
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._write_about({"digest": spec.digest(), "openings": openings_digest, "complete": False})
            write_whole(self.config, lambda path: path.write_text(spec.to_toml(), encoding="utf-8"))
        except OSError as error:
            raise UsageError(
                "run-folder-not-writable",
                f"cannot write to {self.path}: {error.strerror}; name another --out",
            ) from None

    def about(self) -> Description:
        """What ``run.json`` says, empty where it is missing."""
        try:
            found: Description = json.loads(self._about.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found

    def is_complete(self) -> bool:
        """Whether the run finished and its files are there."""
        return bool(self.about().get("complete")) and self.labels.exists() and self.ratings.exists()

    def finish(self, facts: Description) -> None:
        """Mark the run as complete, with facts for people to read."""
        self._write_about({**self.about(), **facts, "complete": True})

    def _check_same(self, spec: ArenaSpec, openings_digest: str) -> None:
        old, new = read_toml(self.config), spec.model_dump(mode="json", exclude_none=True)
        changed = changed_keys(old, new)
        if not changed and self.about().get("openings", openings_digest) != openings_digest:
            changed = ["the openings file"]
        if changed:
            raise UsageError(
                "run-folder-other-configuration",
                f"{self.path} holds a run with another configuration: {'; '.join(changed)};"
                " name another --out, or resume it as it was",
            )

    def _write_about(self, facts: Description) -> None:
        about = {
            **facts,
            "w2s": version("w2s"),
            "python": sys.version.split()[0],
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
            "written": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "resume": self.resume_line,
        }
        write_whole(
            self._about, lambda path: path.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
        )


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a file beside ``path``, then rename it: no reader ever sees half a file."""
    beside = path.with_name(f".{path.name}.part")
    try:
        write(beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
