"""Outputs in a remote storage: files that are uploaded when they are complete, and a record that marks them.

Object storages cannot rename. Each object appears whole when its upload ends, and the record is written last:
an output without a finished record is not complete. The record is written before the first upload, too, so
that a filter that was killed in between knows its own objects and can run again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from w2s.errors import UsageError, W2sError
from w2s.locks import lock_output
from w2s.resume import Record, digest
from w2s.tables.addresses import Address, Storage
from w2s.tables.partition import reason_of

_PIECE_BYTES = 8 << 20
_FOLDER_RECORD = "_w2s.json"


@dataclass(frozen=True)
class RemoteOutput:
    """Where kept rows are uploaded.

    Attributes:
        storage: the file, or the folder of shards.
        is_folder: whether it is a folder.
    """

    storage: Storage
    is_folder: bool

    @property
    def address(self) -> Address:
        """The address of the file or folder."""
        return self.storage.address

    @property
    def record(self) -> Storage:
        """The record: in a folder under a name that readers skip, or next to a file."""
        address = self.address
        place = (
            address.child(_FOLDER_RECORD) if self.is_folder else address.sibling(f"{address.name}.w2s.json")
        )
        return self.storage.at(place)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the output among the processes of this machine; a storage has no locks.

        Raises:
            UsageError: another process writes it.
        """
        place = Path(tempfile.gettempdir()) / f"w2s-output-{digest(str(self.address))}"
        try:
            with lock_output(place):
                yield
        except W2sError as error:
            raise type(error)(error.code, str(error).replace(str(place), str(self.address))) from None

    def read_finished(self, inputs: Mapping[str, object], *, overwrite: bool) -> dict[str, Any] | None:
        """The summary of the same filter, as JSON, if it is finished; None if there is work to do.

        Raises:
            UsageError: the output exists and was made by something else.
            DataError: the storage does not answer, or refuses.
        """
        found, sizes = self._read_record(), self._sizes()
        if not sizes:
            return None
        is_same = found is not None and not found.changed(inputs)
        if found is not None and is_same and found.facts.get("output") == sizes:
            return dict(found.facts["summary"])
        if not is_same or found is None or sizes.keys() - set(found.facts.get("uploads", ())):
            self.check_replaceable(overwrite=overwrite)
        return None

    def check_replaceable(self, *, overwrite: bool) -> None:
        """Refuse to replace an output unless that is wanted, and a folder that holds anything else.

        Raises:
            UsageError: the output exists.
        """
        sizes = self._sizes()
        if sizes and not overwrite:
            raise UsageError(
                "output-exists", f"{self.address} exists; use `overwrite=True`, or choose another `out`"
            )
        record = self._read_record()
        ours = set(record.facts.get("uploads", [])) if record is not None else set()
        if self.is_folder and (others := sizes.keys() - ours):
            raise UsageError(
                "output-holds-other-files",
                f"{self.address} holds {sorted(others)[0]}, which no filter wrote; choose another `out`",
            )

    def publish(self, part: Path, inputs: Mapping[str, object], summary: Mapping[str, Any]) -> None:
        """Upload a finished file or folder, with its record first and last, and remove what it replaces.

        Args:
            part: the finished local file or folder.
            inputs: what the output was made of.
            summary: JSON values.

        Raises:
            W2sError: the storage cannot be written.
        """
        files = {path.name: path for path in sorted(part.iterdir())} if self.is_folder else {"": part}
        sizes = {name: path.stat().st_size for name, path in files.items()}
        old = self._sizes()
        uploads = sorted({*files, *old})
        self._write_record(Record.of(inputs, {"uploads": uploads}))
        for name, path in files.items():
            self._upload(self._place(name), path)
        for name in sorted(old.keys() - files.keys()):
            self._remove(self._place(name))
        facts = {"output": sizes, "uploads": sorted(files), "summary": summary}
        self._write_record(Record.of(inputs, facts))

    def _place(self, name: str) -> Storage:
        return self.storage.at(self.address.child(name)) if name else self.storage

    def _sizes(self) -> dict[str, int]:
        """Bytes of each file of the output; the name of a single file is empty."""
        if not self.is_folder:
            info = self.storage.info()
            return {} if info is None else {"": info.size}
        start = len(self.address.path) + 1
        found = {address.path[start:]: info.size for address, info in self.storage.list().items()}
        return {name: size for name, size in found.items() if name != _FOLDER_RECORD}

    def _read_record(self) -> Record | None:
        data = self.record.read()
        return None if data is None else Record.parse(data)

    def _write_record(self, record: Record) -> None:
        with self._reasons(), _open(self.record) as target:
            target.write(record.to_text().encode() + b"\n")

    def _upload(self, place: Storage, path: Path) -> None:
        with self._reasons(), path.open("rb") as file, _open(place) as target:
            while data := file.read(_PIECE_BYTES):
                target.write(data)

    def _remove(self, place: Storage) -> None:
        with self._reasons():
            place.files.delete_file(place.path)

    @contextmanager
    def _reasons(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise W2sError(
                "output-not-writable",
                f"cannot write {self.address}: {reason_of(error)}; check the name and the credentials in the "
                "environment; the same command continues",
            ) from None


def _open(place: Storage) -> Any:
    """A stream whose object appears when it is closed; the ending of the name changes nothing."""
    return place.files.open_output_stream(place.path, compression=None)
