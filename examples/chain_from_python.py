"""Run a small chain from Python, with two seeds, and read its measures into one long table.

    python examples/chain_from_python.py

Needs w2s with `models`. Takes about ten seconds and writes the folder `chain-runs`. A second call finds
both chains complete and only reads them. With pandas the table is a DataFrame; without it, plain rows.
"""

import json
import sys
from pathlib import Path

import w2s

# A small network labels 150 Connect Four puzzles. A larger one learns from gold alone (100 puzzles with known
# answers), from all labels (naive), from the half that trust keeps, or from the true answers (ceiling).
# Keys that are not named here have their defaults. `seeds=2` would measure both seeds together, with
# intervals over puzzles and seeds; here each seed is a separate chain, so that the table has both.
rows = []
for seed in (0, 1):
    config = w2s.chain.ChainConfig(
        game="connect_four",
        teacher="policy:connect_four-small",
        student=("policy:connect_four-large",),
        rounds=1,
        seed=seed,
        proposals=1,
        evidence=("student",),
        oracles=("search:depth=2",),
        arms=("base", "gold", "naive", "trust", "ceiling"),
        examples={"files": ["puzzles:connect_four"], "gold": 100, "pool": 150, "test": 100},
        trust={"function": "boosting"},
        keep={"top": "50%"},
        stop={"collapse": False},
    )
    folder = f"chain-runs/seed-{seed}"
    w2s.chain.run(config, folder, say=lambda line: print(line, file=sys.stderr))

    # metrics.json holds reference arms at the top level, with no round, and the other arms by round.
    metrics = json.loads(Path(folder, "metrics.json").read_text(encoding="utf-8"))
    arms = [(0, arm, metrics[arm]) for arm in ("base", "teacher", "gold", "ceiling")]
    arms += [(one["round"], arm, found) for one in metrics["rounds"] for arm, found in one["arms"].items()]
    rows += [
        (number, seed, arm, measure, found["mean"], found["low"], found["high"])
        for number, arm, measures in arms
        for measure, found in measures.items()
    ]

# One row per round, seed, arm and measure: the form that plots and group-bys want. Round 0 is the reference
# arms. A ratio whose gap is too small to divide by has no mean: None here, NaN in pandas.
columns = ("round", "seed", "arm", "measure", "mean", "low", "high")
try:
    import pandas as pd
except ImportError:
    print("for a DataFrame: pip install pandas")
    for row in [columns, *(row for row in rows if row[3] == "accuracy")]:
        print("  ".join(f"{value:<8.3f}" if isinstance(value, float) else f"{value!s:<8}" for value in row))
else:
    table = pd.DataFrame(rows, columns=columns)
    print(table[table.measure == "accuracy"].to_string(index=False))
    print(table[table.measure == "accuracy"].pivot_table(index="arm", columns="seed", values="mean"))
