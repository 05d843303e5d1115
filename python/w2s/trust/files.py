"""A fitted trust function on disk: ``trust.json`` and ``trust.safetensors``.

Knows nothing about how functions work. No pickle: settings are JSON, everything learned is arrays. The same
function gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from w2s.errors import DataError, UsageError, W2sError
from w2s.trust.function import Function, State
from w2s.trust.registry import trust_function

FORMAT = "w2s-trust-1"
SETTINGS = "trust.json"
ARRAYS = "trust.safetensors"


def save(fitted: object, folder: Path | str) -> None:
    """Write a fitted function; the settings last, so that a folder with them is whole.

    Raises:
        UsageError: the function was not fitted, or is not a :class:`w2s.trust.Function`.
        W2sError: nothing can be written there.
    """
    if not isinstance(fitted, Function):
        raise UsageError(
            "trust-not-savable",
            f"{getattr(fitted, 'name', fitted)!r} cannot be saved: only a w2s.trust.Function can be saved",
        )
    if fitted.state is None:
        raise UsageError("trust-not-fitted", f"{fitted.name} is not fitted: call fit(labels) first")
    arrays = _packed(fitted.state.arrays)
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
        _whole(folder / ARRAYS, arrays)
        _whole(folder / SETTINGS, text.encode())
    except OSError as error:
        raise W2sError(
            "trust-folder-not-writable",
            f"cannot write to {folder}: {error.strerror or error}; choose another folder",
        ) from None


def load(folder: Path | str, allow: str = "") -> Function:
    """The function that :func:`save` wrote.

    Args:
        folder: where it lies.
        allow: the ``module:callable`` that may be imported, where it is not built in or installed. A folder
            alone never makes w2s run code.

    Raises:
        DataError: a file that is missing, damaged or of another format.
        UsageError: its code was not allowed.
    """
    folder = Path(folder)
    settings = _settings(folder / SETTINGS)
    arrays = _arrays(folder / ARRAYS, settings["sha256"])
    name = settings["function"]
    if ":" in name and name != allow:
        raise UsageError(
            "trust-code-not-allowed",
            f"{folder / SETTINGS} would import {name!r}: allow that name if you trust its code",
        )
    found = trust_function(name, **settings["options"])
    if not isinstance(found, Function):
        raise DataError(
            "trust-file-invalid",
            f"{folder / SETTINGS} names {name!r}, which does not return a w2s.trust.Function",
        )
    return replace(found, state=State(settings["facts"], arrays))


def _settings(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError("trust-file-missing", f"{path} does not exist: w2s trust fit writes it") from None
    except OSError as error:
        raise DataError("trust-file-unreadable", f"cannot read {path}: {error.strerror or error}") from None
    except (ValueError, RecursionError):
        raise DataError("trust-file-invalid", f"{path} is not JSON: fit the trust function again") from None
    kinds = {"format": str, "function": str, "options": dict, "facts": dict, "sha256": str}
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise DataError(
            "trust-file-invalid", f"{path} does not have the format {FORMAT}: fit the trust function again"
        )
    for key, kind in kinds.items():
        if not isinstance(found.get(key), kind):
            raise DataError("trust-file-invalid", f"{path} has no valid {key}: fit the trust function again")
    return found


def _packed(arrays: Mapping[str, Any]) -> bytes:
    whole = {name: np.ascontiguousarray(arrays[name]) for name in sorted(arrays)}
    return safetensors.numpy.save(whole)


def _arrays(path: Path, digest: str) -> dict[str, Any]:
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


def _whole(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
