"""Measures figures, prints them as they come and writes ``docs/benchmarks.md``."""

from __future__ import annotations

import argparse
import datetime
import sys
from dataclasses import replace
from typing import Any

from benchmarks import machine
from benchmarks.bare import cozy_version
from benchmarks.figure import Figure, Measurement, SkippedError
from benchmarks.registry import FIGURES
from benchmarks.table import HEAD, Results, line


def main(arguments: list[str]) -> None:
    """Measure the figures that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help=f"{', '.join(FIGURES)}; all without one")
    names = parser.parse_args(arguments).figures or list(FIGURES)
    if unknown := set(names) - set(FIGURES):
        parser.error(f"no figure is called {', '.join(sorted(unknown))}; choose from {', '.join(FIGURES)}")
    results = Results()
    for name in names:
        _measure(FIGURES[name], results, " ".join(["python -m benchmarks", *arguments]))
        results.save(FIGURES.values())


def _measure(figure: Figure, results: Results, command: str) -> None:
    print(f"\n{figure.title}", flush=True)
    try:
        measured = _explained(figure, figure.measure())
    except SkippedError as reason:
        print(f"skipped: {reason}", flush=True)
        results.skip(figure.name, str(reason))
        return
    print("\n".join([HEAD, *map(line, measured.rows), *measured.notes, *measured.shown]), flush=True)
    results.keep(figure.name, measured, _circumstances(figure, command))


def _explained(figure: Figure, measured: Measurement) -> Measurement:
    """The measurement with an explanation of where the time goes, if a target is missed."""
    if figure.explain is None or not measured.misses:
        return measured
    return replace(measured, notes=(*measured.notes, f"A target is missed; {figure.explain()}."))


def _circumstances(figure: Figure, command: str) -> dict[str, Any]:
    versions = machine.versions(tuple(name for name in figure.peers if name != "cozy-chess"))
    if "cozy-chess" in figure.peers:
        versions["cozy-chess"] = cozy_version()
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": machine.machine(),
        "command": command,
        "versions": versions,
    }


if __name__ == "__main__":
    main(sys.argv[1:])
