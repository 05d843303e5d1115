"""Formats of tables: the ending of a file name decides the format and the compression."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from w2s.errors import UsageError

STREAM = "-"
"""The name of standard input and standard output."""
Kind = Literal["parquet", "jsonl", "arrow", "csv"]
Compression = Literal["gzip", "zstd"]

_COMPRESSIONS: dict[str, Compression] = {".gz": "gzip", ".zst": "zstd"}
_COMPRESSIBLE: tuple[Kind, ...] = ("jsonl", "csv")


@dataclass(frozen=True, slots=True)
class Format:
    """The format of a table file.

    Attributes:
        kind: the kind of the file.
        compression: compression of a text format.
        delimiter: character between the values of CSV; None if the first line decides.
        is_stream: whether Arrow data has the form of a stream, without an index at its end.
    """

    kind: Kind
    compression: Compression | None = None
    delimiter: str | None = None
    is_stream: bool = False

    @property
    def ending(self) -> str:
        """The ending of file names of this format."""
        name = ".tsv" if self.delimiter == "\t" else ".arrows" if self.is_stream else f".{self.kind}"
        return name + {None: "", "gzip": ".gz", "zstd": ".zst"}[self.compression]


_FORMATS = {
    ".parquet": Format("parquet"),
    ".pq": Format("parquet"),
    ".jsonl": Format("jsonl"),
    ".ndjson": Format("jsonl"),
    ".arrow": Format("arrow"),
    ".arrows": Format("arrow", is_stream=True),
    ".ipc": Format("arrow"),
    ".feather": Format("arrow"),
    ".csv": Format("csv"),
    ".tsv": Format("csv", delimiter="\t"),
}

ENDINGS = f"{', '.join(_FORMATS)}; .jsonl, .ndjson, .csv and .tsv also with .gz or .zst"
"""Every ending that is read and written, for messages."""


def format_of(path: Path | str) -> Format | None:
    """The format of a file name, ignoring case; None if the ending is unknown."""
    endings = [ending.lower() for ending in Path(path).suffixes[-2:]]
    compression = _COMPRESSIONS.get(endings[-1]) if endings else None
    if compression is not None:
        endings.pop()
    found = _FORMATS.get(endings[-1]) if endings else None
    if found is None or (compression is not None and found.kind not in _COMPRESSIBLE):
        return None
    return replace(found, compression=compression)


def format_named(name: str) -> Format:
    """The format with a name such as ``jsonl`` or ``jsonl.zst``.

    Raises:
        UsageError: no format has that name.
    """
    found = format_of(f"x.{name.lstrip('.')}")
    if found is None:
        raise UsageError("table-unknown-format", f"unknown format {name!r}; use one of {ENDINGS}")
    return found


def format_to_write(path: Path | str) -> Format:
    """The format to write to a path.

    Raises:
        UsageError: the ending is unknown.
    """
    found = format_of(path)
    if found is None:
        raise UsageError(
            "table-unknown-ending",
            f"cannot write {path}: the ending of {Path(path).name!r} names no format; use {ENDINGS}",
        )
    return found
