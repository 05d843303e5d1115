"""Writes ``docs/benchmarks.md``, and the JSON next to it, which keeps the measurements of other runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.figure import Figure, Measurement, Row, Target

DOCS = Path(__file__).resolve().parents[1] / "docs"
HEAD = "| work | w2s | peer | peer's | ratio | target | |\n|---|---|---|---|---|---|---|"
INTRODUCTION = """\
# Benchmarks

Made by `make bench`; do not edit. Each figure was measured next to its peer in one run, in turn, so that the
noise of the machine hits both: read the ratios. Numbers are medians;
more is better unless the unit is seconds. Within 1.3× of a peer is a ratio of at least 0.769.
`python -m benchmarks NAME` measures some figures again and leaves the others as they are.
"""


class Results:
    """What is known of each figure, by name; ``save`` writes both files."""

    def __init__(self, folder: Path = DOCS) -> None:
        self._json = folder / "benchmarks.json"
        self._page = folder / "benchmarks.md"
        text = self._json.read_text(encoding="utf-8") if self._json.exists() else "{}"
        self._known: dict[str, dict[str, Any]] = json.loads(text)

    def keep(self, name: str, measured: Measurement, circumstances: Mapping[str, Any]) -> None:
        """Replace what was known of a figure."""
        rows = [asdict(row) for row in measured.rows]
        self._known[name] = {**circumstances, "rows": rows, "notes": list(measured.notes)}

    def skip(self, name: str, reason: str) -> None:
        """Note why a figure was not measured; what an earlier run measured stays."""
        self._known.setdefault(name, {})["skipped"] = reason

    def save(self, figures: Iterable[Figure]) -> None:
        """Write the JSON, and the page with every figure in the order given."""
        self._json.write_text(json.dumps(self._known, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        sections = [section(figure, self._known.get(figure.name, {})) for figure in figures]
        self._page.write_text("\n".join([INTRODUCTION, *sections]), encoding="utf-8")


def section(figure: Figure, known: Mapping[str, Any]) -> str:
    """A figure's part of the page."""
    parts = [f"## {figure.title}", figure.how]
    if "rows" in known:
        parts.append("\n".join([HEAD, *(line(row_of(row)) for row in known["rows"])]))
        parts += [f"- {note}" for note in known["notes"]]
        parts.append(_circumstances(known))
    if "skipped" in known:
        parts.append(f"**Skipped** in the last run: {known['skipped']}.")
    if not known:
        parts.append(f"Not measured yet: `python -m benchmarks {figure.name}`.")
    return "\n\n".join(parts) + "\n"


def line(row: Row) -> str:
    """A row of the table."""
    target = "" if row.target is None else row.target.text(row.unit)
    verdict = {None: "", True: "met", False: "**missed**"}[row.is_met]
    theirs = "" if row.theirs is None else amount(row.theirs, row.unit)
    ratio = "" if row.ratio is None else f"{row.ratio:.3g}×"
    cells = (row.work, amount(row.ours, row.unit), row.peer, theirs, ratio, target, verdict)
    return f"| {' | '.join(cells)} |"


def amount(value: float, unit: str) -> str:
    """A number with three digits that count, and its unit."""
    digits = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return f"{digits} {unit}"


def row_of(values: Mapping[str, Any]) -> Row:
    """A row as the JSON has it."""
    target = values["target"]
    return Row(**{**values, "target": None if target is None else Target(**target)})


def _circumstances(known: Mapping[str, Any]) -> str:
    peers = ", ".join(f"{name} {version}" for name, version in known["versions"].items())
    return f"{known['date']}, {known['machine']}; `{known['command']}`" + (f"; {peers}." if peers else ".")
