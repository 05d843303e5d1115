"""A chain's metrics as tables for people.

Knows nothing about how they were measured.
"""

from __future__ import annotations

from typing import Any

from w2s.cli import output

_FIXED = ("base", "teacher", "gold", "self", "ceiling")
_MEASURES = ("rows", "accuracy", "Recovery", "PGR", "trust is better by", "better than gold by")


def table(metrics: dict[str, Any]) -> str:
    """All arms of all rounds, what trust was worth in each, and why the chain stopped if it did."""
    rows = [("", arm, *_cells(metrics[arm])) for arm in _FIXED if arm in metrics]
    for round_ in metrics["rounds"]:
        for arm, found in round_["arms"].items():
            rows.append((f"round {round_['round']}", arm, *_cells(found)))
    parts = [output.table(["", "arm", *_MEASURES], rows)]
    parts.append(
        output.table(
            ["trust", "AUC", "ECE", "Brier", "purity", "coverage", "measured on"],
            [_trust(name, trust) for name, trust in _trusts(metrics)],
        )
    )
    if "regime" in metrics:
        regime = metrics["regime"]
        parts.append(
            f"regime {regime['name']}: {regime['shift']}; purity on gold and the best round are estimates"
        )
    if "budget" in metrics:
        parts.append(_budget(metrics["budget"]))
    if "stopped" in metrics:
        parts.append(f"stopped in round {metrics['stopped']['round']}: {metrics['stopped']['why']}")
    if metrics.get("best_round"):
        parts.append(f"best round, by gold alone: {metrics['best_round']}")
    return "\n\n".join(parts)


def _budget(points: list[dict[str, Any]]) -> str:
    """The label-budget curve, and why trust could not be had where it could not."""
    rows = [
        (f"{point['gold']:,}", arm, *_cells(found))
        for point in points
        for arm, found in point["arms"].items()
    ]
    refused = [f"{point['gold']:,} gold rows: {point['refused']}" for point in points if "refused" in point]
    return "\n".join([output.table(["gold rows", "arm", *_MEASURES], rows), *refused])


def _cells(found: dict[str, Any]) -> tuple[str, ...]:
    rows = f"{found['rows']['mean']:,.0f}" if "rows" in found else ""
    return (
        rows,
        _shown(found.get("accuracy"), 100),
        _shown(found.get("recovery"), 1),
        _shown(found.get("pgr"), 1),
        _shown(found.get("trust_is_better_by"), 100),
        _shown(found.get("better_than_gold_by"), 100),
    )


def _trusts(metrics: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Every trust that was fitted on all of gold, by whose labels it is in."""
    found = [("self", metrics["self"]["trust"])] if "self" in metrics else []
    return found + [(f"round {round_['round']}", round_["trust"]) for round_ in metrics["rounds"]]


def _trust(name: str, trust: dict[str, Any]) -> tuple[str, ...]:
    numbers = [f"{trust[key]['mean']:.3f}" for key in ("auc", "ece", "brier", "purity", "coverage")]
    return (name, *numbers, trust["measured_on"])


def _shown(found: dict[str, Any] | None, times: int) -> str:
    """A measure with its interval; two digits of shares, one of percentages."""
    if found is None:
        return ""
    if found["mean"] is None:
        return "gap too small"
    digits = 1 if times == 100 else 2
    mean, low, high = (f"{found[key] * times:.{digits}f}" for key in ("mean", "low", "high"))
    return f"{mean} ({low}–{high})"
