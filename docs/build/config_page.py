"""The reference of configuration files, from the pydantic models and the settings of trainings."""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from typing import Any, Literal, get_args, get_origin

import w2s.train
from docs.build.config_meanings import MEANINGS
from docs.build.docstrings import parse, to_cell
from w2s.arena.spec import ArenaSpec
from w2s.chain import ChainConfig
from w2s.config import Config

_INTRODUCTION = """# Configuration

Arenas and chains are described by TOML files. Options of the command line override the file. Unknown keys are
errors that name the nearest known key. This page is generated from the models that check the files.

A run writes its complete configuration, with all defaults filled in, to `run.toml` in its folder.
"""
_ARENA = """## Arena

`w2s arena FILE.toml` reads this file. The bundled ones are `arenas/GAME.toml`; [how to run an
arena](../howto/run-an-arena.md) explains them.
"""
_CHAIN = """## Chain

`w2s chain FILE.toml` reads this file. The bundled ones are `arenas/chains/GAME.toml` and `arenas/paper/*.toml`,
found by their names; [how to run a chain](../howto/run-a-chain.md) explains them. The key `extends = "other.toml"`
takes all keys of another file in the same folder; keys of this file override them.
"""
_TRAIN = """## Settings of trainings

These are the keys of `[train]` in a chain, and of `w2s train --set NAME=VALUE`. Which table applies depends on
the student. The seed comes from the chain or from `--seed`.
"""


def config_page() -> str:
    """The page as Markdown."""
    parts = [
        _INTRODUCTION,
        _ARENA,
        *tables("arena", ArenaSpec),
        _CHAIN,
        *tables("chain", ChainConfig),
        _TRAIN,
    ]
    for title, settings in training_settings().items():
        parts += [f"### {title}", _settings_table(settings)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def training_settings() -> dict[str, type[Any]]:
    """The classes of settings, by what they train."""
    kinds = {
        "Policy nets": next(n for n in ("PolicyTrainSettings", "Settings") if hasattr(w2s.train, n)),
        "Language models": next(
            n for n in ("LanguageTrainSettings", "LanguageSettings") if hasattr(w2s.train, n)
        ),
    }
    return {title: getattr(w2s.train, name) for title, name in kinds.items()}


def tables(what: str, model: type[Config]) -> list[str]:
    """A heading and a table for a model, and for every model inside it."""
    parts = []
    for path, table in nested(model):
        title = f"`[{path}]`" if path else f"Top level of {what}"
        if path.endswith("[]"):
            title = f"`[[{path.removesuffix('[]')}]]`"
        about = "" if not path else first_text(table)
        parts += [f"### {title} ({what})" if path else f"### {title}", about, _model_table(table)]
    return parts


def first_text(model: type[Config]) -> str:
    """What the docstring of a model says before its keys."""
    return parse(model.__doc__).text


def nested(model: type[Config], path: str = "") -> list[tuple[str, type[Config]]]:
    """A model and the models of its keys, each with its place in the file."""
    found = [(path, model)]
    for name, field in model.model_fields.items():
        for inner, many in _models(field.annotation):
            place = ".".join(part for part in (path.removesuffix("[]"), name) if part)
            found += nested(inner, f"{place}[]" if many else place)
    return found


def _models(annotation: Any, many: bool = False) -> list[tuple[type[Config], bool]]:
    """The models in a type, and whether each is an entry of a list."""
    if isinstance(annotation, type) and issubclass(annotation, Config):
        return [(annotation, many)]
    listed = many or get_origin(annotation) in (tuple, list)
    found: list[tuple[type[Config], bool]] = []
    for inner in get_args(annotation):
        found += [one for one in _models(inner, listed) if one not in found]
    return found


def meanings(model: type[Any]) -> dict[str, str]:
    """What each key of a model or of settings means, from the docstrings of its class and its bases."""
    found: dict[str, str] = {}
    for kind in reversed(model.__mro__):
        prefix = f"{kind.__name__}."
        found |= {key.removeprefix(prefix): text for key, text in MEANINGS.items() if key.startswith(prefix)}
        if "__doc__" in vars(kind):
            found |= parse(kind.__doc__).entries.get("Attributes", {})
    return {name: text[:1].upper() + text[1:] for name, text in found.items()}


def _model_table(model: type[Config]) -> str:
    about = meanings(model)
    rows = []
    for name, field in model.model_fields.items():
        default = (
            "**required**" if field.is_required() else _value(field.get_default(call_default_factory=True))
        )
        rows.append(f"| `{name}` | {_type(field.annotation)} | {default} | {to_cell(about.get(name, ''))} |")
    return "\n".join([*_HEAD, *rows])


def _settings_table(settings: type[Any]) -> str:
    about, types_ = meanings(settings), typing.get_type_hints(settings)
    rows = [
        f"| `{one.name}` | {_type(types_[one.name])} | {_value(one.default)} | "
        f"{to_cell(about.get(one.name, ''))} |"
        for one in dataclasses.fields(settings)
        if one.name != "seed"
    ]
    return "\n".join([*_HEAD, *rows])


_HEAD = ["| key | type | default | meaning |", "|---|---|---|---|"]
_WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false", type(None): ""}


def _type(annotation: Any) -> str:
    """A type in words of TOML."""
    if annotation in _WORDS:
        return _WORDS[annotation]
    if isinstance(annotation, type) and issubclass(annotation, Config):
        return "table"
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " or ".join(f"`{one}`" for one in inside)
    if origin in (types.UnionType, typing.Union):
        return " or ".join(dict.fromkeys(text for text in map(_type, inside) if text))
    if origin in (tuple, list):
        kind = _type(inside[0])
        return "list of tables" if kind == "table" else f"list of {re.sub('number$', 'numbers', kind)}"
    if origin is typing.Annotated:
        return _type(inside[0])
    return "table"


def _value(value: Any) -> str:
    """A default as TOML writes it."""
    if value is None:
        return "none"
    if isinstance(value, Config | dict):
        return "" if isinstance(value, Config) or not value else f"`{value}`"
    if isinstance(value, tuple):
        return f"`[{', '.join(_plain(one) for one in value)}]`"
    return f"`{_plain(value)}`"


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return str(value).lower() if isinstance(value, bool) else str(value)
