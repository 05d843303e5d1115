"""Every exception that w2s raises has a stable code, and a code means one kind of fault."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import w2s.errors

CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+|interrupted")
CLASSES = {name for name in vars(w2s.errors) if name.endswith("Error")} - {"MissingExtraError"}
# Validators raise ``invalid_value``, and the configuration turns it into a UsageError with the same code.
MAKERS = {**{name: name for name in CLASSES}, "invalid_value": "UsageError"}
SEVERAL_CLASSES = {
    "chain-keep-nothing": "an option that keeps nothing, or a share that keeps nothing of this pool",
    "game-unknown": "an option, or a value in a file",
}


@cache
def calls(root: Path) -> list[tuple[str, ast.Call]]:
    """Calls that make one of our exceptions, each with its file and line."""
    found = []
    for path in sorted((root / "python").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MAKERS:
                found.append((f"{path.relative_to(root)}:{node.lineno}", node))
    assert len(found) > 300
    return found


def codes(argument: ast.expr) -> list[str]:
    """The literal codes of an argument; two of ``"a" if condition else "b"``."""
    if isinstance(argument, ast.IfExp):
        return [*codes(argument.body), *codes(argument.orelse)]
    return [argument.value] if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else []


def is_coded(call: ast.Call) -> bool:
    """Whether a call has a code and a message; a helper may pass on a code that it was given."""
    if len(call.args) != 2 or call.keywords:
        return False
    found = codes(call.args[0])
    return all(map(CODE.fullmatch, found)) if found else isinstance(call.args[0], ast.Name | ast.Attribute)


def test_every_exception_has_a_code(root: Path) -> None:
    assert [where for where, call in calls(root) if not is_coded(call)] == []


def test_a_code_belongs_to_one_class(root: Path) -> None:
    classes = defaultdict(set)
    for _, call in calls(root):
        assert isinstance(call.func, ast.Name)
        for code in codes(call.args[0]):
            classes[code].add(MAKERS[call.func.id])
    assert len(classes) > 300
    assert {code for code, names in classes.items() if len(names) > 1} == set(SEVERAL_CLASSES)


def test_an_exception_takes_a_code_and_a_message() -> None:
    error = w2s.errors.DataError("table-empty-row", "row 3 is empty")
    assert (error.code, str(error), error.exit_code) == ("table-empty-row", "row 3 is empty", 3)
