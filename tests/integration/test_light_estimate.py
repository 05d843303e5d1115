"""An estimate needs no extra: no torch, no transformers, no trl."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from w2s.chain.config_file import paper_folder

PROGRAM = """
import sys

EXTRAS = {"torch", "transformers", "tokenizers", "peft", "trl", "datasets", "accelerate", "math_verify"}


class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in EXTRAS:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


import importlib.util

find_spec = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name in EXTRAS else find_spec(name, package)
sys.meta_path.insert(0, Missing())

from w2s.cli.app import run

for name in sys.argv[1:]:
    code = run(["chain", name, "--estimate", "--hardware", "h100", "--json"])
    assert code == 0, (name, code)
"""


def test_every_table_of_the_paper_is_estimated_without_extras(tmp_path: Path) -> None:
    names = sorted(path.name for path in paper_folder().glob("*.toml"))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *names], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    hours = [json.loads(line)["total"]["hours"] for line in done.stdout.splitlines()]
    assert len(hours) == len(names)
    assert all(hour > 0 for hour in hours)
    assert list(tmp_path.iterdir()) == []
