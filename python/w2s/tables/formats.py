"""What kind of table a file name means: the format and the compression, by its ending.

Knows nothing about what is in the files.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from w2s.errors import UsageError

Kind = Literal["parquet", "jsonl", "arrow", "csv"]
Wrapping = Literal["gzip", "zstd"]

_KINDS: dict[str, Kind] = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".arrow": "arrow",
    ".ipc": "arrow",
    ".feather": "arrow",
    ".csv": "csv",
}
_WRAPPINGS: dict[str, Wrapping] = {".gz": "gzip", ".zst": "zstd"}
_WRAPPED: tuple[Kind, ...] = ("jsonl", "csv")

ENDINGS = ".parquet, .jsonl, .jsonl.gz, .jsonl.zst, .arrow, .csv, .csv.gz or .csv.zst"


@dataclass(frozen=True, slots=True)
class Format:
    """How a table is written: its kind and, for lines of text, what they are wrapped in."""

    kind: Kind
    wrapping: Wrapping | None = None

    @property
    def ending(self) -> str:
        """The ending that means this format."""
        wrapped = {None: "", "gzip": ".gz", "zstd": ".zst"}[self.wrapping]
        return f".{self.kind}{wrapped}"


def format_of(path: Path | str) -> Format | None:
    """The format that an ending means, in either case; None where it means none."""
    endings = [ending.lower() for ending in Path(path).suffixes[-2:]]
    wrapping = _WRAPPINGS.get(endings[-1]) if endings else None
    if wrapping is not None:
        endings.pop()
    kind = _KINDS.get(endings[-1]) if endings else None
    if kind is None or (wrapping is not None and kind not in _WRAPPED):
        return None
    return Format(kind, wrapping)


def format_named(name: str) -> Format:
    """The format of a name such as ``jsonl`` or ``jsonl.zst``.

    Raises:
        UsageError: no format has that name.
    """
    found = format_of(f"x.{name.lstrip('.')}")
    if found is None:
        raise UsageError(f"no format is called {name!r}: give {ENDINGS}, without the dot")
    return found


def output_format(path: Path | str) -> Format:
    """The format in which a path is written.

    Raises:
        UsageError: its ending means none, or one that is only read.
    """
    found = format_of(path)
    if found is None or found.kind == "csv":
        why = "CSV is only read" if found else f"{Path(path).name!r} has no ending that means a format"
        raise UsageError(
            f"cannot write {path}: {why}; end it with .parquet, .jsonl, .jsonl.gz, .jsonl.zst or .arrow"
        )
    return found
