"""The verdict on a label: what the most believed oracle's regret amounts to.

Knows nothing about how a regret was found.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from w2s.arena.label import Label
from w2s.arena.oracles import Finding
from w2s.arena.spec import Verdicts

VERDICTS = ("best", "good", "inaccurate", "blunder", "illegal", "unknown")


class Verdict(NamedTuple):
    """One of :data:`VERDICTS`, and the oracle that decided, None where the rules did or nobody knows."""

    word: str
    by: str | None


def verdict(label: Label, findings: Mapping[str, Finding], limits: Verdicts) -> Verdict:
    """The verdict; ``findings`` come most believed first: the first that knows a regret decides."""
    if not label.legal:
        failed = label.failure not in {"unparsable", "illegal", "ambiguous"}
        return Verdict("unknown" if failed else "illegal", None)
    for name, finding in findings.items():
        if finding.regret_cp is not None:
            return Verdict(_grade(finding.regret_cp, limits), name)
    return Verdict("unknown", None)


def _grade(regret_cp: int, limits: Verdicts) -> str:
    if regret_cp <= limits.best_cp:
        return "best"
    if regret_cp <= limits.good_cp:
        return "good"
    return "inaccurate" if regret_cp <= limits.inaccurate_cp else "blunder"
