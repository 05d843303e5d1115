"""The names that ``import w2s`` offers."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

import pytest

import w2s


@pytest.mark.parametrize("name", w2s.__all__)
def test_every_public_name_is_importable(name: str) -> None:
    assert getattr(w2s, name) is not None
    assert name in dir(w2s)


def test_version_is_that_of_the_distribution() -> None:
    assert w2s.__version__ == version("w2s")


def test_unknown_name_lists_the_public_ones() -> None:
    with pytest.raises(AttributeError, match="aggregate_votes"):
        w2s.nothing  # noqa: B018


def test_documentation_uses_only_public_names(root: Path) -> None:
    pages = [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
    used = {
        name
        for page in pages
        for name in re.findall(r"(?<!\.)\bw2s\.([a-z_]+)[.(]", page.read_text(encoding="utf-8"))
    }
    assert len(used) > 5
    assert used <= {*w2s.__all__, "_core"}
