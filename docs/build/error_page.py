"""The reference of error codes, from the places in the source that raise them."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import w2s.errors
from docs.build.docstrings import to_cell
from docs.build.rust_messages import rust_messages
from w2s.errors import W2sError

_PACKAGE = Path(w2s.errors.__file__).parent
_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+|interrupted")
_CLASSES: dict[str, type[W2sError]] = {
    name: kind
    for name, kind in vars(w2s.errors).items()
    if isinstance(kind, type) and issubclass(kind, W2sError) and name != "MissingExtraError"
}
_LONGEST = 240
_EXTRAS = ("chess", "models", "rl", "quant", "vllm", "polars")


@dataclass(frozen=True)
class Raise:
    """A place that raises an error.

    Attributes:
        code: the code.
        kind: name of the class.
        module: the module of Python, with dots, or of a crate, with slashes.
        message: the message, with ``…`` for what is not fixed; empty if the source does not show it.
    """

    code: str
    kind: str
    module: str
    message: str


def error_page() -> str:
    """The page as Markdown."""
    by_code: dict[str, list[Raise]] = defaultdict(list)
    for one in find_raises():
        by_code[one.code].append(one)
    topics: dict[str, list[str]] = defaultdict(list)
    for code in sorted(by_code):
        topics[code.partition("-")[0]].append(code)
    sections = [_INTRODUCTION]
    for topic, codes in topics.items():
        rows = [_row(code, by_code[code]) for code in codes]
        sections.append("\n".join([f"## {topic}", "", *_HEAD, *rows, ""]))
    extras = [f"| `missing-extra-{one}` | `MissingExtraError` | 5 | | {_missing(one)} |" for one in _EXTRAS]
    sections.append("\n".join(["## missing", "", *_HEAD, *extras, ""]))
    return "\n".join(sections)


_HEAD = ["| code | class | exit code | raised in | message |", "|---|---|---|---|---|"]
_INTRODUCTION = """# Error codes

Every error that w2s reports on purpose has a code. The command line prints it in square brackets at the end of
the message, and in Python it is the attribute `code` of the exception. Messages can be reworded; codes stay.
This page is generated from the source: `{name}` in a message is filled in, and `…` is a part that varies.

```text
error: there is no column 'trsut'; did you mean trust? [table-unknown-column]
```

```python
import w2s

try:
    w2s.select([0.1, 0.9], top="many")
except w2s.errors.W2sError as error:
    print(error.code, error.exit_code)
```

| class | exit code | meaning |
|---|---|---|
| `UsageError` | 2 | An option, an argument or a configuration is invalid. Nothing was started. |
| `DataError` | 3 | A file, a row or a position cannot be used. |
| `ModelError` | 4 | A model or an engine cannot be started, or keeps failing. |
| `MissingExtraError` | 5 | Packages are missing. |
| `InterruptedWorkError` | 130 | Ctrl-C; the message says what was kept. |
| `W2sError` | 1 | The work failed for another reason. It is the base class of all others. |

"invalid value" in the column *class* is a value in a configuration. It reaches the user as a `UsageError` that
names the key. A place such as `w2s-core/select` is a module of a Rust crate.
"""


def _missing(extra: str) -> str:
    return f"… needs more packages: pip install 'w2s[{extra}]'"


def _row(code: str, places: list[Raise]) -> str:
    kinds = sorted({one.kind for one in places})
    exits = sorted({_exit_code(kind) for kind in kinds})
    modules = sorted({one.module for one in places})
    message = max((one.message for one in places), key=lambda text: (bool(text), -len(text)), default="")
    where = ", ".join(f"`{name}`" for name in modules)
    named = ", ".join(f"`{kind}`" if kind in _CLASSES else kind for kind in kinds)
    return f"| `{code}` | {named} | {', '.join(map(str, exits))} | {where} | {to_cell(message)} |"


def _exit_code(kind: str) -> int:
    return _CLASSES[kind].exit_code if kind in _CLASSES else 2


_TRANSLATED = (
    Raise("config-unknown-key", "UsageError", "w2s.config", "{key} is not a known key; did you mean …?"),
    Raise("config-invalid-value", "UsageError", "w2s.config", "{key}: …"),
)
"""Codes that a module chooses for errors of another package."""


@cache
def listed_codes() -> frozenset[str]:
    """All codes of the page, except those of missing extras."""
    return frozenset(one.code for one in find_raises())


@cache
def find_raises() -> tuple[Raise, ...]:
    """All places of the package that raise an error with a code, sorted by file."""
    return tuple(_find_raises())


def _find_raises() -> Iterator[Raise]:
    yield from _TRANSLATED
    yield from _core_raises()
    for path in sorted(_PACKAGE.rglob("*.py")):
        module = ".".join(path.relative_to(_PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        yield from _literal_raises(tree, module)
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                yield from _chosen_codes(function, module)
                yield from _passed_codes(function, tree, module)


def _core_raises() -> Iterator[Raise]:
    """Errors of the Rust crates, which :mod:`w2s.kernels` raises in Python."""
    for one in rust_messages():
        if one.code:
            module = re.sub(r"^rust/([^/]+)/src/(.*?)(/error|/mod)?\.rs$", r"\1/\2", one.place)
            text = re.sub(r"\{(\w*)[^}]*\}", lambda field: f"{{{field[1]}}}" if field[1] else "…", one.text)
            yield Raise(one.code, one.kind, module, text)


def _literal_raises(tree: ast.AST, module: str) -> Iterator[Raise]:
    """Calls of an exception or of ``invalid_value`` with a code as their first argument."""
    for call in ast.walk(tree):
        kind = _kind(call)
        if kind and is_code(call.args[0]):  # type: ignore[attr-defined]
            yield Raise(call.args[0].value, kind, module, _text(call))  # type: ignore[attr-defined]


def _chosen_codes(function: ast.FunctionDef, module: str) -> Iterator[Raise]:
    """Codes that a function chooses between before it raises an exception with a variable code."""
    raised = [one for one in ast.walk(function) if _kind(one) and isinstance(one.args[0], ast.Name)]  # type: ignore[attr-defined]
    literal = {id(one.args[0]) for one in ast.walk(function) if _kind(one)}  # type: ignore[attr-defined]
    for one in raised[:1]:
        for node in ast.walk(function):
            if is_code(node) and id(node) not in literal:
                yield Raise(node.value, _kind(one), module, _text(one))  # type: ignore[attr-defined]


def _passed_codes(helper: ast.FunctionDef, tree: ast.AST, module: str) -> Iterator[Raise]:
    """Codes that callers pass to a function whose parameter ``code`` becomes the code of an exception."""
    names = [one.arg for one in [*helper.args.args, *helper.args.kwonlyargs]]
    kinds = [_kind(one) for one in ast.walk(helper) if _kind(one)]
    if "code" not in names or not kinds:
        return
    for call in ast.walk(tree):
        called = getattr(call, "func", None)
        if getattr(called, "id", getattr(called, "attr", "")) == helper.name:
            values = [*call.args, *(one.value for one in call.keywords)]  # type: ignore[attr-defined]
            for value in filter(is_code, values):
                yield Raise(value.value, kinds[0], module, "")


def _kind(node: ast.AST) -> str:
    """The exception that a call builds from a code and a message, or nothing."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or len(node.args) < 2:
        return ""
    name = node.func.id
    return name if name in _CLASSES else "invalid value" if name == "invalid_value" else ""


def is_code(node: ast.AST) -> bool:
    """Whether a node is a text in the form of an error code."""
    return (
        isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(_CODE.fullmatch(node.value))
    )


def _text(call: ast.AST) -> str:
    return _message(call.args[1])  # type: ignore[attr-defined]


def _message(node: ast.expr) -> str:
    """The text of a message: fields with simple names as ``{name}``, others as ``…``."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_piece(part) for part in node.values)[:_LONGEST]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return (_message(node.left) + _message(node.right))[:_LONGEST]
    return "…"


def _piece(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    value = part.value if isinstance(part, ast.FormattedValue) else part
    return f"{{{value.id}}}" if isinstance(value, ast.Name) else "…"
