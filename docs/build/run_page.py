"""Runs the commands of a page of the documentation, and refreshes the outputs that the page shows.

``python -m docs.build.run_page docs/tutorial.md`` runs the page in a temporary folder and writes what its
commands print into the page. Images of the page that its commands draw are copied to ``docs/images``.

Blocks of a page run from top to bottom in one folder:

- ``sh`` and ``python`` blocks run.
- A block with a title, ``title="chain.toml"``, is written to that file and not run.
- A block ``text title="output"`` shows what the block before it prints.
- All other blocks, such as plain ``text``, are left alone.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^( *)```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_IMAGE = re.compile(r"\]\(images/([^)]+)\)")
_RUN = ("sh", "python")
OUTPUT = "output"
"""Title of blocks that show an output."""


@dataclass(frozen=True)
class Block:
    """A fenced block of a page.

    Attributes:
        language: the word after the fence.
        title: file that the block is written to, :data:`OUTPUT`, or nothing.
        text: the lines of the block, without the indentation of its fence.
        start: place of the first character of the text in the page.
        end: place after its last character.
    """

    language: str
    title: str
    text: str
    start: int
    end: int

    @property
    def runs(self) -> bool:
        """Whether the block is a program."""
        return self.language in _RUN and not self.title


class PageError(Exception):
    """A block of a page failed; the message has the block and what it printed."""


def read_blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, in their order."""
    found = []
    for match in _FENCE.finditer(page):
        indent, language, title, body = match.groups()
        text = "".join(line.removeprefix(indent) for line in body.splitlines(keepends=True))
        found.append(Block(language, title or "", text, match.start(4), match.end(4)))
    return found


def run_page(page: str, folder: Path) -> Iterator[tuple[Block, str]]:
    """Run a page and yield each block that shows an output, with the output.

    Args:
        page: the Markdown text.
        folder: an empty folder in which the page runs.

    Raises:
        PageError: a block failed.
    """
    printed = ""
    for block in read_blocks(page):
        if block.title == OUTPUT:
            yield block, printed
        elif block.title:
            target = folder / block.title
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
        elif block.runs:
            printed = _run(block, folder)


def _run(block: Block, folder: Path) -> str:
    """What a block prints on standard output, without escape codes."""
    command = ["bash", "-euo", "pipefail", "-c", block.text]
    if block.language == "python":
        command = [sys.executable, "-c", block.text]
    done = subprocess.run(
        command, cwd=folder, env=_environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise PageError(f"{block.text}\nexit code {done.returncode}\n{done.stdout}\n{done.stderr}")
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.strip("\n").splitlines())


def _environment() -> dict[str, str]:
    """The environment of the page: this interpreter's ``w2s`` and ``python``, and plain wide text."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return {**os.environ, "PATH": path, "COLUMNS": "120", "NO_COLOR": "1", "MPLBACKEND": "Agg"}


def refresh(path: Path) -> bool:
    """Run a page and write its outputs into it; whether it changed."""
    page = path.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        outputs = list(run_page(page, Path(folder)))
        for image in _IMAGE.findall(page):
            if (Path(folder) / image).exists():
                shutil.copy(Path(folder) / image, path.parent / "images" / image)
    fresh = page
    for block, output in reversed(outputs):
        fresh = fresh[: block.start] + output + fresh[block.end :]
    path.write_text(fresh, encoding="utf-8")
    return fresh != page


if __name__ == "__main__":
    for name in sys.argv[1:]:
        sys.stdout.write(f"{name}: {'changed' if refresh(Path(name)) else 'unchanged'}\n")
