"""The README: short, with absolute links and a true tree. Its blocks run in ``test_docs``."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from docs.build.run_page import read_blocks

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_has_at_most_150_lines() -> None:
    assert len(README.splitlines()) <= 150


def test_links_of_the_readme_are_absolute_and_lead_to_files() -> None:
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]
    home = urls["Repository"]
    links = re.findall(r"(?:\]\(|^\[\w+\]: )([^)\s#]+)", README, re.MULTILINE)
    assert len(links) > 8
    for link in links:
        raw = home.replace("github.com", "raw.githubusercontent.com") + "/main/"
        start = next(one for one in (f"{home}/blob/main/", f"{home}/tree/main/", raw) if link.startswith(one))
        assert (ROOT / link.removeprefix(start)).exists(), link


def test_the_tree_of_the_readme_is_true() -> None:
    tree = next(block.text for block in read_blocks(README) if block.text.startswith("rust/"))
    names = [line.split()[0] for line in tree.splitlines() if line.strip()]
    assert len(names) > 15
    assert [name for name in names if not (ROOT / name).exists()] == []


def test_links_of_other_root_pages_lead_to_files() -> None:
    for page in ("CONTRIBUTING.md", "SECURITY.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        for path in re.findall(r"/blob/main/([^)#\s]+)\)", text):
            assert (ROOT / path).exists(), path
