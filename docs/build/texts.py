"""Writes every text that w2s shows to its users into one file, for proof-reading: ``make texts``.

The file has the help of every command, and the messages of the Python package and of the Rust crates in the
order of their source. Each line starts with the line number and the error codes of its text. ``{name}`` is
filled in when the text is shown; ``…`` is a part that the source computes.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from docs.build.cli_page import commands
from docs.build.error_page import is_code, listed_codes
from docs.build.rust_messages import ROOT, WORDS, rust_messages
from w2s.cli.app import app

DEFAULT = ROOT / "texts.txt"


@dataclass(frozen=True)
class Text:
    """A text that a user may read.

    Attributes:
        place: command or file, relative to the repository.
        line: line of the file, or 0 for the help of a command.
        codes: error codes of the text.
        text: the text in one line.
    """

    place: str
    line: int
    codes: tuple[str, ...]
    text: str


def all_texts() -> list[Text]:
    """Help texts, then the texts of Python files, then those of Rust files."""
    helps = help_texts()
    shown = {one.text.rpartition(": ")[2] for one in helps} | {one.text for one in helps}
    return [*helps, *(one for one in [*python_texts(), *rust_texts()] if one.text not in shown)]


def write(path: Path) -> None:
    """Write all texts into a file, grouped by command or file."""
    lines: list[str] = []
    place = ""
    for one in all_texts():
        if one.place != place:
            place = one.place
            lines += ["", f"== {place}", ""]
        codes = "".join(f" [{code}]" for code in one.codes)
        lines.append(f"{one.line or ''}{codes} {one.text}".strip())
    path.write_text("\n".join(lines[1:]) + "\n", encoding="utf-8")


# Help texts -------------------------------------------------------------------------------------------------


def help_texts() -> list[Text]:
    """Descriptions, options and closing lines of all commands."""
    root = typer.main.get_command(app)
    groups = [("w2s", root), *((f"w2s {name}", one) for name, one in root.commands.items() if _is_group(one))]  # type: ignore[attr-defined]
    return [text for words, command in [*groups, *commands(root)] for text in _help(words, command)]


def _is_group(command: Any) -> bool:
    return hasattr(command, "commands")


def _help(words: str, command: Any) -> Iterator[Text]:
    """The texts of one command: description, options, and epilog."""
    for text in (command.help, command.short_help):
        if text:
            yield Text(words, 0, (), _one_line(text))
    for option in command.params:
        names = ", ".join([*option.opts, *option.secondary_opts])
        metavar = f" {option.metavar}" if option.metavar else ""
        about = _one_line(getattr(option, "help", None) or "")
        yield Text(words, 0, (), f"{names}{metavar}: {about}")
    if command.epilog:
        yield Text(words, 0, (), _one_line(command.epilog))


def _one_line(text: str) -> str:
    return " ".join(text.replace("\b", "").split())


# Python -----------------------------------------------------------------------------------------------------


def python_texts() -> list[Text]:
    """Messages and printed lines of the package: every text of several words, except docstrings and help.

    A call that takes an error code is one text with its code, also if its message is computed.
    """
    found = []
    for path in sorted((ROOT / "python" / "w2s").rglob("*.py")):
        place = path.relative_to(ROOT).as_posix()
        found += [
            Text(place, line, codes, text)
            for line, codes, text in sorted(_messages(ast.parse(path.read_text(encoding="utf-8"))))
        ]
    return found


def _messages(tree: ast.AST) -> Iterator[tuple[int, tuple[str, ...], str]]:
    """Line, codes and text of each message of a file."""
    known = listed_codes()
    nodes = list(ast.walk(tree))
    seen = {id(part) for node in nodes for part in _silent(node)}
    for node in nodes:
        codes = _codes(node, known) if isinstance(node, ast.Call) else ()
        if isinstance(node, ast.Call) and codes:
            messages = [one for one in node.args if not _codes(one, known)]
            seen |= {id(part) for part in ast.walk(node)}
            yield node.lineno, codes, _one_line(" | ".join(map(_show, messages)))
    for node in nodes:
        if not isinstance(node, ast.expr) or id(node) in seen:
            continue
        if codes := _codes(node, known):
            yield node.lineno, codes, ""
        elif _is_text(node):
            seen |= {id(part) for part in ast.walk(node)}
            if WORDS.search(_show(node)):
                yield node.lineno, (), _one_line(_show(node))


def _silent(node: ast.AST) -> Iterator[ast.AST]:
    """Parts of a node that are not messages: docstrings, and help texts, which the commands show."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield node.value
    for keyword in getattr(node, "keywords", []):
        if isinstance(keyword, ast.keyword) and keyword.arg == "help":
            yield from ast.walk(keyword.value)


def _codes(node: ast.AST, known: frozenset[str]) -> tuple[str, ...]:
    """Error codes among the arguments of a call, or the codes that an argument chooses between."""
    if isinstance(node, ast.Call):
        values = [*node.args, *(keyword.value for keyword in node.keywords)]
        return tuple(code for one in values if not isinstance(one, ast.Call) for code in _codes(one, known))
    if isinstance(node, ast.IfExp):
        return (*_codes(node.body, known), *_codes(node.orelse, known))
    return (node.value,) if is_code(node) and node.value in known else ()  # type: ignore[attr-defined]


def _is_text(node: ast.AST) -> bool:
    """Whether a node is a text, or a sum that begins with one."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _is_text(node.left) or _is_text(node.right)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _show(node: ast.AST) -> str:
    """A text with its fields as the source writes them."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(map(_show, node.values))
    if isinstance(node, ast.FormattedValue):
        return f"{{{ast.unparse(node.value)}}}"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _show(node.left) + _show(node.right)
    if isinstance(node, ast.IfExp):
        return f"{_show(node.body)} / {_show(node.orelse)}"
    return f"{{{ast.unparse(node)}}}" if isinstance(node, ast.expr) else "…"


# Rust -------------------------------------------------------------------------------------------------------


def rust_texts() -> list[Text]:
    """Messages of the crates, in the order of their source."""
    return [Text(one.place, one.line, (one.code,) if one.code else (), one.text) for one in rust_messages()]


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT
    write(target)
    sys.stdout.write(f"{target}\n")
