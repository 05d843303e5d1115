"""What ``w2s trust`` prints for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from w2s.cli import output


def fit_text(summary: Mapping[str, Any], out: str) -> str:
    """Output of ``w2s trust fit``."""
    lines = [
        f"{summary['function']} fitted on {summary['gold_rows']:,} gold rows, "
        f"{100 * summary['right']:.1f} % right: {out}"
    ]
    if "measures" in summary:
        lines += ["out of fold:"]
        lines += [f"  {name:12}{_interval(value)}" for name, value in summary["measures"].items()]
    return "\n".join(lines)


def score_text(summary: Mapping[str, Any], out: str) -> str:
    """Output of ``w2s trust score``."""
    mean = "" if summary["mean_trust"] is None else f", mean trust {summary['mean_trust']:.3f}"
    lines = [f"{summary['rows']:,} labels scored by {summary['function']}{mean}: {out}"]
    if summary["out_of_fold"]:
        lines.append(f"{summary['out_of_fold']:,} of them are gold rows; they keep their out-of-fold scores")
    return "\n".join(lines)


def compare_text(summary: Mapping[str, Any]) -> str:
    """Output of ``w2s trust compare``: a table, then the functions that could not be compared."""
    found = [one for one in summary["functions"] if one["measures"]]
    lines = [
        f"{summary['gold_rows']:,} gold rows, {100 * summary['right']:.1f} % right; "
        f"out of {summary['folds']} folds, 95 % intervals from a bootstrap",
        "",
    ]
    if found:
        rows = [[_title(one), *map(_interval, one["measures"].values())] for one in found]
        lines.append(output.table(["function", *found[0]["measures"]], rows))
    lacking = [f"  {_title(one)}: {one['remedy']}" for one in summary["functions"] if not one["measures"]]
    return "\n".join([*lines, *(["", "not compared:", *lacking] if lacking else [])])


def _title(one: Mapping[str, Any]) -> str:
    return f"{one['name']}({','.join(one['features'])})" if one["features"] else str(one["name"])


def _interval(interval: Mapping[str, float]) -> str:
    return f"{interval['value']:.3f} [{interval['low']:.3f}, {interval['high']:.3f}]"


def votes_text(summary: Mapping[str, Any], out: str) -> str:
    """Output of ``w2s trust votes``."""
    end = "converged" if summary["converged"] else "stopped"
    return (
        f"{summary['votes']:,} votes of {summary['workers']:,} workers on {summary['items']:,} items: {out}\n"
        f"{summary['method']}: {end} after {summary['iterations']} iterations; "
        f"{len(summary['classes'])} classes"
    )
