"""The same bytes come out whatever the number of threads."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

WORK = """
import hashlib
import numpy as np
import w2s
from w2s.selection import Rule, select_by_rule, weights

random = np.random.default_rng(0)
scores = random.random(400_000, np.float32).round(3)
groups = random.integers(0, 300, len(scores), np.uint32)
costs = random.random(len(scores))
table = random.random((100_000, 5))
items, workers = random.integers(0, 20_000, 100_000), random.integers(0, 40, 100_000)
votes = (items + (random.random(100_000) < 0.3) * random.integers(0, 4, 100_000)) % 4

parts = [
    w2s.top_k(scores, 40_000),
    w2s.select(scores, top="10%"),
    w2s.select(scores, top="10%", by=groups, min_per_group=20),
    w2s.select(scores, top=40_000, stratify=groups),
    w2s.select(scores, budget=5_000, cost=costs),
    np.array(select_by_rule(Rule.parse(budget=5_000, cost="c"), scores, cost=costs).spent),
    w2s.select(scores, random="10%", seed=3),
    weights(scores, 2.0),
]
parts += [w2s.aggregate(table, method) for method in ("mean", "median", "log-odds", "borda", "mean-rank")]
for method in ("majority", "dawid-skene", "one-coin", "glad", "mace", "zero-based"):
    found = w2s.aggregate_votes(items, workers, votes, method=method, max_iterations=4, tolerance=0)
    parts += [found.posterior, found.skill, found.trace]
print(hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest(), len(parts))
"""


@pytest.mark.slow
def test_the_number_of_threads_changes_no_byte() -> None:
    printed = []
    for threads in ("1", "2", "5"):
        done = subprocess.run(
            [sys.executable, "-c", WORK],
            env=os.environ | {"RAYON_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        printed.append(done.stdout)
    assert printed[0].split()[1] == "31"
    assert len(set(printed)) == 1
