"""The example of a chain in Python prints a table with and without pandas."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "chain_from_python.py"
IMPORT = "    import pandas as pd\n"


def lines(folder: Path, program: str) -> list[str]:
    """What the example prints in a folder."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={**os.environ, "COLUMNS": "120"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_table_is_long_and_needs_no_pandas(tmp_path: Path) -> None:
    source = EXAMPLE.read_text(encoding="utf-8")
    assert IMPORT in source
    hint, head, *rows = lines(tmp_path, source.replace(IMPORT, "    raise ImportError\n"))
    assert hint == "for a DataFrame: pip install pandas"
    assert head.split() == ["round", "seed", "arm", "measure", "mean", "low", "high"]
    assert len(rows) == 2 * 6
    metrics = json.loads((tmp_path / "chain-runs" / "seed-1" / "metrics.json").read_text())
    trust = metrics["rounds"][0]["arms"]["trust"]["accuracy"]
    numbers = [f"{trust[key]:.3f}" for key in ("mean", "low", "high")]
    assert rows[-1].split() == ["1", "1", "trust", "accuracy", *numbers]

    pytest.importorskip("pandas")
    shown = lines(tmp_path, source)
    assert shown[0].split() == head.split()
    assert [line.split()[:4] for line in shown[1:13]] == [row.split()[:4] for row in rows]
