"""Formats of tables: the ending of a file name decides the format and the compression."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pyarrow as pa

from w2s.errors import UsageError, suggest_name

STREAM = "-"
"""The name of standard input and standard output."""
Kind = Literal["parquet", "jsonl", "arrow", "csv"]
Compression = Literal["gzip", "zstd"]

_COMPRESSIONS: dict[str, Compression] = {".gz": "gzip", ".zst": "zstd"}
_CODEC = re.compile(r"([a-z0-9]+)(?::(-?\d{1,9}))?")
_CODECS: dict[Kind, tuple[str, ...]] = {
    "parquet": ("none", "snappy", "gzip", "lz4", "brotli", "zstd"),
    "arrow": ("none", "lz4", "zstd"),
    "jsonl": ("none", "gzip", "zstd"),
    "csv": ("none", "gzip", "zstd"),
}
"""How each kind of file can be compressed."""
_COMPRESSIBLE: tuple[Kind, ...] = ("jsonl", "csv")


@dataclass(frozen=True, slots=True)
class Codec:
    """How an output is compressed.

    Attributes:
        name: the codec, such as zstd; "none" for no compression.
        level: its level; None for the usual one.
    """

    name: str
    level: int | None = None


@dataclass(frozen=True, slots=True)
class Format:
    """The format of a table file.

    Attributes:
        kind: the kind of the file.
        compression: compression of a text format.
        delimiter: character between the values of CSV; None if the first line decides.
        is_stream: whether Arrow data has the form of a stream, without an index at its end.
        codec: how an output is compressed, if it was requested.
    """

    kind: Kind
    compression: Compression | None = None
    delimiter: str | None = None
    is_stream: bool = False
    codec: Codec | None = None

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


def parse_codec(text: str) -> Codec:
    """A codec from a text such as ``zstd`` or ``zstd:3``.

    Raises:
        UsageError: the codec is unknown, or has no such level.
    """
    found = _CODEC.fullmatch(text.strip().lower())
    name = found[1] if found else text
    if found is None or name not in _CODECS["parquet"]:
        raise UsageError(
            "filter-invalid-compression",
            f"`compression` is {text!r}; {suggest_name(name, _CODECS['parquet'])}; a level follows a colon, "
            "such as zstd:3",
        )
    if found[2] is None:
        return Codec(name)
    level = int(found[2])
    has_levels = name != "none" and pa.Codec.supports_compression_level(name)
    least, most = (
        (pa.Codec.minimum_compression_level(name), pa.Codec.maximum_compression_level(name))
        if has_levels
        else (1, 0)
    )
    if not least <= level <= most:
        allowed = f"give a level from {least} to {most}" if has_levels else "it has no levels"
        raise UsageError("filter-invalid-compression", f"`compression` is {text!r}; {name}: {allowed}")
    return Codec(name, level)


def with_codec(form: Format, codec: Codec | None, named: str | None) -> Format:
    """A format that is compressed with a codec.

    Args:
        form: the format.
        codec: the codec; None for the usual one.
        named: the file or the format as the user named it, if its compression is fixed.

    Raises:
        UsageError: the format cannot be compressed so, or ``named`` says something else.
    """
    if codec is None:
        return form
    known = _CODECS[form.kind]
    if codec.name not in known:
        raise UsageError(
            "filter-compression-mismatch",
            f"{form.ending} cannot be compressed with {codec.name}; use one of {', '.join(known)}",
        )
    if form.kind not in _COMPRESSIBLE:
        return replace(form, codec=codec)
    wanted = next((one for one in _COMPRESSIONS.values() if one == codec.name), None)
    if named is not None and form.compression != wanted:
        plain = replace(form, compression=wanted).ending
        raise UsageError(
            "filter-compression-mismatch",
            f"`compression` is {codec.name}, but {named} names another one; end it in {plain}",
        )
    return replace(form, compression=wanted, codec=codec)


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
