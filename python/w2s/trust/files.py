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
            f"{getattr(fitted, 'name', fitted)!r} cannot be saved: only what is a w2s.trust.Function can be"
        )
    if fitted.state is None:
        raise UsageError(f"{fitted.name} was not fitted: call fit(labels) first")
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
        raise W2sError(f"cannot write {folder}: {error.strerror or error}; choose another place") from None


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
        raise UsageError(f"{folder / SETTINGS} runs {name!r}: allow it by that name if you trust its code")
    found = trust_function(name, **settings["options"])
    if not isinstance(found, Function):
        raise DataError(f"{folder / SETTINGS} names {name!r}, which does not return a w2s.trust.Function")
    return replace(found, state=State(settings["facts"], arrays))


def _settings(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"there is no {path}: w2s trust fit writes one") from None
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from None
    except (ValueError, RecursionError):
        raise DataError(f"{path} is not JSON: fit the trust function anew") from None
    kinds = {"format": str, "function": str, "options": dict, "facts": dict, "sha256": str}
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise DataError(f"{path} is not of the format {FORMAT}: fit the trust function anew")
    for key, kind in kinds.items():
        if not isinstance(found.get(key), kind):
            raise DataError(f"{path} has no {key}: fit the trust function anew")
    return found


def _packed(arrays: Mapping[str, Any]) -> bytes:
    whole = {name: np.ascontiguousarray(arrays[name]) for name in sorted(arrays)}
    return safetensors.numpy.save(whole)


def _arrays(path: Path, digest: str) -> dict[str, Any]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from None
    if hashlib.sha256(data).hexdigest() != digest:
        raise DataError(f"{path} is damaged, or of another fit than {SETTINGS} beside it: fit anew")
    try:
        return safetensors.numpy.load(data)
    except safetensors.SafetensorError as error:
        raise DataError(f"{path} is not safetensors: {error}") from None


def _whole(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
