"""The recipe for Spark of the how-to page, where pyspark is installed: Spark scores, and w2s filters."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import w2s

pytest.importorskip("pyspark", reason="pyspark is not installed")
pytestmark = pytest.mark.slow

MODEL = """
def load_my_model():
    class Model:
        def scores(self, batch):
            return [number * 7919 % 1000 / 1000 for number in batch["id"].to_pylist()]
    return Model()
"""


def test_spark_scores_and_w2s_filters(root: Path, tmp_path: Path) -> None:
    page = (root / "docs" / "howto" / "filter-on-a-cluster.md").read_text(encoding="utf-8")
    block = next(text for text in re.findall(r"```text\n(.*?)```", page, re.DOTALL) if "mapInArrow" in text)
    block = block.replace("/shared/", f"{tmp_path}/")
    (tmp_path / "shards").mkdir()
    for number in range(3):
        rows = pa.table({"id": range(number * 500, number * 500 + 500), "text": ["some"] * 500})
        pq.write_table(rows, tmp_path / "shards" / f"{number}.parquet")
    environment = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "MASTER": "local[2]"}
    done = subprocess.run(
        [sys.executable, "-c", MODEL + block], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    w2s.filter(tmp_path / "scored", tmp_path / "kept.parquet", score="trust", top="10%")
    kept = pq.read_table(tmp_path / "kept.parquet")
    ids = np.arange(1500)
    best = np.argsort(-(ids * 7919 % 1000 / 1000).astype(np.float32), kind="stable")[:150]
    assert kept.schema.names == ["id", "text", "trust"]
    assert kept["trust"].to_numpy().min() == np.float32(0.9)
    assert sorted(kept["id"].to_pylist()) == sorted(best.tolist())
