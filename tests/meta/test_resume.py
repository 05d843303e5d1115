"""Only ``w2s.files`` renames files, so every output of the package is complete when it has its name."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

MOVES = {("os", "rename"), ("os", "renames"), ("os", "replace"), ("shutil", "move")}


def renames(source: str) -> list[int]:
    """Lines that call ``Path.rename``, ``Path.replace`` or a function of ``MOVES``, or import one.

    ``str.replace`` takes two arguments, ``datetime.replace`` and ``dataclasses.replace`` take keywords.
    """
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            if any((node.module, alias.name) in MOVES for alias in node.names):
                found.append(node.lineno)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value.id if isinstance(node.func.value, ast.Name) else None
            one_target = len(node.args) == 1 and not node.keywords
            if (owner, node.func.attr) in MOVES or (one_target and node.func.attr in {"rename", "replace"}):
                found.append(node.lineno)
    return found


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("part.replace(path)", 1),
        ("(folder / 'a').rename(folder / 'b')", 1),
        ("os.replace(a, b)", 1),
        ("shutil.move(a, b)", 1),
        ("from os import rename", 1),
        ("text.replace('a', 'b')", 0),
        ("replace(options, seed=1)", 0),
        ("now.replace(hour=0)", 0),
        ("table.rename_columns(names)", 0),
    ],
)
def test_search_tells_renames_from_other_calls(source: str, expected: int) -> None:
    assert len(renames(source)) == expected


def test_one_module_renames_files(root: Path) -> None:
    package = root / "python" / "w2s"
    found = {
        str(path.relative_to(package)): renames(path.read_text(encoding="utf-8"))
        for path in sorted(package.rglob("*.py"))
    }
    assert len(found) > 200
    assert len(found.pop("files.py")) >= 3
    assert not {name: lines for name, lines in found.items() if lines}
