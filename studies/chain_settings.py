"""The search behind the chain's defaults: variants of a chain, measured on gold that is held back.

    python -m studies.chain_settings studies/maia.toml --out runs/study

Students are evaluated on a part of gold, ``--validation`` rows; trust is fitted on the rest. Test rows are
never read. A killed study continues; the table is written after every variant.
"""

from __future__ import annotations

import argparse
import datetime
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from studies.variants import GROUPS, ORACLES, Tables
from w2s.chain.arms import reference_arms
from w2s.chain.config import ChainConfig
from w2s.chain.config_file import load_config
from w2s.chain.data.files import load_splits
from w2s.chain.data.splits import Splits, split, write_splits
from w2s.chain.run import run
from w2s.config import merge_tables, parse_config, read_toml

SHARED = ("fixed", "round-1/labels")
"""Steps that variants share: the first variant makes them, the others copy them."""


def role_files(config: ChainConfig, out: Path, validation: int) -> dict[str, list[str]]:
    """The files of gold, pool and validation, which takes the place of the test."""
    found = load_splits(config.examples, game=config.game, seed=config.seed)
    parts = split(found.gold, [len(found.gold) - validation, 0, validation], config.seed)
    roles = {"gold": parts.gold, "pool": found.pool, "test": parts.test}
    for role, examples in roles.items():
        write_splits(Splits(examples, [], []), out / f"{role}.parquet")
    return {role: [str(out / f"{role}.parquet")] for role in roles}


def variant_of(base: Tables, changes: Tables, roles: dict[str, list[str]]) -> ChainConfig:
    """The base's models with a variant's settings: one round and one seed of the arm trust alone, unless the
    variant sets others."""
    plain = {
        key: value for key, value in base.items() if key not in ("examples", "trust", "keep", "gold_sizes")
    }
    fixed = {
        "examples": roles,
        "rounds": 1,
        "seeds": 1,
        "proposals": 1,
        "oracles": ORACLES,
        "arms": ["base", "trust"],
    }
    tables = merge_tables(merge_tables(plain, fixed), {**changes, "stop": {"collapse": False}})
    return parse_config(ChainConfig, tables, "the variant")


def measure(config: ChainConfig, folder: Path, shared: Path) -> list[dict[str, Any]]:
    """Run a variant on the labels of the first one; a line for each arm that learned from labels or gold."""
    _copy(shared, folder)
    metrics = run(config, folder, say=lambda line: print(f"  {line}", flush=True)).to_json()
    _copy(folder, shared)
    trained = [arm for arm in reference_arms() if "rows" in metrics.get(arm, {})]
    lines = [{"round": 0, "arm": arm, **_found(metrics[arm])} for arm in trained]
    for found in metrics["rounds"]:
        trust = {name: found["trust"][name] for name in ("auc", "measured_on", "purity_on_gold")}
        for arm, its in found["arms"].items():
            lines.append({"round": found["round"], "arm": arm, **_found(its), **trust})
    return lines


def _copy(source: Path, target: Path) -> None:
    for part in SHARED:
        if (source / part).is_dir() and not (target / part).exists():
            shutil.copytree(source / part, target / part)


def _found(arm: dict[str, Any]) -> dict[str, Any]:
    return {"accuracy": arm["accuracy"], "rows": arm["rows"]["mean"]}


def section(chain: Path, validation: int, found: dict[str, list[dict[str, Any]]]) -> str:
    """A section of docs/results.md: the question, the date and the table."""
    groups = [group for group, variants in GROUPS.items() if found.keys() & variants.keys()]
    asked = "" if groups == list(GROUPS) else "".join(f" --group {group}" for group in groups)
    command = f"python -m studies.chain_settings {chain} --validation {validation}{asked}"
    return (
        f"## Settings of {chain.stem}, tried on held-back gold: {', '.join(groups)}\n\n"
        f"{datetime.date.today()}, `{command}`: "
        f"students answer {validation:,} gold rows that are kept from trust; the test is never asked. "
        f"One seed, oracles {', '.join(ORACLES)}. Best first.\n\n{table(found)}"
    )


def table(found: dict[str, list[dict[str, Any]]]) -> str:
    """Markdown, the best line first."""
    lines = [
        "| variant | round | arm | rows | AUC | purity of the kept, on gold | accuracy on validation |",
        "|---|---|---|---|---|---|---|",
    ]
    rows = [(name, line) for name, its in found.items() for line in its]
    for name, row in sorted(rows, key=lambda pair: -pair[1]["accuracy"]["mean"]):
        lines.append(f"| {name} | {' | '.join(_cells(row))} |")
    return "\n".join(lines) + "\n"


def _cells(row: dict[str, Any]) -> Iterator[str]:
    yield from (str(row["round"] or ""), row["arm"], f"{row['rows']:,.0f}")
    yield f"{row['auc']['mean']:.3f}, {row['measured_on']}" if "auc" in row else ""
    yield f"{row['purity_on_gold']['mean']:.1%}" if "purity_on_gold" in row else ""
    accuracy = row["accuracy"]
    yield f"{accuracy['mean']:.1%} ({accuracy['low']:.1%}–{accuracy['high']:.1%})"


def main() -> None:
    """Measure the groups of variants that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("chain", type=Path, help="TOML of the chain")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--validation", type=int, default=1500)
    parser.add_argument("--group", action="append", choices=list(GROUPS), help="repeatable")
    arguments = parser.parse_args()
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    roles = role_files(load_config(file=arguments.chain), out, arguments.validation)
    base = read_toml(arguments.chain)
    report = out / "study.json"
    found = json.loads(report.read_text()) if report.exists() else {}
    for group in arguments.group or GROUPS:
        for number, (name, changes) in enumerate(GROUPS[group].items()):
            print(f"{datetime.datetime.now():%H:%M:%S} {name}", flush=True)
            place = out / "variants" / f"{group}-{number}"
            found[name] = measure(variant_of(base, changes, roles), place, out / "shared")
            report.write_text(json.dumps(found, indent=1) + "\n")
            (out / "study.md").write_text(section(arguments.chain, arguments.validation, found))
    print(table(found))


if __name__ == "__main__":
    main()
