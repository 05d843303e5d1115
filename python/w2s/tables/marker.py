"""Marks an output as finished, so that a rerun does nothing, and says what made it.

Knows nothing about rules. The marker is written before the output gets its name, and knows the output by its
size and time: killed in between, the filter is simply run again.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from w2s.errors import UsageError
from w2s.tables.request import Request
from w2s.tables.source import Source


def digest(source: Source, request: Request, **more: Any) -> str:
    """What identifies a filter: its inputs as they lie there, its options and its outputs."""
    content = [source.stamps, source.format.ending, repr(request), sorted(more.items())]
    return hashlib.sha256(json.dumps(content, default=str).encode()).hexdigest()


def marker_path(out: Path) -> Path:
    """Beside a file; in a folder, under a name that readers of folders skip."""
    return out / "_w2s.json" if _is_folder(out) else out.with_name(f"{out.name}.w2s.json")


def _is_folder(out: Path) -> bool:
    return out.is_dir() or not out.suffix


def finished(out: Path, identity: str, *, overwrite: bool) -> dict[str, Any] | None:
    """The summary of the same filter where it is finished; None where there is work to do.

    Raises:
        UsageError: the output is there and was made otherwise.
    """
    if not out.exists():
        return None
    found = _read(marker_path(out))
    if found is not None and found.get("digest") == identity and found.get("output") == stamp(out):
        summary: dict[str, Any] = found["summary"]
        return summary
    if overwrite:
        return None
    how = "by another filter, or from files that have changed since" if found else "by something else"
    raise UsageError(f"{out} is there already, made {how}: give --overwrite, or another name")


def stamp(out: Path) -> list[list[Any]]:
    """Name, bytes and time of change of the files of an output."""
    if not out.is_dir():
        return [["", *_of(out)]]
    return [[path.name, *_of(path)] for path in sorted(out.iterdir()) if not path.name.startswith("_")]


def _of(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_size, found.st_mtime_ns]


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def publish(part: Path, out: Path, identity: str, summary: dict[str, Any]) -> None:
    """Give a finished output its name, all at once."""
    content = {"digest": identity, "output": stamp(part), "summary": summary}
    text = json.dumps(content, indent=2, default=str, allow_nan=False) + "\n"
    if part.is_dir():
        _write(part / "_w2s.json", text)
        _swap_folder(part, out)
    else:
        _write(marker_path(out), text)
        part.replace(out)
    _sync_folder(out.parent)


def _write(path: Path, text: str) -> None:
    new = path.with_name(f".{path.name}.part")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def _swap_folder(part: Path, out: Path) -> None:
    """A folder cannot replace one that is not empty: the old one steps aside first."""
    if out.exists():
        old = out.with_name(f".{out.name}.old")
        remove(old)
        out.rename(old)
        part.rename(out)
        remove(old)
    else:
        part.rename(out)


def remove(path: Path) -> None:
    """A file, or a folder of files; nothing where there is none."""
    if path.is_dir():
        for inner in path.iterdir():
            inner.unlink()
        path.rmdir()
    else:
        path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder or ".", os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:
        return  # not every file system can
    finally:
        os.close(handle)
