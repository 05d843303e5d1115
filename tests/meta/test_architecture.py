"""The page on architecture names the layers that are enforced, and files that exist."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path


def text(root: Path) -> str:
    """The page."""
    (page,) = (root / "docs").rglob("architecture.md")
    return page.read_text(encoding="utf-8")


def test_layers_are_those_of_the_contract(root: Path) -> None:
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    contract = settings["tool"]["importlinter"]["contracts"][0]
    fence = re.search(r"## Layers.*?```\n(.*?)```", text(root), re.DOTALL)
    assert fence is not None
    assert fence[1].splitlines() == [layer for layer in contract["layers"] if layer != "__main__"]


def test_every_file_to_look_at_exists(root: Path) -> None:
    table = text(root).split("## Where to look")[1].split("## ")[0]
    answers = [line.split("|")[2] for line in table.splitlines() if line.startswith("| ")][1:]
    names = [name for answer in answers for name in re.findall(r"`([a-z_/.0-9-]+)`", answer)]
    assert len(names) > 25
    assert [name for name in names if not exists(root, name)] == []


def exists(root: Path, name: str) -> bool:
    """Whether a path in the repository, or a module or package of the package, exists."""
    module = root / "python" / "w2s" / name
    return (root / name).exists() or module.is_dir() or module.with_suffix(".py").is_file()


def test_every_package_has_a_paragraph(root: Path) -> None:
    part = text(root).split("## Packages")[1].split("## Where")[0]
    heads = re.findall(r"^(\*\*`.*?\*\*)", part, re.MULTILINE)
    named = {name for head in heads for name in re.findall(r"`(\w+)`", head)}
    package = root / "python" / "w2s"
    modules = {path.stem for path in package.glob("*.py")} | {
        path.parent.name for path in package.glob("*/__init__.py")
    }
    assert named == modules - {"__init__", "__main__"}
