"""A fitted trust function on disk: ``trust.json``, ``trust.safetensors`` and sometimes ``labels.parquet``.

There is no pickle: settings are JSON, everything learned is arrays, and gold that scoring needs again is a
table. Code of a user is saved as its name ``module:callable``. The same function gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import safetensors
import safetensors.numpy

from w2s.callables import code_digest, is_callable_name
from w2s.errors import DataError, UsageError, W2sError
from w2s.evidence import Labels
from w2s.files import read_whole_file, write_bytes, write_text
from w2s.trust.function import FittedState, Function
from w2s.trust.registry import trust_function

FORMAT = "w2s-trust-1"
SETTINGS = "trust.json"
ARRAYS = "trust.safetensors"
LABELS = "labels.parquet"
"""Gold labels that scoring needs again; their vectors are in :data:`ARRAYS`."""
_VECTOR = "labels."
_LOG = logging.getLogger(__name__)


def save(fitted: object, folder: Path | str) -> None:
    """Write a fitted function; the settings last, so that a folder with settings is complete.

    Args:
        fitted: a fitted :class:`w2s.trust.Function`.
        folder: the folder to write; created if missing.

    Raises:
        UsageError: the function is not fitted, is not a :class:`w2s.trust.Function`, or is code that another
            process cannot import.
        W2sError: the folder cannot be written.
    """
    if not isinstance(fitted, Function):
        raise UsageError(
            "trust-not-savable",
            f"{getattr(fitted, 'name', fitted)!r} cannot be saved: only a w2s.trust.Function can be saved",
        )
    if fitted.state is None:
        raise UsageError("trust-not-fitted", f"{fitted.name} is not fitted: call fit(labels) first")
    name = fitted.source or fitted.name
    if name.startswith("__main__:") or "<" in name:
        raise UsageError(
            "trust-not-savable",
            f"{name} cannot be saved, because no other program can import it: put it into a module, for "
            "example mytrust.py, and name it mytrust:rating",
        )
    gold = fitted.state.labels
    table = None if gold is None else _to_parquet(gold.table)
    arrays = _to_safetensors(_with_vectors(fitted.state))
    settings: dict[str, Any] = {
        "format": FORMAT,
        "function": name,
        "options": fitted.options.model_dump(mode="json"),
        "needs": sorted(fitted.needs),
        "facts": dict(fitted.state.facts),
        "sha256": hashlib.sha256(arrays).hexdigest(),
        **({} if table is None else {"labels_sha256": hashlib.sha256(table).hexdigest()}),
        **({"code_sha256": code_digest(name)} if is_callable_name(name) else {}),
    }
    settings["digest"] = _digest(settings)
    text = json.dumps(settings, indent=2, allow_nan=False, ensure_ascii=False) + "\n"
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / SETTINGS).unlink(missing_ok=True)
        write_bytes(folder / ARRAYS, arrays)
        if table is None:
            (folder / LABELS).unlink(missing_ok=True)
        else:
            write_bytes(folder / LABELS, table)
        write_text(folder / SETTINGS, text)
    except OSError as error:
        raise W2sError(
            "trust-folder-not-writable",
            f"cannot write to {folder}: {error.strerror or error}; choose another folder",
        ) from None


def load(folder: Path | str, allow: str = "") -> Function:
    """Read the function that :func:`save` wrote.

    Args:
        folder: the folder of the function.
        allow: the ``module:callable`` that may be imported if the function is neither built in nor installed.
            A folder alone never makes w2s run code.

    Raises:
        DataError: a file is missing, damaged or in another format.
        UsageError: the code of the function is not allowed.
    """
    folder = Path(folder)
    settings = _read_settings(folder / SETTINGS)
    name = settings.function
    if ":" in name and name != allow:
        raise UsageError(
            "trust-code-not-allowed",
            f"{folder / SETTINGS} would run the code of {name!r}; if you trust it, give {name} again with "
            "`allow`",
        )
    arrays = _read_arrays(folder / ARRAYS, settings.sha256)
    table = _read_labels(folder / LABELS, settings.labels_sha256)
    found = trust_function(name, **settings.options)
    if is_callable_name(name) and code_digest(name) != settings.code_sha256:
        _LOG.warning(
            "the code of %s has changed since %s was fitted; fit it again, so that the out-of-fold scores of "
            "gold are those of the same code",
            name,
            folder,
        )
    return replace(found, state=_state(settings, arrays, table, str(folder)))


def _state(settings: _Settings, arrays: dict[str, Any], table: pa.Table | None, where: str) -> FittedState:
    if table is None:
        return FittedState(settings.facts, arrays, source=where)
    vectors = {name.removeprefix(_VECTOR): arrays[name] for name in arrays if name.startswith(_VECTOR)}
    learned = {name: array for name, array in arrays.items() if not name.startswith(_VECTOR)}
    return FittedState(settings.facts, learned, Labels(table, vectors), source=where)


@dataclass(frozen=True)
class _Settings:
    """What loading needs of ``trust.json``."""

    function: str
    options: dict[str, Any]
    facts: dict[str, Any]
    sha256: str
    labels_sha256: str
    code_sha256: str


_TYPES: Mapping[str, type] = {"function": str, "options": dict, "facts": dict, "sha256": str}


def _read_settings(path: Path) -> _Settings:
    try:
        found = json.loads(read_whole_file(path).decode())
    except FileNotFoundError:
        raise DataError("trust-file-missing", f"{path} does not exist: w2s trust fit writes it") from None
    except OSError as error:
        raise DataError("trust-file-unreadable", f"cannot read {path}: {error.strerror or error}") from None
    except (ValueError, RecursionError):
        raise DataError("trust-file-invalid", f"{path} is not JSON: fit the trust function again") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise DataError(
            "trust-file-invalid", f"{path} does not have the format {FORMAT}: fit the trust function again"
        )
    for key, kind in _TYPES.items():
        if not isinstance(found.get(key), kind):
            raise DataError("trust-file-invalid", f"{path} has no valid {key}: fit the trust function again")
    if found.pop("digest", None) != _digest(found):
        raise DataError(
            "trust-file-damaged", f"{path} is damaged or was edited: fit the trust function again"
        )
    optional = {key: str(found.get(key, "")) for key in ("labels_sha256", "code_sha256")}
    return _Settings(**{**{key: found[key] for key in _TYPES}, **optional})


def _digest(settings: Mapping[str, Any]) -> str:
    """The SHA-256 of everything else in ``trust.json``, as hexadecimal digits."""
    text = json.dumps(settings, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _with_vectors(state: FittedState) -> dict[str, Any]:
    """The arrays of a state, with the vectors of its labels."""
    vectors = {} if state.labels is None else state.labels.vectors
    return {**state.arrays, **{f"{_VECTOR}{name}": vector for name, vector in vectors.items()}}


def _to_parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue())


def _read_labels(path: Path, digest: str) -> pa.Table | None:
    if not digest:
        return None
    try:
        return pq.read_table(pa.BufferReader(_read_bytes(path, digest)))
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        raise DataError("trust-file-invalid", f"{path} is not a Parquet file: {error}") from None


def _to_safetensors(arrays: Mapping[str, Any]) -> bytes:
    return safetensors.numpy.save({name: np.ascontiguousarray(arrays[name]) for name in sorted(arrays)})


def _read_arrays(path: Path, digest: str) -> dict[str, Any]:
    try:
        return safetensors.numpy.load(_read_bytes(path, digest))
    except safetensors.SafetensorError as error:
        raise DataError("trust-file-invalid", f"{path} is not a safetensors file: {error}") from None


def _read_bytes(path: Path, digest: str) -> bytes:
    """The bytes of a file whose SHA-256 is known."""
    try:
        data = read_whole_file(path)
    except OSError as error:
        raise DataError("trust-file-unreadable", f"cannot read {path}: {error.strerror or error}") from None
    if hashlib.sha256(data).hexdigest() != digest:
        raise DataError(
            "trust-file-damaged",
            f"{path} is damaged or belongs to another fit than {SETTINGS}: fit the trust function again",
        )
    return data
