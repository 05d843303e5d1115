"""A fitted trust function on disk: ``trust.json`` and ``trust.safetensors``.

There is no pickle: settings are JSON, and everything learned is arrays. The same function gives the same
bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from w2s.errors import DataError, UsageError, W2sError
from w2s.resume import write_bytes, write_text
from w2s.trust.function import FittedState, Function
from w2s.trust.registry import trust_function

FORMAT = "w2s-trust-1"
SETTINGS = "trust.json"
ARRAYS = "trust.safetensors"


def save(fitted: object, folder: Path | str) -> None:
    """Write a fitted function; the settings last, so that a folder with settings is complete.

    Args:
        fitted: a fitted :class:`w2s.trust.Function`.
        folder: the folder to write; created if missing.

    Raises:
        UsageError: the function is not fitted, or is not a :class:`w2s.trust.Function`.
        W2sError: the folder cannot be written.
    """
    if not isinstance(fitted, Function):
        raise UsageError(
            "trust-not-savable",
            f"{getattr(fitted, 'name', fitted)!r} cannot be saved: only a w2s.trust.Function can be saved",
        )
    if fitted.state is None:
        raise UsageError("trust-not-fitted", f"{fitted.name} is not fitted: call fit(labels) first")
    arrays = _to_safetensors(fitted.state.arrays)
    settings = {
        "format": FORMAT,
        "function": fitted.source or fitted.name,
        "options": fitted.options.model_dump(mode="json"),
        "needs": sorted(fitted.needs),
        "facts": dict(fitted.state.facts),
        "sha256": hashlib.sha256(arrays).hexdigest(),
    }
    text = json.dumps(settings, indent=2, allow_nan=False, ensure_ascii=False) + "\n"
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / SETTINGS).unlink(missing_ok=True)
        write_bytes(folder / ARRAYS, arrays)
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
    arrays = _read_arrays(folder / ARRAYS, settings.sha256)
    name = settings.function
    if ":" in name and name != allow:
        raise UsageError(
            "trust-code-not-allowed",
            f"{folder / SETTINGS} would import {name!r}: allow that name if you trust its code",
        )
    found = trust_function(name, **settings.options)
    if not isinstance(found, Function):
        raise DataError(
            "trust-file-invalid",
            f"{folder / SETTINGS} names {name!r}, which does not return a w2s.trust.Function",
        )
    return replace(found, state=FittedState(settings.facts, arrays))


@dataclass(frozen=True)
class _Settings:
    """What loading needs of ``trust.json``."""

    function: str
    options: dict[str, Any]
    facts: dict[str, Any]
    sha256: str


_TYPES: Mapping[str, type] = {"function": str, "options": dict, "facts": dict, "sha256": str}


def _read_settings(path: Path) -> _Settings:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
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
    return _Settings(**{key: found[key] for key in _TYPES})


def _to_safetensors(arrays: Mapping[str, Any]) -> bytes:
    return safetensors.numpy.save({name: np.ascontiguousarray(arrays[name]) for name in sorted(arrays)})


def _read_arrays(path: Path, digest: str) -> dict[str, Any]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError("trust-file-unreadable", f"cannot read {path}: {error.strerror or error}") from None
    if hashlib.sha256(data).hexdigest() != digest:
        raise DataError(
            "trust-file-damaged",
            f"{path} is damaged or belongs to another fit than {SETTINGS}: fit the trust function again",
        )
    try:
        return safetensors.numpy.load(data)
    except safetensors.SafetensorError as error:
        raise DataError("trust-file-invalid", f"{path} is not a safetensors file: {error}") from None
