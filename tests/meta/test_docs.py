"""Pages of the documentation: commands parse, blocks run, generated pages are complete."""

from __future__ import annotations

import ast
import dataclasses
import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from docs.build import cli_page, config_page, docstrings, error_page, python_page
from docs.build.config_meanings import MEANINGS
from docs.build.figure import FIGURE, RESULTS, draw, read_accuracies
from docs.build.notebook import NOTEBOOK, PAGE, notebook, to_json
from docs.build.reference import PAGES
from docs.build.run_page import Block, read_blocks, run_page
from w2s.arena.spec import ArenaSpec
from w2s.chain import ChainConfig, load_config
from w2s.chain.config_file import paper_folder
from w2s.chain.data.matches import MatchReport
from w2s.chain.report import ArmReport, CurvePoint, Measure, RoundReport, TrustSummary
from w2s.cli.app import app
from w2s.config import Config

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
GENERATED = {"results.md", "benchmarks.md"}
"""Pages that are measurements of their day; their commands had other names then."""
WRITTEN = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "examples" / "README.md"]
    + [path for path in DOCS.rglob("*.md") if path.name not in GENERATED]
)
_NUMBERS = re.compile(r"[-+]?\d[\d,.]*|[-=]{3,}| +")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks(path: Path) -> list[Block]:
    return read_blocks(path.read_text(encoding="utf-8"))


def commands(text: str) -> list[list[str]]:
    """Arguments of every ``w2s`` line of a block, also where a launcher or a pipe starts it."""
    found = []
    for line in text.replace("\\\n", " ").splitlines():
        if "…" in line:
            continue
        words = shlex.split(line, comments=True)
        for place, word in enumerate(words):
            if word == "w2s" and (place == 0 or words[place - 1] in ("|", "&&", "-m")):
                rest = words[place + 1 :]
                ends = [rest.index(sign) for sign in ("|", "&&", ">", "2>") if sign in rest]
                found.append(rest[: min(ends, default=len(rest))])
    return found


@cache
def program() -> Any:
    """The command line as click has it."""
    return typer.main.get_command(app)


def parse(words: list[str]) -> None:
    """Parse every option of a command, and run nothing."""
    command = program()
    names, rest = [], list(words)
    while hasattr(command, "commands"):
        names.append(rest.pop(0))
        command = command.commands[names[-1]]
    with command.make_context(" ".join(names), rest):
        pass


# Commands ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", WRITTEN, ids=name)
def test_every_command_of_a_page_parses(path: Path) -> None:
    for block in blocks(path):
        if block.language in ("sh", "text") and not block.title:
            for words in commands(block.text):
                if words[0] not in ("COMMAND", "[OPTIONS]", "--debug"):
                    parse(words)


@pytest.mark.slow
def test_every_example_of_a_help_text_parses() -> None:
    found = [
        words
        for _, command in cli_page.commands(program())
        for example in cli_page.split_help(command.help or "")[1]
        for words in commands(example)
    ]
    assert len(found) > 20
    for words in found:
        parse(words)


def test_pages_show_every_command() -> None:
    used = {words[0] for path in WRITTEN for block in blocks(path) for words in commands(block.text)}
    assert used >= set(program().commands) - {"agree"}


def test_a_wrong_option_is_noticed() -> None:
    with pytest.raises(Exception, match=r"[Nn]o.such.option"):
        parse(["chain", "--no-such-option"])


# Blocks that run --------------------------------------------------------------------------------------------


RUNNING = [path for path in WRITTEN if any(block.runs for block in blocks(path))]


@pytest.mark.slow
@pytest.mark.parametrize("path", RUNNING, ids=name)
def test_the_blocks_of_a_page_run(path: Path, tmp_path: Path) -> None:
    for block, output in run_page(path.read_text(encoding="utf-8"), tmp_path):
        assert _words(output) == _words(block.text), f"python -m docs.build.run_page {name(path)}"


def _words(text: str) -> list[str]:
    """The lines of an output without what depends on the machine: numbers, spaces, and the sentence that says
    what trust was worth."""
    lines = (line.partition(": trust is ")[0] for line in text.splitlines())
    return [_NUMBERS.sub("", line) for line in lines]


def test_pages_run_in_one_folder_from_top_to_bottom(tmp_path: Path) -> None:
    page = (
        '```python title="one.py"\nVALUE = 1\n```\n'
        '```python\nimport one\nprint(one.VALUE)\n```\n```text title="output"\n```\n'
        "```text\nnot run\n```\n"
    )
    assert [output for _, output in run_page(page, tmp_path)] == ["1\n"]


@pytest.mark.parametrize(
    "path", [path for path in WRITTEN if path.is_relative_to(DOCS)], ids=lambda path: name(path)
)
def test_toml_of_a_page_is_a_chain_or_a_part_of_one(path: Path, tmp_path: Path) -> None:
    base = 'teacher = "policy:chess-small"\nstudent = "policy:chess-large"\n'
    for place, block in enumerate(blocks(path)):
        if block.language != "toml" or block.title or "entry-points" in block.text:
            continue
        file = tmp_path / f"{place}.toml"
        has_questions = "columns" in block.text or "hf:" in block.text
        has_examples = "examples" in block.text or "matches" in block.text
        options = {} if has_examples else {"examples": {"files": ["puzzles.csv"]}}
        file.write_text(('task = "choice"\n' if has_questions else "") + base + block.text)
        load_config(file=file, options=options)


# Generated pages --------------------------------------------------------------------------------------------


def test_error_codes_are_complete(tmp_path: Path) -> None:
    page = PAGES["reference/error-codes.md"]()
    assert len(set(re.findall(r"^\| `([a-z0-9-]+)` ", page, re.MULTILINE))) > 150
    assert "| `filter-null-score` | `DataError` | 3 |" in page
    assert "| `select-nan-score` | `DataError` | 3 | `w2s-core/select` | score {index} is NaN" in page
    assert "| `select-bad-budget` | `UsageError` | 2 |" in page
    assert "[table-unknown-column]" in page
    assert "\n| `table-unknown-column` |" in page
    list(run_page(page, tmp_path))


def test_every_code_of_the_package_is_found() -> None:
    found = {one.code for one in error_page.find_raises()}
    topics = {code.partition("-")[0] for code in found}
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "python" / "w2s").rglob("*.py")]
    nodes = [node for text in texts for node in ast.walk(ast.parse(text))]
    literals = {node.value for node in nodes if error_page.is_code(node)}
    written = {code for code in literals if code.partition("-")[0] in topics}
    assert len(written) > 250
    assert written - found == {"trust-then-gold"}  # the name of an arm


@pytest.mark.parametrize("model", [ArenaSpec, ChainConfig])
def test_every_key_of_a_configuration_has_a_meaning(model: Any) -> None:
    missing = [
        f"{table.__name__}.{key}"
        for _, table in config_page.nested(model)
        for key in table.model_fields
        if not config_page.meanings(table).get(key)
    ]
    assert missing == []


@pytest.mark.parametrize("title", ["Policy nets", "Language models"])
def test_every_setting_of_a_training_has_a_meaning(title: str) -> None:
    settings = config_page.training_settings()[title]
    known = config_page.meanings(settings)
    assert [one for one in settings.__dataclass_fields__ if not known.get(one)] == []


def test_configuration_lists_nested_tables() -> None:
    page = PAGES["reference/config.md"]()
    assert "`[rules.draw]`" in page
    assert "`[[examples.sets]]`" in page


def test_commands_are_complete() -> None:
    page = PAGES["reference/cli.md"]()
    assert "## w2s trust votes" in page
    assert "| `--top` |" in page


def test_python_page_documents_every_public_name() -> None:
    page = PAGES["reference/python.md"]()
    assert "### `w2s.select`" in page
    assert "### `w2s.chain.run`" in page
    for package in python_page.PACKAGES:
        for public in python_page.public_names(package):
            assert f".{public}`" in page


def test_columns_of_labels_are_explained() -> None:
    page = PAGES["reference/labels-table.md"]()
    assert "| `afterstate` | vectors of a network | `afterstate.parquet` |" in page


def test_docstrings_are_read_in_their_parts() -> None:
    found = docstrings.parse("Adds.\n\nArgs:\n    a: the first\n        number.\n    b: the second.\n\nEnd.")
    assert found.summary == "Adds."
    assert found.entries["Args"] == {"a": "the first number.", "b": "the second."}


# Content ----------------------------------------------------------------------------------------------------


def test_every_verdict_is_explained() -> None:
    from w2s.arena.verification import VERDICTS

    text = (DOCS / "howto" / "run-an-arena.md").read_text(encoding="utf-8")
    assert [word for word in VERDICTS if f"| `{word}` |" not in text] == []
    assert [word for word in VERDICTS if f"`{word}`" not in PAGES["reference/labels-table.md"]()] == []


def test_every_table_of_the_paper_is_listed_with_its_cost() -> None:
    text = (DOCS / "howto" / "language-models.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `(\S+\.toml)` \|", text, re.MULTILINE)
    assert sorted(told) == sorted(path.name for path in paper_folder().glob("*.toml"))


def test_every_trust_function_is_explained() -> None:
    from w2s.trust.registry import function_names, is_builtin

    text = (DOCS / "explanation" / "trust.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `([a-z_]+)` \| [^|]+ \| [^|]+ \| [^|]+ \|$", text, re.MULTILINE)
    assert set(told) >= {one for one in function_names() if is_builtin(one)}


def test_the_figure_shows_the_results() -> None:
    assert FIGURE.read_text(encoding="utf-8") == draw(read_accuracies(RESULTS.read_text(encoding="utf-8")))


def test_the_notebook_is_that_of_the_tutorial() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert NOTEBOOK.read_text(encoding="utf-8") == to_json(notebook(page)), "python -m docs.build.notebook"


def test_a_page_becomes_cells_with_outputs() -> None:
    page = (
        '# Title\n\nText, see [a](b.md).\n\n```sh\nls\n```\n\n```text title="output"\nx\n```\n\n'
        "```text\nnot run\n```\n\n```python\npass\n```\n"
    )
    cells = notebook(page)["cells"][2:]
    assert ["".join(cell["source"]) for cell in cells] == [
        "Text, see [a](../docs/b.md).",
        "%%bash -e\nls",
        "```text\nnot run\n```",
        "pass",
    ]
    assert cells[1]["outputs"] == [{"name": "stdout", "output_type": "stream", "text": ["x\n"]}]
    assert cells[3]["outputs"] == []


def test_relative_links_lead_to_pages() -> None:
    broken = []
    for path in DOCS.rglob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            place = (path.parent / target).resolve()
            if not place.exists() and place.relative_to(DOCS).as_posix() not in PAGES:
                broken.append(f"{name(path)}: {target}")
    assert broken == []


def test_pages_name_no_folder_outside_the_project() -> None:
    assert [name(path) for path in WRITTEN if "shared/data" in path.read_text(encoding="utf-8")] == []


@pytest.mark.data
def test_checksums_are_those_of_the_data(data: Path) -> None:
    import hashlib

    page = blocks(DOCS / "howto" / "reproduce-results.md")
    sums = next(block.text for block in page if block.title == "SHA256SUMS")
    lines = [line.split() for line in sums.splitlines()]
    assert len(lines) > 20
    wrong = [
        file
        for digest, file in lines
        if (data / file).exists() and hashlib.sha256((data / file).read_bytes()).hexdigest() != digest
    ]
    assert wrong == []


def test_every_meaning_belongs_to_a_key() -> None:
    tables = [table for model in (ArenaSpec, ChainConfig) for _, table in config_page.nested(model)]
    kinds = {base.__name__: base for table in tables for base in table.__mro__ if issubclass(base, Config)}
    rows = [key.split(".") for key in MEANINGS]
    assert [(kind, key) for kind, key in rows if key not in kinds[kind].model_fields] == []


@pytest.mark.parametrize(
    "kind",
    [Measure, TrustSummary, ArmReport, RoundReport, CurvePoint, MatchReport],
    ids=lambda kind: kind.__name__,
)
def test_every_key_of_the_metrics_is_explained(kind: Any) -> None:
    page = (DOCS / "reference" / "metrics-json.md").read_text(encoding="utf-8")
    assert [one.name for one in dataclasses.fields(kind) if f"`{one.name}`" not in page] == []


@pytest.mark.parametrize("path", WRITTEN, ids=name)
def test_files_of_the_repository_that_a_page_names_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = set(re.findall(r"\b((?:python|tests|rust|arenas|studies|benchmarks|examples)/[\w./-]*\w)", text))
    missing = [one for one in sorted(named) if not re.search("[A-Z]", one) and not (ROOT / one).exists()]
    assert missing == []


def test_what_a_game_must_implement_is_listed() -> None:
    trait = (ROOT / "rust" / "w2s-games" / "src" / "game.rs").read_text(encoding="utf-8")
    required = re.findall(r"^    (?:fn (\w+)\([^{;]*|const (\w+): [^=;]*);", trait, re.MULTILINE)
    page = (DOCS / "howto" / "add-a-game.md").read_text(encoding="utf-8")
    names = ["".join(pair) for pair in required]
    assert len(names) > 12
    assert [one for one in names if f"`{one}`" not in page] == []
