"""What an installed wheel must do anywhere: the core answers, a file is filtered, a match is played.

Needs the wheel and what it requires, nothing of the checkout.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import w2s

ROWS = 5_000


def numbers() -> None:
    """The doors over arrays."""
    x = np.random.default_rng(0).random(ROWS)
    assert list(w2s.top_k(x, 1)) == [x.argmax()]
    assert len(w2s.select(x, top="10%")) == ROWS // 10
    assert np.allclose(w2s.aggregate(np.c_[x, x], "mean"), x)
    assert w2s.aggregate_votes(["a", "a"], ["x", "y"], [1, 1], method="majority").labels.tolist() == [1]
    assert w2s.certify(x, x > 0.5, purity=0.9).threshold is not None


def games() -> None:
    """Rules and agreement."""
    assert w2s.game("chess").state().perft(3) == 8902
    assert w2s.agree("chess", ["startpos"], ["e4"], ["e2e4"]).same_move[0]


def commands(folder: Path) -> None:
    """A file is filtered, a match is played."""
    rng = np.random.default_rng(0)
    table = pa.table({"id": np.arange(ROWS), "trust": rng.random(ROWS, np.float32)})
    pq.write_table(table, folder / "labels.parquet", row_group_size=700)
    w2s_program = str(Path(sysconfig.get_path("scripts")) / "w2s")
    for words in (
        ["filter", "labels.parquet", "--score", "trust", "--top", "10%", "--out", "kept.parquet"],
        ["arena", "--game", "connect_four", "--pairs", "1", "--out", "run"],
    ):
        subprocess.run([w2s_program, *words], cwd=folder, check=True)
    assert pq.read_metadata(folder / "kept.parquet").num_rows == ROWS // 10


if __name__ == "__main__":
    numbers()
    games()
    with tempfile.TemporaryDirectory() as place:
        commands(Path(place))
    assert "torch" not in sys.modules
    print(f"w2s {version('w2s')} works on Python {sys.version.split()[0]}")
