"""The example of a trust function of one's own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "trust_function.py"


def test_most_trusted_labels_are_more_often_right(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, EXAMPLE], cwd=tmp_path, capture_output=True, text=True, check=True)
    everything, surest, kept = (float(share) for share in re.findall(r"([\d.]+)% of", done.stdout))
    assert everything < surest < kept
    assert kept > everything + 15
    assert list(tmp_path.iterdir()) == []
