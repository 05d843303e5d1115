"""Input files: names, folders and globs, and the columns of hive folders such as ``language=en``."""

from __future__ import annotations

import fnmatch
import glob
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa

from w2s.errors import DataError, UsageError
from w2s.tables.formats import ENDINGS, format_of
from w2s.tables.partition import Mask, Partition

_WILD = frozenset("*?[")
_REMOTE = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_DOWNLOADS = {
    "s3": "aws s3 cp {} -",
    "gs": "gcloud storage cat {}",
    "http": "curl -fL {}",
    "https": "curl -fL {}",
}
"""Commands that print a remote file, by the start of its address."""
_UPLOADS = {"s3": "aws s3 cp - {}", "gs": "gcloud storage cp - {}"}
"""Commands that write standard input to a remote file."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """An input file, and the columns that its folder names add to all its rows."""

    path: Path
    hive: tuple[tuple[str, str], ...] = ()


def find_inputs(inputs: Sequence[str]) -> list[InputFile]:
    """The input files in the order given; files of a folder or a glob sorted by name.

    Raises:
        UsageError: the ending of a file is unknown, or a file is given twice.
        DataError: a file does not exist, a folder cannot be read, or a file name is not UTF-8.
    """
    for text in inputs:
        check_local(text)
    try:
        files = [file for text in inputs for file in _files_of(text)]
    except PermissionError as error:
        raise DataError(
            "table-unreadable",
            f"cannot read {error.filename}: {error.strerror}; give yourself the right to read it",
        ) from None
    seen: set[Path] = set()
    for file in files:
        if any("\ud800" <= letter <= "\udfff" for letter in str(file.path)):
            raise DataError(
                "table-bad-name",
                f"the name {str(file.path)!a} is not UTF-8; rename it, or set LANG=C.UTF-8",
            )
        if file.path in seen:
            raise UsageError(
                "table-repeated-input", f"{file.path} is given twice; its rows would count twice"
            )
        seen.add(file.path)
    return files


def check_local(text: str, *, is_output: bool = False) -> None:
    """Refuse the address of a remote file.

    Raises:
        UsageError: the text begins like ``s3://``; the message has a command that copies the file.
    """
    found = _REMOTE.match(text)
    if found is None:
        return
    program = (_UPLOADS if is_output else _DOWNLOADS).get(found[1].lower(), "").format(text)
    if is_output:
        remedy = "write a local file and copy it"
        remedy += f", or pipe it: w2s filter … --out - | {program}" if program else ""
    else:
        remedy = "copy it first" + (f", or pipe it: {program} | w2s filter - …" if program else "")
    raise UsageError(
        "table-remote-path",
        f"{text} is a remote address, and w2s reads and writes local files only; {remedy}",
    )


def check_output_is_no_input(out: Path, inputs: Sequence[str], files: Sequence[InputFile]) -> None:
    """Refuse an output that would replace an input, or that the next run would read as an input.

    Args:
        out: the output file or folder, which may not exist yet.
        inputs: files, folders and globs as the user named them.
        files: the files that they are.

    Raises:
        UsageError: the output is an input, also through a link; holds one; or lies in an input folder or
            glob.
    """
    target = out.resolve()
    for file in files:
        if _is_same(out, file.path):
            raise UsageError(
                "output-is-input", f"the output {out} is also the input {file.path}; choose another `out`"
            )
        if out.is_dir() and file.path.resolve().is_relative_to(target):
            raise UsageError(
                "output-is-input",
                f"the output folder {out} holds the input {file.path}; choose another `out`",
            )
    for text in inputs:
        path = Path(text)
        inside = target.is_relative_to(path.resolve()) if path.is_dir() else _matches(out, text)
        if inside:
            raise UsageError(
                "output-in-input",
                f"the output {out} belongs to the input {text}, so the next run would read it; choose "
                "another `out`",
            )


def _is_same(out: Path, path: Path) -> bool:
    """Whether both are one file, also through links."""
    try:
        return out.samefile(path)
    except OSError:
        return out.resolve() == path.resolve()


def _matches(out: Path, pattern: str) -> bool:
    """Whether a glob finds a path; ``*`` does not cross folders, ``**`` does."""
    if not _WILD & set(pattern) or Path(pattern).exists():
        return False
    parts = Path(pattern).absolute().parts
    texts = [r"(?:[^/]+/)*" if part == "**" else _part(part) + "/" for part in parts]
    return re.fullmatch("".join(texts), "/".join(out.absolute().parts) + "/") is not None


def _part(pattern: str) -> str:
    """A regular expression for one part of a glob."""
    return fnmatch.translate(pattern).removesuffix(r"\Z").removesuffix(r"\z").replace(".*", "[^/]*")


def _files_of(text: str) -> list[InputFile]:
    path = Path(text)
    if path.is_dir():
        root, paths = path, [found for found in _walk(path) if _is_table_file(found, path)]
    elif _WILD & set(text) and not path.exists():
        root, paths = _fixed_part(path), [Path(found) for found in glob.glob(text, recursive=True)]  # noqa: PTH207 - a text may start anywhere
        paths = [found for found in paths if found.is_file()]
    elif path.is_file():
        root, paths = path.parent, [path]
    elif path.exists():
        raise DataError(
            "table-not-a-file",
            f"{text} is a pipe or a device, and w2s reads a file twice; give it as standard input: "
            f"w2s filter - … < {text}",
        )
    else:
        raise DataError("table-missing-file", f"{text} does not exist; check the name, or quote the glob")
    if not paths and path.is_dir():
        raise DataError(
            "table-no-files", f"the folder {text} holds no table; use files that end in {ENDINGS}"
        )
    if not paths:
        raise DataError("table-no-match", f"{text} matches no file; check the folder and the pattern")
    for found in paths:
        if format_of(found) is None:
            raise UsageError("table-unknown-ending", f"cannot read {found}: {_why_not(found)}")
    return [InputFile(found, _hive(found, root)) for found in sorted(paths)]


def _walk(folder: Path) -> Iterator[Path]:
    """Every file below a folder.

    Raises:
        PermissionError: a folder cannot be read; its rows would be missing.
    """

    def refuse(error: OSError) -> None:
        raise error

    for place, _, files in os.walk(folder, onerror=refuse):
        yield from (Path(place) / name for name in files)


def _why_not(path: Path) -> str:
    if path.suffix.lower() == ".json":
        return (
            "JSON files are not tables; write one object per line into a .jsonl file, for example "
            f"jq -c '.[]' {path.name} > {path.stem}.jsonl"
        )
    return f"its ending names no format; use {ENDINGS}"


def _is_table_file(path: Path, root: Path) -> bool:
    hidden = any(part.startswith((".", "_")) for part in path.relative_to(root).parts)
    return not hidden and format_of(path) is not None and path.is_file()


def _fixed_part(pattern: Path) -> Path:
    """The leading folders of a pattern that hold no wildcard."""
    parts = pattern.parts
    wild = next(i for i, part in enumerate(parts) if _WILD & set(part))
    return Path(*parts[:wild])


def _hive(path: Path, root: Path) -> tuple[tuple[str, str], ...]:
    folders = path.parent.relative_to(root).parts if path.is_relative_to(root) else path.parent.parts
    pairs = (folder.partition("=") for folder in folders)
    return tuple((name, value) for name, equals, value in pairs if equals and name)


_NULL = "__HIVE_DEFAULT_PARTITION__"
_INT32 = range(-(1 << 31), 1 << 31)


def hive_columns(files: Sequence[InputFile]) -> dict[str, pa.DataType]:
    """The columns in folder names: integers if every value is an integer, else text.

    Raises:
        DataError: some files are not in such folders.
    """
    names = [name for name, _ in files[0].hive]
    for file in files:
        if [name for name, _ in file.hive] != names:
            raise DataError(
                "table-hive-mismatch",
                f"{file.path} is not in folders {'/'.join(f'{name}=…' for name in names)}, unlike the "
                "other files",
            )
    values = {name: {dict(file.hive)[name] for file in files} - {_NULL} for name in names}
    return {name: _type(found) for name, found in values.items()}


def _type(values: set[str]) -> pa.DataType:
    try:
        fits = bool(values) and all(int(value) in _INT32 for value in values)
    except ValueError:
        fits = False
    return pa.int32() if fits else pa.string()


@dataclass(frozen=True)
class HivePartition:
    """A partition with the columns of its folder names after its own."""

    inner: Partition
    values: Mapping[str, str]
    types: Mapping[str, pa.DataType]

    @property
    def where(self) -> str:
        """The name in messages."""
        return self.inner.where

    @property
    def rows(self) -> int | None:
        """Number of rows."""
        return self.inner.rows

    @property
    def n_bytes(self) -> int:
        """Approximate bytes of all rows in memory."""
        return self.inner.n_bytes

    def row_name(self, row: int) -> str:
        """The name of a row in messages."""
        return self.inner.row_name(row)

    def row_counts(self) -> Iterator[int]:
        """Numbers of rows."""
        return self.inner.row_counts()

    @property
    def names(self) -> list[str]:
        """The columns of the folders."""
        return list(self.types)

    def read_columns(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """Every row, with only these columns."""
        own = [name for name in names if name not in self.types]
        return (self._with(table, names) for table in self.inner.read_columns(own))

    def masked_rows(self, mask: Mask, batch_bytes: int) -> Iterator[pa.Table]:
        """Every column of the rows under a mask."""
        return (self._with(table, None) for table in self.inner.masked_rows(mask, batch_bytes))

    def with_columns(self, names: Sequence[str]) -> HivePartition:
        """The same rows without other columns; of those of the folders, only these."""
        own = [name for name in names if name not in self.types]
        types = {name: kind for name, kind in self.types.items() if name in names}
        return replace(self, inner=self.inner.with_columns(own), types=types)

    def _with(self, table: pa.Table, names: Sequence[str] | None) -> pa.Table:
        rows = table.num_rows
        for name, kind in self.types.items():
            if names is None or name in names:
                text = unquote(self.values[name])
                value = None if text == _NULL else int(text) if pa.types.is_integer(kind) else text
                table = table.append_column(pa.field(name, kind), pa.repeat(pa.scalar(value, kind), rows))
        return table if names is None else table.select(list(names))
