"""Commands of docs/language-models.md are commands that the program understands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from w2s.chain.config_file import paper_folder
from w2s.cli.app import app

FENCES = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands(root: Path) -> list[list[str]]:
    """Arguments of every ``w2s`` line, also where a launcher starts it."""
    text = (root / "docs" / "language-models.md").read_text(encoding="utf-8")
    lines = [line for body in FENCES.findall(text) for line in body.replace("\\\n", " ").splitlines()]
    words = [shlex.split(line, comments=True) for line in lines]
    return [one[one.index("w2s") + 1 :] for one in words if "w2s" in one]


def test_every_command_parses(root: Path) -> None:
    found = commands(root)
    assert {one[0] for one in found} == {"chain", "label", "trust", "filter", "train", "eval", "arena"}
    group = typer.main.get_command(app)
    for words in found:
        command, names, rest = group, [], list(words)
        while hasattr(command, "commands"):
            command = command.commands[rest[0]]
            names.append(rest.pop(0))
        with command.make_context(" ".join(names), rest):  # parses every option, and runs nothing
            pass


def test_a_command_that_is_wrong_would_be_noticed() -> None:
    group = typer.main.get_command(app)
    with pytest.raises(Exception, match=r"[Nn]o.such.option"):
        group.commands["chain"].make_context("chain", ["--no-such-option"])  # type: ignore[attr-defined]


def test_every_table_of_the_paper_is_told_with_its_cost(root: Path) -> None:
    text = (root / "docs" / "language-models.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `(\S+\.toml)` \|", text, re.MULTILINE)
    assert sorted(told) == sorted(path.name for path in paper_folder().glob("*.toml"))


def test_help_names_the_estimate() -> None:
    shown = CliRunner().invoke(app, ["chain", "--help"], terminal_width=200)
    assert "--estimate" in shown.output
