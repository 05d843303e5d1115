"""The summary of a filter for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from w2s.cli import output

_LEAST_SECONDS = 5.0
"""No rate is shown below this, because the start takes most of the time."""


def text_of(summary: dict[str, Any], *, groups_shown: int) -> str:
    """A few lines: what was kept, where the cut lies, groups, purity."""
    return "\n".join(_lines(summary, groups_shown))


def _lines(summary: dict[str, Any], groups_shown: int) -> Iterator[str]:
    if "waiting_for" in summary:
        from w2s.tables.part_job import parts_text

        yield f"part {summary['part']}: the scores of {summary['rows_in']:,} rows are in {summary['out']}"
        yield f"waiting for the scores of {parts_text(summary['waiting_for'])}; then run this command again"
        return
    kept, rows = summary["rows_kept"], summary["rows_in"]
    yield f"{kept:,} of {rows:,} rows kept ({summary['share_kept']:.2%}){_where(summary)}"
    if "rows_where" in summary:
        yield f"{summary['rows_where']:,} rows meet the condition"
    if summary["rows_dropped_for_null"]:
        yield f"{summary['rows_dropped_for_null']:,} rows left out for a null or NaN"
    yield from _cut(summary)
    yield from _purity(summary)
    if "spent" in summary:
        yield f"cost of the kept rows: {summary['spent']:,.6g}"
    if "groups" in summary:
        yield from _groups(summary["groups"], groups_shown)
    if summary.get("by_score"):
        counts = [
            (f"{one['from']:.6g} to {one['to']:.6g}", one["rows"], one["kept"]) for one in summary["by_score"]
        ]
        yield output.table(("score", "rows", "kept"), counts)
    if summary.get("seconds", 0) >= _LEAST_SECONDS:
        yield f"{output.duration(summary['seconds'])}, {summary['rows_per_s']:,} rows/s"


def _where(summary: dict[str, Any]) -> str:
    if summary.get("done_before"):
        return f": {summary['out']} is already finished; nothing was done"
    return f": {summary['out']}" if "out" in summary else ""


def _cut(summary: dict[str, Any]) -> Iterator[str]:
    if summary["threshold"] is None:
        return
    ties = summary["ties_at_threshold"]
    left = f"; {ties['left_out']:,} rows with that score left out" if ties["left_out"] else ""
    yield f"lowest score kept: {summary['threshold']:.9g}{left}"


def _purity(summary: dict[str, Any]) -> Iterator[str]:
    found = summary.get("certificate")
    if found is not None and "fdr" in found:
        yield (
            f"certified: the expected share of wrong rows among {found['kept']:,} kept rows without a known "
            f"answer is at most {found['fdr']:g} ({found['rows']:,} known answers, {found['wrong']:,} wrong)"
        )
    elif found is not None:
        yield (
            f"certified: with probability {1 - found['delta']:g} the purity is at least {found['bound']:.4f} "
            f"({found['method']}, {found['rows']:,} known answers, threshold {found['threshold']:g})"
        )
    if "purity" in summary and summary["purity"]["known"]:
        found = summary["purity"]
        yield f"purity of the {found['known']:,} kept rows with a known answer: {found['value']:.4f}"


def _groups(groups: dict[str, Any], shown: int) -> Iterator[str]:
    counts = [
        (_name(group["group"]), f"{group['rows']:,}", f"{group['kept']:,}") for group in groups["counts"]
    ]
    named = groups["column"] if isinstance(groups["column"], str) else ", ".join(groups["column"])
    yield output.table((named, "rows", "kept"), counts[:shown])
    if len(counts) > shown:
        yield f"and {len(counts) - shown:,} more groups (--json shows all)"


def _name(key: Any) -> str:
    """The key of a group; keys of several columns are separated by commas."""
    return ", ".join(map(str, key)) if isinstance(key, list | tuple) else str(key)
