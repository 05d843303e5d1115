"""Addresses of remote files, such as ``s3://bucket/key``: the storage behind them, and the files they name.

Credentials come from the environment, as the libraries of each storage read them; none is printed or saved.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from w2s.errors import DataError, MissingExtraError, UsageError
from w2s.tables.globs import WILD, fixed_parts, matches_glob
from w2s.tables.partition import reason_of

_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*)://(.*)", re.IGNORECASE | re.DOTALL)
_WEB = ("http", "https")


@dataclass(frozen=True)
class Address:
    """A place in a remote storage.

    Attributes:
        scheme: kind of the storage, in lower case.
        path: bucket and key, or host and path; without leading and trailing slashes.
        query: what follows ``?`` in the address of a web file; it may hold a signature and is never shown.
    """

    scheme: str
    path: str
    query: str = field(default="", repr=False)

    def __str__(self) -> str:
        """The address as messages and records show it."""
        return f"{self.scheme}://{self.path}"

    @property
    def name(self) -> str:
        """What follows the last slash."""
        return self.path.rpartition("/")[2]

    @property
    def is_pattern(self) -> bool:
        """Whether the address is a glob."""
        return self.scheme not in _WEB and bool(WILD & set(self.path))

    def child(self, name: str) -> Address:
        """An address below this one."""
        return Address(self.scheme, f"{self.path}/{name}")

    def sibling(self, name: str) -> Address:
        """An address with another last part."""
        return Address(self.scheme, "/".join([*self.path.split("/")[:-1], name]))


@dataclass(frozen=True, slots=True)
class RemoteInfo:
    """The state of a remote file: bytes, and nanoseconds since 1970 of its last change (0 if unknown)."""

    size: int
    time: int


def remote_address(text: str, *, is_output: bool = False) -> Address | None:
    """The address in a text; None if it is a local path.

    Args:
        text: a path or an address.
        is_output: whether something will be written there.

    Raises:
        UsageError: the storage is unknown, the address holds a password, or it cannot be written.

    Example:
        >>> remote_address("s3://bucket/shards/")
        Address(scheme='s3', path='bucket/shards')
        >>> remote_address("shards/")
    """
    found = _ADDRESS.fullmatch(text)
    if found is None:
        return None
    scheme, rest = found[1].lower(), found[2]
    if scheme not in STORAGES:
        known = ", ".join(f"{name}://" for name in STORAGES)
        raise UsageError(
            "table-unknown-address",
            f"{scheme}:// is not a storage that w2s knows; use {known} or a local path",
        )
    path, _, query = rest.partition("?") if scheme in _WEB else (rest, "", "")
    host = path.partition("/")[0]
    if "@" in host and scheme != "abfss":
        raise UsageError(
            "table-password-in-address",
            f"the {scheme}:// address names a user or a password; give them in the environment instead",
        )
    if not path.strip("/"):
        raise UsageError("table-empty-address", f"{scheme}:// names no file; add a bucket and a path")
    if is_output and scheme in _WEB:
        raise UsageError(
            "table-read-only-address",
            f"{scheme}:// can be read but not written; choose s3://, gs://, az://, hf:// or a local file",
        )
    return Address(scheme, path.strip("/"), query)


Opener = Callable[[Address], Any]
"""Gives the storage of an address as a file system of pyarrow."""
RangeReader = Callable[[int, int], bytes]
"""Reads a range of a file: a number of bytes, from a place on."""


def _arrow_ranges(files: Any, path: str) -> RangeReader:
    file = files.open_input_file(path)

    def read(size: int, at: int) -> bytes:
        return bytes(file.read_at(size, at))

    return read


def _web_ranges(files: Any, path: str) -> RangeReader:
    storage = files.handler.fs
    return lambda size, at: bytes(storage.cat_file(path, start=at, end=at + size))


def _hub_ranges(files: Any, path: str) -> RangeReader:
    storage = files.handler.fs
    # Without a cache, a range is one request; the default reads ahead.
    return lambda size, at: bytes(storage.cat_file(path, start=at, end=at + size, cache_type="none"))


def _arrow(prefix: str) -> Opener:
    def opened(address: Address) -> Any:
        from pyarrow.fs import FileSystem

        found = FileSystem.from_uri(f"{prefix}://{address.path.partition('/')[0]}/")
        return found[0]

    return opened


def _fsspec(protocol: str, package: str = "") -> Opener:
    def opened(address: Address) -> Any:
        try:
            import fsspec
            from pyarrow.fs import FSSpecHandler, PyFileSystem

            storage = fsspec.filesystem(protocol)
        except ImportError:
            if not package:
                raise MissingExtraError(f"{address.scheme}://", "remote") from None
            raise UsageError(
                "table-storage-not-installed", f"{address.scheme}:// needs {package}: pip install {package}"
            ) from None
        return PyFileSystem(FSSpecHandler(storage))

    return opened


STORAGES: Mapping[str, tuple[Opener, Callable[[Any, str], RangeReader]]] = {
    "s3": (_arrow("s3"), _arrow_ranges),
    "gs": (_arrow("gs"), _arrow_ranges),
    "az": (_fsspec("az", "adlfs"), _web_ranges),
    "hf": (_fsspec("hf"), _hub_ranges),
    "https": (_fsspec("https"), _web_ranges),
    "http": (_fsspec("http"), _web_ranges),
}
"""How each storage is opened, and how ranges of its files are read."""


@dataclass(frozen=True)
class Storage:
    """A remote storage with a place in it; methods raise W2sErrors that name the address.

    Attributes:
        address: the place.
        files: the storage, as pyarrow knows it.
        path: the place, as the storage knows it.
        opened: opens a file to read ranges of it.
    """

    address: Address
    files: Any = field(repr=False)
    path: str = field(repr=False)
    opened: Callable[[Any, str], RangeReader] = field(repr=False)

    def at(self, address: Address) -> Storage:
        """Another place in the same storage."""
        return Storage(address, self.files, _path(address), self.opened)

    def ranges(self) -> RangeReader:
        """Opens the file, to read ranges of it with one request each."""
        with self._reasons():
            return self.opened(self.files, self.path)

    def info(self) -> RemoteInfo | None:
        """The state of the file; None if it does not exist or is a folder.

        Raises:
            DataError: the storage does not answer, or refuses.
        """
        with self._reasons():
            found = self.files.get_file_info([self.path])[0]
        if not found.is_file:
            return None
        return RemoteInfo(int(found.size or 0), _time(found))

    def list(self) -> dict[Address, RemoteInfo]:
        """Every file below the address, or that it matches; sorted.

        Raises:
            DataError: the storage does not answer, or refuses.
        """
        if self.address.is_pattern:
            pattern = self.address.path.split("/")
            folder = "/".join(pattern[: fixed_parts(pattern)])
            found = self._below(folder).items()
            return {
                address: info for address, info in found if matches_glob(address.path.split("/"), pattern)
            }
        info = self.info()
        return {self.address: info} if info is not None else self._below(self.path)

    def read(self) -> bytes | None:
        """The whole file; None if there is none.

        Raises:
            DataError: the storage does not answer, or refuses.
        """
        if self.info() is None:
            return None
        with self._reasons(), self.files.open_input_file(self.path) as file:
            return bytes(file.read())

    def _below(self, folder: str) -> dict[Address, RemoteInfo]:
        from pyarrow.fs import FileSelector

        with self._reasons():
            found = self.files.get_file_info(FileSelector(folder, recursive=True, allow_not_found=True))
        files = [one for one in found if one.is_file]
        return {
            Address(self.address.scheme, one.path.strip("/")): RemoteInfo(int(one.size or 0), _time(one))
            for one in sorted(files, key=lambda one: one.path)
        }

    def _reasons(self) -> RemoteErrors:
        return RemoteErrors(self.address)


class RemoteErrors:
    """A context in which errors of a storage become DataErrors that name the address."""

    def __init__(self, address: Address) -> None:
        self._address = address

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        """Raise the error with the address, without a signature.

        Raises:
            DataError: the storage does not answer, or refuses.
        """
        if error is None or not isinstance(error, Exception) or isinstance(error, (DataError, UsageError)):
            return
        reason = reason_of(error)
        if self._address.query:
            reason = reason.replace(self._address.query, "…")
        raise DataError(
            "table-remote-error",
            f"cannot reach {self._address}: {reason or type(error).__name__}; check the name, the network "
            "and the credentials in the environment",
        ) from None


def open_storage(address: Address) -> Storage:
    """The storage of an address.

    Raises:
        UsageError: it needs a package that is not installed.
        DataError: it cannot be opened.
    """
    with RemoteErrors(address):
        open_files, ranges = STORAGES[address.scheme]
        return Storage(address, open_files(address), _path(address), ranges)


def _path(address: Address) -> str:
    """What the storage calls an address."""
    if address.scheme not in _WEB:
        return address.path
    return f"{address}?{address.query}" if address.query else str(address)


def _time(found: Any) -> int:
    return int(found.mtime_ns or 0)
