"""Input files: names, folders and globs, and the columns of hive folders such as ``language=en``."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa

from w2s.errors import DataError, UsageError
from w2s.tables.addresses import Address, open_storage, remote_address
from w2s.tables.formats import ENDINGS, format_of
from w2s.tables.globs import WILD, fixed_parts, matches_glob
from w2s.tables.mirror import Mirror
from w2s.tables.partition import Mask, Partition
from w2s.tables.temporary_folder import TemporaryFolder


@dataclass(frozen=True, slots=True)
class InputFile:
    """An input file, and the columns that its folder names add to all its rows.

    Attributes:
        path: the file; of a remote file, its mirror.
        hive: names and values of the columns.
        mirror: the mirror of a remote file.
    """

    path: Path
    hive: tuple[tuple[str, str], ...] = ()
    mirror: Mirror | None = None

    @property
    def name(self) -> str:
        """The absolute path, or the address."""
        return str(self.path.resolve()) if self.mirror is None else str(self.mirror.address)

    def whole(self) -> Path:
        """The file, of which every byte is here."""
        if self.mirror is not None:
            self.mirror.fetch_all()
        return self.path


def find_inputs(inputs: Sequence[str]) -> list[InputFile]:
    """The input files in the order given; files of a folder or a glob sorted by name.

    Raises:
        UsageError: the ending of a file is unknown, or a file is given twice.
        DataError: a file does not exist, a folder cannot be read, or a file name is not UTF-8.
    """
    folder = TemporaryFolder()
    try:
        files = [file for text in inputs for file in _files_of(text, folder)]
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


def remote_file(text: str) -> InputFile | None:
    """The remote file with an address, all of it fetched; None if the text is a local path.

    Raises:
        DataError: the address names no file, or several.
    """
    address = remote_address(text)
    if address is None:
        return None
    storage = open_storage(address)
    info = None if address.is_pattern else storage.info()
    if info is None:
        raise DataError("table-missing-file", f"{address} does not exist; check the name")
    file = InputFile((mirror := Mirror(storage, info, TemporaryFolder())).path, (), mirror)
    file.whole()
    return file


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


def check_remote_output(out: Address, inputs: Sequence[str], files: Sequence[InputFile]) -> None:
    """Refuse a remote output that would replace an input, or that the next run would read as an input.

    Raises:
        UsageError: the output is an input, holds one, or lies in an input folder or glob.
    """
    for file in files:
        if file.mirror is None or file.mirror.address.scheme != out.scheme:
            continue
        path = file.mirror.address.path
        if path == out.path or path.startswith(f"{out.path}/"):
            raise UsageError(
                "output-is-input", f"the output {out} is or holds the input {file.name}; choose another `out`"
            )
    for text in inputs:
        address = remote_address(text)
        if address is None or address.scheme != out.scheme:
            continue
        parts, pattern = out.path.split("/"), address.path.split("/")
        inside = matches_glob(parts, pattern) if address.is_pattern else parts[: len(pattern)] == pattern
        if inside:
            raise UsageError(
                "output-in-input",
                f"the output {out} belongs to the input {address}, so the next run would read it; choose "
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
    if not WILD & set(pattern) or Path(pattern).exists():
        return False
    return matches_glob(out.absolute().parts, Path(pattern).absolute().parts)


def _files_of(text: str, folder: TemporaryFolder) -> list[InputFile]:
    address = remote_address(text)
    if address is not None:
        return _remote_files(address, folder)
    path = Path(text)
    if path.is_dir():
        root, paths = path, [found for found in _walk(path) if _is_table_file(found, path)]
    elif WILD & set(text) and not path.exists():
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


def _remote_files(address: Address, folder: TemporaryFolder) -> list[InputFile]:
    storage = open_storage(address)
    found = storage.list()
    is_file = address in found
    names = address.path.split("/")
    root = names[: fixed_parts(names)] if address.is_pattern else names[:-1] if is_file else names
    tables = {
        one: info
        for one, info in found.items()
        if is_file or (_is_visible(one.path.split("/")[len(root) :]) and format_of(one.name) is not None)
    }
    if not tables:
        what = "matches no table" if address.is_pattern else "does not exist, or holds no table"
        raise DataError("table-missing-file", f"{address} {what}; check the name; tables end in {ENDINGS}")
    if is_file and format_of(address.name) is None:
        raise UsageError("table-unknown-ending", f"cannot read {address}: {_why_not(Path(address.name))}")
    return [
        InputFile(mirror.path, _hive_of(mirror.address.path.split("/")[len(root) : -1]), mirror)
        for mirror in (Mirror(storage.at(one), info, folder) for one, info in tables.items())
    ]


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
    return _is_visible(path.relative_to(root).parts) and format_of(path) is not None and path.is_file()


def _is_visible(parts: Sequence[str]) -> bool:
    """Whether no folder and no file of a path is hidden, as ``_SUCCESS`` is."""
    return not any(part.startswith((".", "_")) for part in parts)


def _fixed_part(pattern: Path) -> Path:
    """The leading folders of a pattern that hold no wildcard."""
    return Path(*pattern.parts[: fixed_parts(pattern.parts)])


def _hive(path: Path, root: Path) -> tuple[tuple[str, str], ...]:
    folders = path.parent.relative_to(root).parts if path.is_relative_to(root) else path.parent.parts
    return _hive_of(folders)


def _hive_of(folders: Sequence[str]) -> tuple[tuple[str, str], ...]:
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
