"""The programs and the notebook in ``examples``: each runs offline in an empty folder, twice."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from docs.build.notebook import BASH, NOTEBOOK
from tests.doubles.chat import ChatRequest, ChatServer

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))
_MISSING = re.compile(
    r"No module named '(torch|transformers|datasets|sklearn|chess|matplotlib)|(missing-extra-\w+)"
)
_NUMBERS = re.compile(r"[-+]?\d[\d,.]*")

# Runs the cells of a notebook as Jupyter does: Python in one namespace, bash in processes of its own. Prints
# the output of each cell as one line of JSON.
_RUNNER = f"""
import contextlib, io, json, subprocess, sys
names = {{"__name__": "__main__"}}
for source in json.load(sys.stdin):
    if source.startswith({BASH!r}):
        command = ["bash", "-e", "-c", source.removeprefix({BASH!r})]
        printed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    else:
        with contextlib.redirect_stdout(io.StringIO()) as part:
            exec(compile(source, "cell", "exec"), names)
        printed = part.getvalue()
    print(json.dumps(printed), flush=True)
"""


def run(folder: Path, *words: str | Path, text: str = "") -> str:
    """What a Python program prints in a folder; skips if it needs a package that is not installed."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    plain = {"PATH": path, "HF_HUB_OFFLINE": "1", "MPLBACKEND": "Agg", "NO_COLOR": "1", "COLUMNS": "120"}
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, **plain},
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and (missing := _MISSING.search(done.stderr)):
        pytest.skip(f"needs a package that is not installed: {missing[1] or missing[2]}")
    assert done.returncode == 0, done.stderr
    return done.stdout


def code_cells() -> list[dict[str, Any]]:
    """The cells of the notebook that run."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_an_example_runs_and_runs_again(script: Path, tmp_path: Path) -> None:
    first = run(tmp_path, script)
    assert first
    assert run(tmp_path, script) == first


def test_the_notebook_runs_and_prints_what_it_shows(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")
    cells = code_cells()
    sources = json.dumps(["".join(cell["source"]) for cell in cells])
    lines = run(tmp_path, "-c", _RUNNER, text=sources).splitlines()
    shown = ["".join(text for part in cell["outputs"] for text in part["text"]) for cell in cells]
    assert [_NUMBERS.sub("", json.loads(line)) for line in lines] == [
        _NUMBERS.sub("", text) for text in shown
    ]


def test_the_filter_and_select_keep_the_same_rows(tmp_path: Path) -> None:
    printed = run(tmp_path, EXAMPLES / "filter_table.py")
    assert "w2s.select agrees:  True" in printed
    assert "best 10% of others: en " in printed


def test_the_labels_that_are_kept_are_more_often_right(tmp_path: Path) -> None:
    counts = re.findall(
        r"right among .*: +(\d+) of (\d+)", run(tmp_path, EXAMPLES / "label_with_endpoint.py")
    )
    (right, total), (kept_right, kept) = [(int(one), int(other)) for one, other in counts]
    assert 0 < kept < total
    assert right / total < kept_right / kept < 1


def test_a_server_of_the_user_is_asked(tmp_path: Path) -> None:
    def answers(heard: ChatRequest) -> str:
        assert heard.body["model"] == "small"
        left, right = map(int, re.findall(r"What is (\d+) \+ (\d+)", heard.question)[-1])
        return f"\\boxed{{{left + right}}}"

    with ChatServer(answers) as server:
        url = f"http://127.0.0.1:{server.port}/v1"
        words = [EXAMPLES / "label_with_endpoint.py", "--url", url, "--model", "small"]
        assert "right among all labels:   60 of 60" in run(tmp_path, *words)
    assert len(server.heard) == 60 * 9


def test_the_page_of_examples_lists_each_file() -> None:
    page = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    files = {path.name for path in EXAMPLES.iterdir() if path.suffix in (".py", ".ipynb")}
    assert len(files) >= 4
    assert set(re.findall(r"^\| \[`([\w.]+)`\]\(\1\) \|", page, re.MULTILINE)) == files
