"""The reference of the Python interface, from the docstrings of its public names."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
import types
from typing import Any

import w2s
from docs.build.docstrings import Docstring, parse, to_cell

PACKAGES = {
    "analysis": "Measure why trust works on a finished chain.",
    "arena": "Play matches from Python.",
    "chain": "Run chains from Python.",
    "evidence": "Labels with their evidence, in memory and on disk.",
    "games": "Games, positions, moves and agreement.",
    "labelling": "Label examples, and measure models.",
    "metrics": "Measures of accuracy, trust and recovery, with intervals.",
    "models": "Models that answer examples, and what they can do.",
    "polars": "A namespace for frames of polars.",
    "tasks": "Kinds of example: moves, choices and answers.",
    "train": "Train students.",
    "trust": "Trust functions.",
}
"""Public packages that have a section, in their order."""
_INTRODUCTION = """# Python interface

`import w2s` is quick: each name is imported when it is first used. Everything on this page is public. Errors are
subclasses of `w2s.errors.W2sError`; each has a `code` and an `exit_code`, see [error codes](error-codes.md).
This page is generated from the docstrings.
"""


def python_page() -> str:
    """The page as Markdown."""
    found = {f"w2s.{name}": getattr(w2s, name) for name in w2s.__all__}
    functions = {name: one for name, one in found.items() if callable(one)}
    parts = [_INTRODUCTION, "## w2s"]
    parts += [describe(name, one) for name, one in functions.items()]
    for package, about in PACKAGES.items():
        parts += [f"## w2s.{package}", about]
        parts += [
            describe(f"w2s.{package}.{name}", one)
            for name, one in public_names(package).items()
            if f"w2s.{name}" not in functions
        ]
    return "\n\n".join(parts) + "\n"


def public_names(package: str) -> dict[str, Any]:
    """The public functions and classes of a package."""
    module = importlib.import_module(f"w2s.{package}")
    listed = getattr(module, "__all__", None)
    names = listed or [name for name in vars(module) if not name.startswith("_")]
    found = {name: getattr(module, name) for name in names}
    return {
        name: one
        for name, one in found.items()
        if inspect.isfunction(one) or (inspect.isclass(one) and (listed or one.__module__ == module.__name__))
        if listed or one.__module__ == module.__name__
    }


def describe(name: str, one: Any) -> str:
    """A function or a class with its docstring."""
    heading = f"### `{name}`"
    if not inspect.isclass(one):
        return "\n\n".join([heading, _signature(name, one), *_sections(parse(inspect.getdoc(one)))])
    text = parse(one.__doc__)
    parts = [heading]
    if dataclasses.is_dataclass(one):
        parts.append(_signature(name, one))
    parts += _sections(text)
    rows = [_member_row(member, value) for member, value in vars(one).items() if _is_public(member, value)]
    if rows:
        parts.append("\n".join(["| member | meaning |", "|---|---|", *rows]))
    return "\n\n".join(parts)


def _is_public(name: str, value: Any) -> bool:
    kinds = (types.FunctionType, property, classmethod, staticmethod)
    return not name.startswith("_") and isinstance(value, kinds)


def _member_row(name: str, value: Any) -> str:
    function = getattr(value, "__func__", value)
    text = parse(inspect.getdoc(value)).summary
    shown = name if isinstance(value, property) else f"{name}{_parameters(function)}"
    return f"| `{to_cell(shown)}` | {to_cell(text)} |"


def _parameters(function: Any) -> str:
    names = [name for name in inspect.signature(function).parameters if name not in ("self", "cls")]
    return f"({', '.join(names)})"


def _signature(name: str, one: Any) -> str:
    try:
        signature = inspect.signature(one)
    except (TypeError, ValueError):
        return ""
    short = name.rpartition(".")[2]
    parts = [_short_types(str(parameter)) for parameter in signature.parameters.values()]
    result = signature.return_annotation
    is_shown = result is not inspect.Signature.empty and not inspect.isclass(one)
    end = f" -> {_short_types(_annotation(result))}" if is_shown else ""
    line = f"{short}({', '.join(parts)}){end}"
    if len(line) > 100:
        line = f"{short}(\n" + "".join(f"    {part},\n" for part in parts) + f"){end}"
    return f"```text\n{line}\n```"


def _annotation(value: Any) -> str:
    return value if isinstance(value, str) else inspect.formatannotation(value)


def _short_types(text: str) -> str:
    """Annotations without quotes, modules and the addresses of default values."""
    text = re.sub(r": '([^']*)'", r": \1", text)
    text = re.sub(r': "([^"]*)"', r": \1", text)
    return re.sub(r"<factory>|<[^<>]* object at 0x[0-9a-f]+>", "…", text)


def _sections(found: Docstring) -> list[str]:
    parts = [found.text] if found.text else []
    for name in ("Args", "Attributes"):
        if found.entries.get(name):
            rows = [f"| `{key}` | {to_cell(value)} |" for key, value in found.entries[name].items()]
            word = "argument" if name == "Args" else "attribute"
            parts.append("\n".join([f"| {word} | meaning |", "|---|---|", *rows]))
    for name in ("Returns", "Yields"):
        if name in found.plain:
            parts.append(f"**{name}:** {to_cell(parse(found.plain[name]).text)}")
    if found.entries.get("Raises"):
        rows = [f"- `{key}`: {value}" for key, value in found.entries["Raises"].items()]
        parts.append("**Raises:**\n\n" + "\n".join(rows))
    for name in ("Example", "Examples"):
        if name in found.plain:
            parts.append(f"```pycon\n{found.plain[name]}\n```")
    return parts
