"""TOML ↔ typed configuration; unknown keys are errors that name the nearest known one.

Knows nothing about what is configured.
"""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

import tomli_w
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from w2s.errors import UsageError


class Config(BaseModel):
    """Base of every configuration: frozen, and strict about unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    def to_toml(self) -> str:
        """The configuration as TOML, keys in the order of their definition; unset options left out."""
        return tomli_w.dumps(self.model_dump(mode="json", exclude_none=True))

    def digest(self) -> str:
        """SHA-256 of :meth:`to_toml`, in hex: the identity of what is configured."""
        return hashlib.sha256(self.to_toml().encode()).hexdigest()


_KEY = re.compile(r"(?!(?:int|str|float|bool)$)[a-z_][a-z0-9_]*|\d+")
"""A key or a place in a list; pydantic also names the kind of value that it tried."""
AnyConfig = TypeVar("AnyConfig", bound=Config)


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises:
        UsageError: the file is missing or not TOML; the message has the line.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError("config-file-unreadable", f"cannot read {path}: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError("config-not-toml", f"{path} is not TOML: {error}") from None


def merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Tables merged key by key; ``above`` wins where both have a value."""
    merged = dict(below)
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = value
    return merged


def build(kind: type[AnyConfig], tables: dict[str, Any], where: str) -> AnyConfig:
    """A checked configuration from tables.

    Raises:
        UsageError: one line with the key, what is wrong with it and the nearest known key.
    """
    try:
        return kind.model_validate(tables)
    except ValidationError as error:
        code, problem = _first_problem(kind, error)
        raise UsageError(code, f"{where}: {problem}") from None


def invalid_value(code: str, message: str) -> PydanticCustomError:
    """The exception that a validator of a configuration raises; :func:`build` keeps its code.

    Example:
        >>> invalid_value("arena-odd-pairs", "pairs must be even").type
        'arena-odd-pairs'
    """
    return PydanticCustomError(code, "{message}", {"message": message})


def _first_problem(kind: type[BaseModel], error: ValidationError) -> tuple[str, str]:
    """The code and the text of the first problem that pydantic found."""
    problem = error.errors(include_url=False)[0]
    path = [part for part in map(str, problem["loc"]) if _KEY.fullmatch(part)]
    if problem["type"] != "extra_forbidden":
        code = problem["type"] if "-" in problem["type"] else "config-invalid-value"
        return code, f"{'.'.join(path) or 'configuration'}: {problem['msg'].removeprefix('Value error, ')}"
    known = _keys_at(kind, path[:-1])
    near = difflib.get_close_matches(path[-1], known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
    return "config-unknown-key", f"{'.'.join(path)} is not a known key; {hint}"


def _keys_at(kind: type[BaseModel], path: list[str]) -> list[str]:
    for part in path:
        field = kind.model_fields.get(part)
        inner = field.annotation if field else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        kind = inner
    return list(kind.model_fields)


def changed_keys(old: dict[str, Any], new: dict[str, Any], prefix: str = "") -> list[str]:
    """Dotted names of the keys whose values differ, with both values."""
    found = []
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        if isinstance(before, dict) and isinstance(after, dict):
            found += changed_keys(before, after, f"{prefix}{key}.")
        elif before != after:
            found.append(f"{prefix}{key} ({before!r} → {after!r})")
    return found
