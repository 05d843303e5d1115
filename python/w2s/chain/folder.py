"""The folder of a chain: its configuration, its metrics, and the line that resumes it.

Knows nothing about rounds.
"""

from __future__ import annotations

import os
import platform
import shlex
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from w2s.chain.config import ChainConfig
from w2s.chain.steps import write_json
from w2s.config import changed_keys, read_toml
from w2s.errors import UsageError


class ChainFolder:
    """Paths of a run. ``run.toml`` is the resolved configuration, ``run.json`` says when and where it ran."""

    def __init__(self, path: Path) -> None:
        """Name the folder; nothing is created yet."""
        self.path = path
        self.config = path / "run.toml"
        self.metrics = path / "metrics.json"

    @property
    def resume_line(self) -> str:
        """The command that continues this run."""
        return f"w2s chain --resume {shlex.quote(str(self.path))}"

    def open(self, config: ChainConfig) -> None:
        """Create the folder for this configuration, or check that it holds the same.

        Raises:
            UsageError: it holds another, or cannot be written.
        """
        if self.config.exists():
            changed = changed_keys(read_toml(self.config), config.model_dump(mode="json", exclude_none=True))
            if changed and self._is_begun():
                raise UsageError(
                    "run-folder-other-configuration",
                    f"{self.path} holds a chain with another configuration: {'; '.join(changed)}; name "
                    "another --out, or resume it as it was",
                )
            if not changed:
                return
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            part = self.config.with_name(".run.toml.part")
            part.write_text(config.to_toml(), encoding="utf-8")
            part.replace(self.config)
            self._about(complete=False)
        except OSError as error:
            raise UsageError(
                "run-folder-not-writable",
                f"cannot write to {self.path}: {error.strerror}; name another --out",
            ) from None

    def _is_begun(self) -> bool:
        """Whether any step has written anything."""
        return any(path.is_file() for path in self.path.glob("*/**/*"))

    def write_metrics(self, metrics: dict[str, Any]) -> None:
        """Write ``metrics.json``; the same results give the same bytes."""
        write_json(self.metrics, metrics)

    def finish(self) -> None:
        """Mark the run as complete."""
        self._about(complete=True)

    def _about(self, *, complete: bool) -> None:
        facts = {
            "complete": complete,
            "w2s": version("w2s"),
            "python": sys.version.split()[0],
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
            "written": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "resume": self.resume_line,
        }
        write_json(self.path / "run.json", facts)
