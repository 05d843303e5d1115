"""Typed configurations that are read from and written to TOML; an unknown key is an error."""

from __future__ import annotations

import difflib
import errno
import hashlib
import json
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import tomli_w
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from w2s.errors import UsageError

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass
else:
    ModelMetaclass = type(BaseModel)


class _ConfigClass(ModelMetaclass):
    """Reports mistakes in a call ``Config(…)`` as :func:`parse_config` reports those in a file."""

    def __call__(self, *args: Any, **values: Any) -> Any:
        try:
            return super().__call__(*args, **values)
        except ValidationError as error:
            code, _, problem = _first_problem(cast("type[BaseModel]", self), error)
            problem = problem.removeprefix("configuration: ")
            raise UsageError(code, f"{self.__name__}: {problem}") from None


class Config(BaseModel, metaclass=_ConfigClass):
    """Base class of every configuration: immutable, and strict about unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    def to_toml(self) -> str:
        """The configuration as TOML: keys in the order of their definition, without unset options."""
        return tomli_w.dumps(self.model_dump(mode="json", exclude_none=True))

    def digest(self) -> str:
        """SHA-256 of :meth:`to_toml` as 64 hexadecimal digits: the identity of the configuration."""
        return hashlib.sha256(self.to_toml().encode()).hexdigest()


_KEY = re.compile(r"(?!(?:int|str|float|bool)$)[a-z_][a-z0-9_]*|\d+")
"""A key or an index of a list; pydantic also reports the type of value that it tried."""
_BARE = re.compile(r"[A-Za-z0-9_-]+")
"""A key that TOML needs no quotes for."""
_UNKNOWN = "extra_forbidden"
"""The name that pydantic gives to an unknown key."""
AnyConfig = TypeVar("AnyConfig", bound=Config)


DATA_VARIABLE = "W2S_DATA"
"""The environment variable that names the folder of public data and weights."""
_MAX_TOML_BYTES = 1 << 24
_MAX_DEPTH = 50
"""Maximum nesting of values in a configuration; those of w2s nest four deep."""


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file; ``$W2S_DATA`` in a text is replaced by the folder that it names.

    Raises:
        UsageError: the file is missing, larger than 16 MiB or not TOML, where the message gives the line; or
            ``W2S_DATA`` is needed and not set.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_TOML_BYTES + 1)
        if len(content) > _MAX_TOML_BYTES:
            raise OSError(errno.EFBIG, f"it is larger than {_MAX_TOML_BYTES >> 20} MiB")
        tables: dict[str, Any] = _with_data_folder(tomllib.loads(content.decode("utf-8-sig")), path)
    except (OSError, ValueError, RecursionError) as error:
        raise _toml_error(path, error) from None
    return tables


def _toml_error(path: Path, error: Exception) -> UsageError:
    """The error of a file that cannot be read, or that is not TOML."""
    if isinstance(error, OSError):
        return UsageError("config-file-unreadable", f"cannot read {path}: {error.strerror or error}")
    if isinstance(error, RecursionError):
        return UsageError("config-too-deep", f"{path} nests values more than {_MAX_DEPTH} deep")
    return UsageError("config-not-toml", f"{path} is not TOML: {error}")


def _with_data_folder(value: Any, path: Path, depth: int = 0) -> Any:
    """A value of a TOML file with ``$W2S_DATA`` replaced in all its texts."""
    if depth > _MAX_DEPTH:
        raise RecursionError
    if isinstance(value, dict):
        return {key: _with_data_folder(inner, path, depth + 1) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_data_folder(inner, path, depth + 1) for inner in value]
    if not isinstance(value, str) or f"${DATA_VARIABLE}" not in value:
        return value
    folder = os.environ.get(DATA_VARIABLE, "")
    if not folder:
        raise UsageError(
            "config-data-folder-unset",
            f"{path} needs public data: set {DATA_VARIABLE} to the folder that holds it",
        )
    return value.replace(f"${DATA_VARIABLE}", folder)


def merge_tables(base: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    """Tables merged key by key; ``overrides`` wins where both have a value.

    Example:
        >>> merge_tables({"train": {"epochs": 1, "batch": 8}}, {"train": {"epochs": 2}})
        {'train': {'epochs': 2, 'batch': 8}}
    """
    merged = dict(base)
    for key, value in overrides.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = merge_tables(merged[key], value)
        else:
            merged[key] = value
    return merged


def parse_config(
    kind: type[AnyConfig],
    tables: dict[str, Any],
    where: str,
    overrides: Mapping[str, Any] | None = None,
) -> AnyConfig:
    """A validated configuration from tables.

    Args:
        kind: the class of the configuration.
        tables: the tables of a TOML file, as :func:`read_toml` returns them.
        where: where they come from, for messages.
        overrides: those tables that came from options; a message about one of them names the option instead
            of ``where``.

    Raises:
        UsageError: a key is unknown or a value invalid; the message names the key and the nearest known one.
    """
    try:
        return kind.model_validate(tables)
    except ValidationError as error:
        code, path, problem = _first_problem(kind, error)
        key = ".".join(path)
        if _is_set(overrides or {}, path):
            raise UsageError(code, f"`{key}`{problem.removeprefix(key)}") from None
        raise UsageError(code, f"{where}: {problem}") from None


def check_keys(
    kind: type[AnyConfig], tables: dict[str, Any], where: str, overrides: Mapping[str, Any] | None = None
) -> None:
    """Refuse unknown keys, before other checks of a configuration that may be incomplete.

    The arguments are those of :func:`parse_config`.

    Raises:
        UsageError: a key is unknown; the message names the nearest known one.
    """
    try:
        parse_config(kind, tables, where, overrides)
    except UsageError as error:
        if error.code == "config-unknown-key":
            raise


def invalid_value(code: str, message: str) -> PydanticCustomError:
    """The exception that a validator of a configuration raises; :func:`parse_config` keeps its code.

    Example:
        >>> invalid_value("arena-odd-pairs", "pairs must be even").type
        'arena-odd-pairs'
    """
    return PydanticCustomError(code, "{message}", {"message": message})


def _is_set(tables: Mapping[str, Any], path: Sequence[str]) -> bool:
    """Whether nested tables have a value at this path or above it."""
    value: Any = tables
    for key in path:
        if not isinstance(value, Mapping):
            break
        if key not in value:
            return False
        value = value[key]
    return bool(path)


def _first_problem(kind: type[BaseModel], error: ValidationError) -> tuple[str, list[str], str]:
    """The code, the keys that lead to it, and the text of the first problem; unknown keys come first."""
    problem = min(error.errors(include_url=False), key=lambda one: one["type"] != _UNKNOWN)
    location = [str(part) for part in problem["loc"]]
    path = [part for part in location if _KEY.fullmatch(part)]
    if problem["type"] != _UNKNOWN:
        code = problem["type"] if "-" in problem["type"] else "config-invalid-value"
        text = problem["msg"].removeprefix("Value error, ")
        return code, path, f"{'.'.join(path) or 'configuration'}: {text}"
    unknown = location[-1]  # any text, while the others are keys or names of types in a union
    path = [part for part in location[:-1] if _KEY.fullmatch(part)]
    known = _keys_at(kind, path)
    near = difflib.get_close_matches(unknown.lower(), known, n=1)
    listed = f"known keys: {', '.join(known)}" if known else "there are no keys here"
    hint = f"did you mean {near[0]!r}?" if near else listed
    path.append(unknown if _BARE.fullmatch(unknown) else json.dumps(unknown))
    return "config-unknown-key", path, f"{'.'.join(path)} is not a known key; {hint}"


def _keys_at(kind: type[BaseModel], path: list[str]) -> list[str]:
    for part in path:
        field = kind.model_fields.get(part)
        inner = field.annotation if field else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        kind = inner
    return list(kind.model_fields)


def changed_keys(old: dict[str, Any], new: dict[str, Any], prefix: str = "") -> list[str]:
    """Dotted names of the keys whose values differ, with both values.

    Example:
        >>> changed_keys({"train": {"epochs": 1}}, {"train": {"epochs": 2}})
        ['train.epochs (1 → 2)']
    """
    found = []
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        if isinstance(before, dict) and isinstance(after, dict):
            found += changed_keys(before, after, f"{prefix}{key}.")
        elif before != after:
            found.append(f"{prefix}{key} ({before!r} → {after!r})")
    return found
