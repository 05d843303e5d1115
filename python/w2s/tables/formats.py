"""Formats of tables: the ending of a file name decides the format and the compression."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from w2s.errors import UsageError

Kind = Literal["parquet", "jsonl", "arrow", "csv"]
Compression = Literal["gzip", "zstd"]

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
_COMPRESSIONS: dict[str, Compression] = {".gz": "gzip", ".zst": "zstd"}
_COMPRESSIBLE: tuple[Kind, ...] = ("jsonl", "csv")

ENDINGS = ".parquet, .jsonl, .jsonl.gz, .jsonl.zst, .arrow, .csv, .csv.gz or .csv.zst"


@dataclass(frozen=True, slots=True)
class Format:
    """The kind of a table file and, for text formats, its compression."""

    kind: Kind
    compression: Compression | None = None

    @property
    def ending(self) -> str:
        """The ending of file names of this format."""
        wrapped = {None: "", "gzip": ".gz", "zstd": ".zst"}[self.compression]
        return f".{self.kind}{wrapped}"


def format_of(path: Path | str) -> Format | None:
    """The format of a file name, ignoring case; None if the ending is unknown."""
    endings = [ending.lower() for ending in Path(path).suffixes[-2:]]
    compression = _COMPRESSIONS.get(endings[-1]) if endings else None
    if compression is not None:
        endings.pop()
    kind = _KINDS.get(endings[-1]) if endings else None
    if kind is None or (compression is not None and kind not in _COMPRESSIBLE):
        return None
    return Format(kind, compression)


def format_named(name: str) -> Format:
    """The format with a name such as ``jsonl`` or ``jsonl.zst``.

    Raises:
        UsageError: no format has that name.
    """
    found = format_of(f"x.{name.lstrip('.')}")
    if found is None:
        raise UsageError("table-unknown-format", f"unknown format {name!r}; use {ENDINGS}, without the dot")
    return found


def output_format(path: Path | str) -> Format:
    """The format to write to a path.

    Raises:
        UsageError: the ending is unknown, or names a format that cannot be written.
    """
    found = format_of(path)
    if found is None or found.kind == "csv":
        why = (
            "CSV can be read but not written"
            if found
            else f"the ending of {Path(path).name!r} names no format"
        )
        raise UsageError(
            "table-csv-output" if found else "table-unknown-ending",
            f"cannot write {path}: {why}; use .parquet, .jsonl, .jsonl.gz, .jsonl.zst or .arrow",
        )
    return found
