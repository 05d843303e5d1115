"""Makes the notebook of the tutorial from its page, with the outputs that the page shows.

``python -m docs.build.notebook`` writes ``examples/tutorial.ipynb``. The page is the source: its commands become
cells that run in bash, its Python blocks become cells, and its output blocks become their outputs.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from docs.build.run_page import OUTPUT, Block, read_blocks

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "tutorial.md"
NOTEBOOK = ROOT / "examples" / "tutorial.ipynb"
BASH = "%%bash -e\n"
"""First line of a cell that runs in bash."""
_INTRODUCTION = """The text and the code are those of the page
[docs/tutorial.md](https://github.com/w2s-dev/w2s/blob/main/docs/tutorial.md). Start Jupyter in an environment in which
`w2s --version` works. The first cell makes an empty folder and works there."""
_FOLDER = """import os
import tempfile

os.chdir(tempfile.mkdtemp(prefix="w2s-tutorial-"))"""
_LINK = re.compile(r"\]\((?!https?:|#)")
_FENCE_START = re.compile(r"^ *```.*\n\Z", re.MULTILINE)


def notebook(page: str) -> dict[str, Any]:
    """The notebook of a page, in the format of Jupyter, version 4.5."""
    head, _, rest = page.partition("\n\n")
    cells = [_markdown(f"{head}\n\n{_INTRODUCTION}"), _code(_FOLDER)]
    end = 0
    for block in read_blocks(rest):
        if block.title == OUTPUT:
            cells[-1]["outputs"] = [{"name": "stdout", "output_type": "stream", "text": _lines(block.text)}]
        elif block.runs:
            cells += _text_before(rest[end : block.start])
            cells.append(_code(_source(block)))
        else:
            continue
        end = block.end + len("```\n")
    cells += _text_before(rest[end:])
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    for number, cell in enumerate((cell for cell in cells if cell["cell_type"] == "code"), start=1):
        cell["execution_count"] = number
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _source(block: Block) -> str:
    return (BASH if block.language == "sh" else "") + block.text


def _text_before(text: str) -> list[dict[str, Any]]:
    """A cell of the text before a block, without the first line of its fence; none if nothing is left."""
    text = _FENCE_START.sub("", text).strip()
    return [_markdown(_LINK.sub("](../docs/", text))] if text else []


def _markdown(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": _lines(text)}


def _code(text: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": _lines(text.rstrip("\n")),
    }


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def to_json(content: dict[str, Any]) -> str:
    """A notebook as Jupyter writes it."""
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    NOTEBOOK.write_text(to_json(notebook(PAGE.read_text(encoding="utf-8"))), encoding="utf-8")
    sys.stdout.write(f"{NOTEBOOK}\n")
