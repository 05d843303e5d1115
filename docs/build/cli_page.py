"""The reference of the command line, from the commands themselves."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer

from docs.build.docstrings import to_cell, to_markdown
from w2s.cli.app import app

_INTRODUCTION = """# Command line

Every command with its arguments and options, as `w2s COMMAND --help` prints them. This page is generated from
the program.

## Rules for all commands

| what | rule |
|---|---|
| results | They go to standard output, as text or with `--json` as JSON. |
| progress and errors | They go to standard error. An error is one line that ends in its code, such as `[filter-null-score]`; see [error codes](error-codes.md). |
| traceback | `w2s --debug COMMAND …` shows the traceback of an error. |
| colours | The environment variable `NO_COLOR` turns them off. |

| exit code | meaning |
|---|---|
| 0 | success |
| 1 | the work failed, or the answer is no (for example: two files disagree, no threshold can be certified) |
| 2 | an option, an argument or a configuration is invalid; nothing was started |
| 3 | the data are invalid |
| 4 | a model or an engine cannot be started, or keeps failing |
| 5 | packages of an extra are missing; the message names the `pip install` |
| 130 | interrupted by Ctrl-C |
"""


def cli_page() -> str:
    """The page as Markdown."""
    root = typer.main.get_command(app)
    sections = [_INTRODUCTION, _options_table("## w2s", root.params)]
    for words, command in commands(root):
        sections.append(_section(words, command))
    return "\n".join(sections)


def commands(root: Any, words: tuple[str, ...] = ("w2s",)) -> list[tuple[str, Any]]:
    """All commands below a command, with the words that call them."""
    if not hasattr(root, "commands"):
        return [(" ".join(words), root)]
    found = []
    for name, command in root.commands.items():
        found += commands(command, (*words, name))
    return found


def _section(words: str, command: Any) -> str:
    text, examples = split_help(command.help or "")
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option" and one.name != "help"]
    usage = " ".join([words, "[OPTIONS]", *(_argument_name(one) for one in arguments)])
    parts = [f"## {words}", to_markdown(text), f"```text\n{usage}\n```"]
    if examples:
        parts.append("```text\n" + "\n".join(examples) + "\n```")
    if arguments:
        rows = [f"| `{_argument_name(one)}` | {to_cell(one.help or '')} |" for one in arguments]
        parts.append("\n".join(["| argument | meaning |", "|---|---|", *rows]))
    panels: dict[str, list[Any]] = {}
    for one in options:
        panels.setdefault(getattr(one, "rich_help_panel", None) or "Options", []).append(one)
    parts += [_options_table(f"**{title}**", params) for title, params in panels.items()]
    return "\n\n".join(parts) + "\n"


def split_help(text: str) -> tuple[str, list[str]]:
    """The prose of a help text, and the commands of its examples, one per line."""
    prose, _, shown = inspect.cleandoc(text).replace("\b", "").partition("\nExample")
    examples: list[str] = []
    for line in shown.partition(":")[2].splitlines():
        words = line.strip()
        starts = words.startswith(("w2s ", "torchrun ", "accelerate ", "producer "))
        if starts:
            examples.append(words)
        elif words and examples:
            examples[-1] = f"{examples[-1].removesuffix(chr(92)).rstrip()} {words}"
    return " \n".join(line for line in prose.strip().splitlines()), examples


def _argument_name(argument: Any) -> str:
    name = argument.name.upper()
    name = f"{name}..." if argument.nargs == -1 else name
    return name if argument.required else f"[{name}]"


def _options_table(title: str, params: list[Any]) -> str:
    rows = []
    for one in params:
        if one.param_type_name != "option" or one.name == "help":
            continue
        name = ", ".join([*one.opts, *one.secondary_opts])
        notes = ["**required**"] if one.required else []
        notes += ["repeatable"] if getattr(one, "multiple", False) else []
        default = one.default if isinstance(one.default, str | int | float) else None
        if default is not None and not isinstance(default, bool) and default != "":
            notes.append(f"default `{default}`")
        rows.append(f"| `{name}` | {_type(one)} | {to_cell(one.help or '')} | {'; '.join(notes)} |")
    return "\n".join([title, "", "| option | value | meaning | |", "|---|---|---|---|", *rows, ""])


def _type(option: Any, annotation: Any = None) -> str:
    """The value of an option in words."""
    if option.metavar:
        return f"`{option.metavar}`"
    annotation = option.type_descriptor.annotation if annotation is None else annotation
    inside = [one for one in get_args(annotation) if one is not type(None)]
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{one}`" for one in inside)
    if inside:
        return _type(option, inside[0])
    if annotation is int and option.min is not None:
        return f"whole number, at least {option.min}"
    return _WORDS.get(annotation, "text")


_WORDS = {bool: "flag", int: "whole number", float: "number", Path: "path"}
