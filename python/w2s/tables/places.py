"""Which files a user means: names, folders, globs, and what hive folders such as ``language=en`` say.

Knows nothing about what is in the files.
"""

from __future__ import annotations

import glob
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from w2s.errors import DataError, UsageError
from w2s.tables.formats import ENDINGS, format_of

_WILD = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Place:
    """A file, and the columns that its folders give to all its rows."""

    path: Path
    hive: tuple[tuple[str, str], ...] = ()


def find(inputs: Sequence[str]) -> list[Place]:
    """The files of the inputs, in the order given; those of a folder or a glob by name.

    Raises:
        UsageError: a file whose ending means no format.
        DataError: nothing is there.
    """
    places = [place for text in inputs for place in _of(text)]
    seen: set[Path] = set()
    for place in places:
        if place.path in seen:
            raise UsageError(f"{place.path} is named twice: its rows would count twice")
        seen.add(place.path)
    return places


def _of(text: str) -> list[Place]:
    path = Path(text)
    if path.is_dir():
        root, paths = path, [found for found in path.rglob("*") if _is_table(found, path)]
    elif _WILD & set(text) and not path.exists():
        root, paths = _fixed(path), [Path(found) for found in glob.glob(text, recursive=True)]  # noqa: PTH207 - a text may start anywhere
        paths = [found for found in paths if found.is_file()]
    elif path.is_file():
        root, paths = path.parent, [path]
    else:
        raise DataError(f"there is no file {text}: check the name, or quote a glob")
    if not paths:
        raise DataError(f"{text} holds no table: files that end in {ENDINGS} are read")
    for found in paths:
        if format_of(found) is None:
            raise UsageError(
                f"cannot read {found}: its ending means no format; rename it to end in {ENDINGS}"
            )
    return [Place(found, _hive(found, root)) for found in sorted(paths)]


def _is_table(path: Path, root: Path) -> bool:
    hidden = any(part.startswith((".", "_")) for part in path.relative_to(root).parts)
    return not hidden and format_of(path) is not None and path.is_file()


def _fixed(pattern: Path) -> Path:
    """The folders of a pattern before its first wild one."""
    parts = pattern.parts
    wild = next(i for i, part in enumerate(parts) if _WILD & set(part))
    return Path(*parts[:wild])


def _hive(path: Path, root: Path) -> tuple[tuple[str, str], ...]:
    folders = path.parent.relative_to(root).parts if path.is_relative_to(root) else path.parent.parts
    pairs = (folder.partition("=") for folder in folders)
    return tuple((name, value) for name, equals, value in pairs if equals and name)
