"""Where a filter writes: the options of the output, checked before anything is read."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from w2s.errors import UsageError
from w2s.locks import check_output, lock_output
from w2s.tables.addresses import open_storage, remote_address
from w2s.tables.formats import STREAM, Codec, Format, format_named, format_to_write, parse_codec, with_codec
from w2s.tables.remote_output import RemoteOutput
from w2s.tables.sinks import check_writable
from w2s.tables.source import Source


@dataclass(frozen=True)
class OutputSpec:
    """Where kept rows are written.

    Attributes:
        path: a file, or a folder of shards; None for standard output and remote outputs.
        format: the format; None for that of the input.
        shards: number of files in a folder; None for a single file.
        overwrite: whether an existing output is replaced.
        codec: how it is compressed; None for the usual way.
        remote: the output in a remote storage.
    """

    path: Path | None
    format: Format | None
    shards: int | None
    overwrite: bool
    codec: Codec | None = None
    remote: RemoteOutput | None = None

    @property
    def name(self) -> str:
        """The path, the address, or ``-``."""
        return str((self.remote.address if self.remote else self.path) or STREAM)

    def format_for(self, source: Source) -> Format:
        """The format to write; rows of CSV become JSON Lines by default.

        Raises:
            UsageError: the format of the source cannot be compressed as requested.
        """
        if self.format is not None:
            return self.format
        own = source.format if source.format.kind != "csv" else Format("jsonl", source.format.compression)
        return with_codec(own, self.codec, None)


def output_lock(output: OutputSpec | None) -> AbstractContextManager[None]:
    """Hold the output while it is made, see :func:`w2s.locks.lock_output`; standard output needs no lock."""
    if output is not None and output.remote is not None:
        return output.remote.lock()
    return nullcontext() if output is None or output.path is None else lock_output(output.path)


def parse_output(
    out: str | Path | None,
    output_format: str | None,
    shards: int | None,
    compression: str | None = None,
    *,
    overwrite: bool,
) -> OutputSpec | None:
    """Check the options of the output, before anything is read; None if nothing is written.

    Raises:
        UsageError: a format or a compression is unknown or cannot be written, or the shards have no folder.
        W2sError: nothing can be written there.
    """
    codec = None if compression is None else parse_codec(compression)
    wanted = None if output_format is None else format_named(output_format)
    if wanted is not None:
        wanted = with_codec(wanted, codec, output_format if wanted.compression else None)
    if shards is not None and shards < 1:
        raise UsageError("filter-invalid-shards", f"`shards` is {shards}; give at least 1")
    if out is None:
        return None
    text, choice = str(out), _FormatChoice(wanted, output_format, codec)
    if text == STREAM:
        if shards is not None:
            raise UsageError(
                "filter-shards-need-folder", "standard output cannot be split into `shards`; give a folder"
            )
        return OutputSpec(None, wanted, None, overwrite, codec)
    address = remote_address(text, is_output=True)
    if address is not None:
        is_file = "." in address.name and not text.endswith("/")
        form = _output_format(text, is_file, shards, choice)
        remote = RemoteOutput(open_storage(address), not is_file)
        return OutputSpec(None, form, None if is_file else shards or 1, overwrite, codec, remote)
    check_output(Path(text))
    path = Path(text).resolve() if Path(text).is_symlink() else Path(text)
    is_file = bool(path.suffix) and not path.is_dir() and not text.endswith("/")
    form = _output_format(text, is_file, shards, choice)
    check_writable(path)
    return OutputSpec(path, form, None if is_file else shards or 1, overwrite, codec)


@dataclass(frozen=True, slots=True)
class _FormatChoice:
    """What the user says of the format: the format with its codec, its name, and the codec."""

    format: Format | None
    name: str | None
    codec: Codec | None


def _output_format(text: str, is_file: bool, shards: int | None, choice: _FormatChoice) -> Format | None:
    """The format of an output: of a file, what its ending says; of a folder, what the user wants."""
    if not is_file:
        return choice.format
    if shards is not None:
        folder = text.removesuffix("".join(Path(text).suffixes[-1:]))
        raise UsageError(
            "filter-shards-need-folder",
            f"`shards` are written into a folder; use {folder}/ instead of {text}",
        )
    found = with_codec(format_to_write(text), choice.codec, Path(text).name)
    if choice.format not in {None, found}:
        raise UsageError(
            "filter-two-output-formats",
            f"`output_format` is {choice.name}, but {text} names another format; leave one of them out",
        )
    return found
