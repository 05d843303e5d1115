"""The reference of error codes, from the places in the source that raise them."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import w2s.errors
from docs.build.docstrings import to_cell
from w2s.errors import W2sError

_PACKAGE = Path(w2s.errors.__file__).parent
_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+|interrupted")
_CLASSES: dict[str, type[W2sError]] = {
    name: kind
    for name, kind in vars(w2s.errors).items()
    if isinstance(kind, type) and issubclass(kind, W2sError) and name != "MissingExtraError"
}
_LONGEST = 240
_EXTRAS = ("chess", "models", "rl", "quant", "vllm")


@dataclass(frozen=True)
class Raise:
    """A place that raises an error.

    Attributes:
        code: the code.
        kind: name of the class.
        module: the module, with dots.
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
names the key.
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


def find_raises() -> Iterator[Raise]:
    """All places of the package where a literal code is used, sorted by file."""
    for path in sorted(_PACKAGE.rglob("*.py")):
        module = ".".join(path.relative_to(_PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield from _from_call(node, module)


def _from_call(call: ast.Call, module: str) -> Iterator[Raise]:
    """A call of an exception, of ``invalid_value``, or of a helper that is given the code."""
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    named = [one.value for one in call.keywords if one.arg == "code"]
    for place, value in enumerate([*call.args, *named]):
        if not (isinstance(value, ast.Constant) and isinstance(value.value, str)):
            continue
        if not _CODE.fullmatch(value.value):
            continue
        if (name in _CLASSES or name == "invalid_value") and place == 0:
            message = _message(call.args[1]) if len(call.args) > 1 else ""
            kind = name if name in _CLASSES else "invalid value"
            yield Raise(value.value, kind, module, message)


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
