"""Digests, finished steps and run folders: how a killed command continues."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import platform
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from w2s.config import Config, changed_keys, read_toml
from w2s.errors import UsageError
from w2s.files import read_json, remove, write_json, write_text
from w2s.locks import LOCK, lock_folder

Facts = Mapping[str, Any]
"""JSON values that a step reports, by name."""


def digest(value: object) -> str:
    """16 hexadecimal digits that identify a JSON value; the order of keys does not matter.

    Example:
        >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
        True
    """
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


# Finished steps ---------------------------------------------------------------------------------------------


_CHECK = "check"
"""The key of the digest of everything else in a record, so that a damaged record is noticed."""


@dataclass(frozen=True)
class Record:
    """What a finished step was made of, and what it reported.

    Attributes:
        inputs: the digest of each input, by name.
        facts: what the step reported.

    Example:
        >>> record = Record.of({"rows": [1, 2]}, {"loss": 0.5})
        >>> record.changed({"rows": [1, 3]})
        ['rows']
    """

    inputs: Mapping[str, str]
    facts: Facts = field(default_factory=dict)

    @classmethod
    def of(cls, inputs: Mapping[str, object], facts: Facts | None = None) -> Record:
        """A record of inputs that are JSON values."""
        return cls({name: digest(value) for name, value in inputs.items()}, facts or {})

    @property
    def digest(self) -> str:
        """The identity of the step: later steps take it as an input."""
        return digest(dict(self.inputs))

    def changed(self, inputs: Mapping[str, object]) -> list[str]:
        """Names of the inputs that differ from these, sorted; empty where the step is the same."""
        wanted = Record.of(inputs).inputs
        names = self.inputs.keys() | wanted.keys()
        return sorted(name for name in names if self.inputs.get(name) != wanted.get(name))

    def to_json(self) -> dict[str, Any]:
        """The facts, and the inputs under ``inputs``."""
        return {**self.facts, "inputs": dict(self.inputs)}

    def to_text(self) -> str:
        """The record as one line of JSON, which :meth:`parse` reads; it fits into the metadata of a table."""
        return json.dumps(self._checked(), allow_nan=False)

    def _checked(self) -> dict[str, Any]:
        found = self.to_json()
        return {**found, _CHECK: digest(found)}

    def write(self, path: Path) -> None:
        """Write the record; its presence says that the step is finished, so it is written last."""
        write_json(path, self._checked())

    @classmethod
    def read(cls, path: Path) -> Record | None:
        """The record in a file; None if the file is missing, damaged or not a record."""
        return cls._from_json(read_json(path))

    @classmethod
    def parse(cls, text: str | bytes) -> Record | None:
        """The record in a text; None if it is damaged or not a record.

        Example:
            >>> Record.parse(Record({"rows": "a1"}).to_text())
            Record(inputs={'rows': 'a1'}, facts={})
        """
        try:
            return cls._from_json(json.loads(text))
        except (ValueError, RecursionError):
            return None

    @classmethod
    def _from_json(cls, found: Any) -> Record | None:
        if not isinstance(found, dict):
            return None
        check = found.pop(_CHECK, None)
        if check is not None and check != digest(found):
            return None
        inputs = found.pop("inputs", None)
        return cls(inputs, found) if isinstance(inputs, dict) else None


STEP = "step.json"
"""The record in the folder of a step."""


def cached_step(folder: Path, inputs: Mapping[str, object], work: Callable[[], Facts]) -> Record:
    """Do the work, unless the folder holds its result for the same inputs.

    A killed step has no record: its work is done again and may use what it finds in the folder. The result
    of other inputs is removed first.

    Args:
        folder: the folder of the step; it is made where it is missing.
        inputs: everything that decides the result, as JSON values by name.
        work: writes files into the folder and returns what to report.

    Returns:
        The record of the step, new or old.
    """
    found = Record.read(folder / STEP)
    if found is not None and not found.changed(inputs):
        return found
    if found is not None:
        remove(folder)
    folder.mkdir(parents=True, exist_ok=True)
    record = Record.of(inputs, work())
    record.write(folder / STEP)
    return record


# Run folders ------------------------------------------------------------------------------------------------


_CONFIGURATION = "configuration"


def _run_record(config: Config, inputs: Mapping[str, object] | None) -> Record:
    """The record of a run: its inputs, and its configuration, so that an edited ``run.toml`` is noticed."""
    return Record.of({**(inputs or {}), _CONFIGURATION: config.digest()})


class RunFolder:
    """A folder with ``run.toml``, the resolved configuration, and ``run.json``, its state.

    ``run.json`` holds the digests of the inputs, versions, machine, time, the command that resumes the run
    and whether it is complete.

    Attributes:
        path: the folder.
        config: the path of ``run.toml``.
        resume_line: the command that continues the run.
    """

    def __init__(self, path: Path, command: str) -> None:
        """Name the folder and the command, for example ``"arena"``; nothing is created yet."""
        self.path = path
        self.config = path / "run.toml"
        self.resume_line = f"w2s {command} --resume {shlex.quote(str(path))}"
        self._state = path / "run.json"
        self._command = command

    def check(self, config: Config, inputs: Mapping[str, object] | None = None) -> bool:
        """Refuse a folder that :meth:`open` would refuse, without writing anything.

        A folder in which no work has been saved takes another configuration.

        Args:
            config: the configuration of the run.
            inputs: what else decides its results, as JSON values by name.

        Returns:
            Whether the folder already holds this run.

        Raises:
            UsageError: the folder holds another run, or cannot be written.
        """
        changed: list[str] | None = None
        if self.config.exists():
            changed = self._changed(config, _run_record(config, inputs))
            if changed and self._has_work():
                raise UsageError(
                    "run-folder-other-configuration",
                    f"{self.path} holds a run of w2s {self._command} with another configuration: "
                    f"{'; '.join(changed)}; name another --out, or resume it as it was",
                )
        place = next(place for place in (self.path, *self.path.absolute().parents) if place.exists())
        if not place.is_dir():
            raise self._not_writable(f"{place} is not a folder")
        if not os.access(place, os.W_OK) and changed != []:
            raise self._not_writable(os.strerror(errno.EACCES))
        return changed == []

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder, so that no other process works in it, see :func:`w2s.locks.lock_folder`.

        Raises:
            UsageError: another process holds the folder, or it cannot be written.
        """
        with ExitStack() as stack:
            try:
                stack.enter_context(lock_folder(self.path))
            except OSError as error:
                raise self._not_writable(str(error.strerror)) from None
            yield

    def open(self, config: Config, inputs: Mapping[str, object] | None = None) -> None:
        """Create the folder, or check that it holds a run of the same configuration and inputs.

        Args and errors are those of :meth:`check`.
        """
        if self.check(config, inputs):
            return
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._write_state({**_run_record(config, inputs).to_json(), "complete": False})
            write_text(self.config, config.to_toml())
        except OSError as error:
            raise self._not_writable(str(error.strerror)) from None

    def state(self) -> dict[str, Any]:
        """What ``run.json`` says; empty where it is missing or damaged."""
        return read_json(self._state) or {}

    def is_complete(self) -> bool:
        """Whether the run was finished."""
        return bool(self.state().get("complete"))

    def finish(self, facts: Facts | None = None) -> None:
        """Mark the run as complete, and add facts to ``run.json``."""
        self._write_state({**self.state(), **(facts or {}), "complete": True})

    def clean(self) -> None:
        """Remove the lock of a process that was killed after it had finished the run."""
        if (self.path / LOCK).exists():
            with suppress(UsageError), self.lock():
                pass

    def _not_writable(self, reason: str) -> UsageError:
        return UsageError(
            "run-folder-not-writable", f"cannot write to {self.path}: {reason}; name another --out"
        )

    def _changed(self, config: Config, wanted: Record) -> list[str]:
        changed = changed_keys(read_toml(self.config), config.model_dump(mode="json", exclude_none=True))
        found = Record.read(self._state)
        if found is not None and not changed:
            changed = [
                f"the {name}"
                for name, value in wanted.inputs.items()
                if found.inputs.get(name, value if name == _CONFIGURATION else None) != value
            ]
        return changed

    def _has_work(self) -> bool:
        own = {self.config, self._state, self.path / LOCK}
        files = (path for path in self.path.rglob("*") if path not in own and path.is_file())
        return any(path.stat().st_size for path in files)

    def _write_state(self, state: Facts) -> None:
        about = {
            **state,
            "w2s": version("w2s"),
            "python": sys.version.split()[0],
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
            "written": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "resume": self.resume_line,
        }
        write_json(self._state, about, indent=2)
