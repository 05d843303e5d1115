"""The search behind the chain's defaults: variants of one round, measured on gold that is held back.

    python -m tests.studies.chain_settings maia.toml --out runs/study

A part of gold, ``--validation`` rows, is what students are asked; trust is fitted on the rest. Test rows are
never read. A study that was killed goes on; the table is written after every variant.
"""

from __future__ import annotations

import argparse
import datetime
import json
import shutil
from pathlib import Path
from typing import Any

from tests.studies.variants import VARIANTS, Tables
from w2s.chain.config import ChainConfig
from w2s.chain.examples.dealt import read_splits
from w2s.chain.examples.role_file import write_roles
from w2s.chain.examples.splits import Splits, split
from w2s.chain.loading import load_config
from w2s.chain.run import run
from w2s.config import build, merge, read_toml

ORACLES = ("search:depth=2", "search:depth=4")


def role_files(config: ChainConfig, out: Path, validation: int) -> dict[str, list[str]]:
    """The files of gold, pool and validation, which stands where the test does; the test is left out."""
    found = read_splits(config.examples, game=config.game, seed=config.seed)
    parts = split(found.gold, [len(found.gold) - validation, 0, validation], config.seed)
    roles = {"gold": parts.gold, "pool": found.pool, "test": parts.test}
    for role, examples in roles.items():
        write_roles(Splits(examples, [], []), out / f"{role}.parquet")
    return {role: [str(out / f"{role}.parquet")] for role in roles}


def variant_of(base: Tables, changes: Tables, roles: dict[str, list[str]]) -> ChainConfig:
    """The base with a variant's settings, one round of the arms that a comparison needs."""
    fixed = {"examples": roles, "rounds": 1, "oracles": ORACLES, "arms": ["base", "trust"]}
    tables = merge(merge({**base, "examples": {}}, fixed), {**changes, "stop": {"collapse": False}})
    return build(ChainConfig, tables, "the variant")


def measure(config: ChainConfig, folder: Path, shared: Path) -> dict[str, Any]:
    """Run a variant on the labels and fixed arms of the first one; its line of the table."""
    for part in ("fixed", "round-1/labels"):
        if (shared / part).is_dir() and not (folder / part).exists():
            shutil.copytree(shared / part, folder / part)
    metrics = run(config, folder, say=lambda line: print(f"  {line}", flush=True))
    for part in ("fixed", "round-1/labels"):
        if not (shared / part).exists():
            shutil.copytree(folder / part, shared / part)
    found = metrics["rounds"][0]
    arm = found["arms"]["trust"]
    return {
        "auc": found["trust"]["auc"],
        "purity_on_gold": found["trust"]["purity_on_gold"],
        "accuracy": arm["accuracy"],
        "rows": arm["rows"]["mean"],
    }


def table(found: dict[str, dict[str, Any]]) -> str:
    """Markdown, the best variant first."""
    lines = ["| variant | rows kept | their purity, on gold | accuracy on validation |", "|---|---|---|---|"]
    for name, row in sorted(found.items(), key=lambda item: -item[1]["accuracy"]["mean"]):
        cells = [f"{row['rows']:,.0f}", _share(row["purity_on_gold"]), _share(row["accuracy"])]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _share(found: dict[str, Any]) -> str:
    return f"{found['mean']:.1%} ({found['low']:.1%}–{found['high']:.1%})"


def main() -> None:
    """Measure the variants that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("chain", type=Path, help="TOML of the chain")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--validation", type=int, default=1500)
    parser.add_argument("--only", action="append", help="a variant; repeatable")
    arguments = parser.parse_args()
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    roles = role_files(load_config(file=arguments.chain), out, arguments.validation)
    base = read_toml(arguments.chain)
    report = out / "study.json"
    found = json.loads(report.read_text()) if report.exists() else {}
    for name in arguments.only or VARIANTS:
        print(f"{datetime.datetime.now():%H:%M:%S} {name}", flush=True)
        place = out / "variants" / str(list(VARIANTS).index(name))
        found[name] = measure(variant_of(base, VARIANTS[name], roles), place, out / "shared")
        report.write_text(json.dumps(found, indent=1) + "\n")
        (out / "study.md").write_text(table(found))
    print(table(found))


if __name__ == "__main__":
    main()
