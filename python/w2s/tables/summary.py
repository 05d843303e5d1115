"""What a filter did, as one JSON object.

Knows nothing about how it did it.
"""

from __future__ import annotations

from typing import Any

from w2s.tables.decision import Decision
from w2s.tables.request import Request


def summarise(decision: Decision, request: Request) -> dict[str, Any]:
    """The numbers of a decision; what does not apply is left out."""
    found: dict[str, Any] = {
        "rows_in": decision.rows,
        "rows_kept": decision.kept.total,
        "share_kept": decision.kept.total / decision.rows if decision.rows else 0.0,
        "rows_dropped_for_null": decision.dropped,
        "threshold": decision.threshold,
        "ties_at_threshold": {"kept": decision.ties_kept, "left_out": decision.ties_left_out},
        "rule": request.rule.kind,
        "passes": decision.passes,
    }
    if request.group is not None:
        groups = decision.groups
        found["groups"] = {
            "column": request.group,
            "counts": [{"group": group.key, "rows": group.rows, "kept": group.kept} for group in groups],
        }
    if decision.spent is not None:
        found["spent"] = decision.spent
    if decision.purity is not None:
        purity = decision.purity
        found["purity"] = {
            "value": purity.value,
            "known": purity.known,
            "right": purity.right,
            "bound": purity.bound,
            "delta": purity.delta,
        }
    if decision.certificate is not None and decision.certificate.reached is not None:
        reached = decision.certificate.reached
        found["certificate"] = {
            "purity": decision.certificate.purity,
            "delta": decision.certificate.delta,
            "method": decision.certificate.method,
            "threshold": reached.threshold,
            "bound": reached.bound,
            "coverage": reached.coverage,
            "rows": decision.certificate.rows,
        }
    return found


def with_quantiles(summary: dict[str, Any], decision: Decision) -> dict[str, Any]:
    """The same with the rows kept by tenths of the score."""
    rows = [
        {"from": low, "to": high, "rows": rows, "kept": kept} for low, high, rows, kept in decision.quantiles
    ]
    return {**summary, "by_score": rows}
