"""Text of ``w2s chain``: the report of a chain, and the estimate of its cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from w2s.cli import output

if TYPE_CHECKING:
    from w2s.chain.report import ArmReport, ChainReport, CurvePoint, Measure, TrustSummary

_COLUMNS = ("rows", "accuracy", "Recovery", "PGR", "trust is better by", "better than gold by")


def report_table(report: ChainReport) -> str:
    """All arms of all rounds, trust in each round, and why the chain stopped if it did."""
    rows = _arm_rows("", report.references)
    for one in report.rounds:
        rows += _arm_rows(f"round {one.round}", one.arms)
    parts = [
        output.table(["", "arm", *_COLUMNS], rows),
        output.table(
            ["trust", "AUC", "ECE", "Brier", "purity", "coverage", "measured on"], _trust_rows(report)
        ),
    ]
    if report.shift is not None:
        parts.append(
            f"regime {report.regime.name}: {report.shift}; purity on gold and the best round are estimates"
        )
    if report.curve:
        parts.append(_curve(report.curve))
    if report.stopped is not None:
        parts.append(f"stopped in round {report.stopped.round}: {report.stopped.why}")
    if report.best_round is not None:
        parts.append(f"best round, by gold alone: {report.best_round}")
    return "\n\n".join(parts)


def _arm_rows(title: str, arms: Mapping[str, ArmReport]) -> list[tuple[str, ...]]:
    return [(title, name, *_cells(arm)) for name, arm in arms.items()]


def _curve(points: Sequence[CurvePoint]) -> str:
    """The label-budget curve, and why points lack arms."""
    rows = [row for point in points for row in _arm_rows(f"{point.gold:,}", point.arms)]
    refused = [f"{point.gold:,} gold rows: {point.refused}" for point in points if point.refused is not None]
    return "\n".join([output.table(["gold rows", "arm", *_COLUMNS], rows), *refused])


def _cells(arm: ArmReport) -> tuple[str, ...]:
    rows = "" if arm.rows is None else f"{arm.rows.mean:,.0f}"
    return (
        rows,
        _shown(arm.accuracy, 100),
        _shown(arm.recovery, 1),
        _shown(arm.pgr, 1),
        _shown(arm.trust_is_better_by, 100),
        _shown(arm.better_than_gold_by, 100),
    )


def _trust_rows(report: ChainReport) -> list[tuple[str, ...]]:
    """Trust in an arm's own labels and in those of each round's teacher."""
    own = [(name, arm.trust) for name, arm in report.references.items() if arm.trust is not None]
    rounds = [(f"round {one.round}", one.trust) for one in report.rounds]
    return [_trust(name, trust) for name, trust in [*own, *rounds]]


def _trust(name: str, trust: TrustSummary) -> tuple[str, ...]:
    measures = (trust.auc, trust.ece, trust.brier, trust.purity, trust.coverage)
    return (name, *(f"{measure.mean:.3f}" for measure in measures), trust.measured_on)


def _shown(found: Measure | None, times: int) -> str:
    """A measure with its interval; two digits of shares, one of percentages."""
    if found is None:
        return ""
    if found.mean is None or found.low is None or found.high is None:
        return "gap too small"
    digits = 1 if times == 100 else 2
    mean, low, high = (f"{value * times:.{digits}f}" for value in (found.mean, found.low, found.high))
    return f"{mean} ({low}–{high})"


_ESTIMATE_COLUMNS = ["", "arm", "model", "times", "labels", "learns", "M tokens", "steps", "GiB", "hours"]


def estimate_table(found: dict[str, Any]) -> str:
    """Every arm of every round, the models, the total, the assumptions, and what is not estimated."""
    total = found["total"]
    parts = [
        output.table(_ESTIMATE_COLUMNS, [_estimate_row(arm) for arm in found["arms"]]),
        output.table(
            ["model", "parameters", "size", "reads", "prompt + reply", "tokens"],
            list(map(_estimate_model, found["models"])),
        ),
        _estimate_total(total, found["machine"]),
        "\n".join(["assumed:", *(f"  {line}" for line in found["assumptions"])]),
    ]
    if found["not_known"]:
        parts.append("\n".join(["not known:", *(f"  {line}" for line in found["not_known"])]))
    return "\n\n".join(parts)


def _estimate_row(arm: dict[str, Any]) -> tuple[str, ...]:
    return (
        f"round {arm['round']}" if arm["round"] else "",
        arm["arm"],
        _short(arm["model"]),
        f"{arm['times']}",
        f"{arm['labels']:,}" if arm["labels"] else "",
        f"{arm['learned_rows']:,}" if arm["learned_rows"] else "",
        f"{arm['tokens'] / 1e6:,.1f}",
        f"{arm['optimizer_steps']:,}" if arm["optimizer_steps"] else "",
        "?" if arm["peak_gib"] is None else f"{arm['peak_gib']:.1f}",
        _hours(arm["hours"]),
    )


def _estimate_model(model: dict[str, Any]) -> tuple[str, ...]:
    size = "?" if model["parameters"] is None else f"{model['parameters']:,}"
    lengths = f"{model['prompt']:.0f} + {model['reply']:.0f}"
    reads = "?" if model["reads_per_s"] is None else f"{model['reads_per_s']:,.0f} {model['reads']}/s"
    known = model["size_from"] or "not known"
    return (_short(model["model"]), size, known, reads, lengths, model["tokens_from"])


def _estimate_total(total: dict[str, Any], machine: dict[str, Any] | None) -> str:
    work = (
        f"in all: {total['labels']:,} labels, {total['tokens'] / 1e6:,.0f} M tokens, "
        f"{total['optimizer_steps']:,} steps"
    )
    if machine is None:
        return f"{work}; how long they take is not known without torch: pip install 'w2s[models]'"
    peak = "?" if total["peak_gib"] is None else f"{total['peak_gib']:.1f}"
    fits = "" if total["fits"] is not False else ": more than there are"
    return (
        f"{work}; {_hours(total['hours'])} hours on {machine['name']}; at most {peak} of its "
        f"{machine['memory_gib']:.0f} GiB{fits}"
    )


def _short(model: str) -> str:
    """Without its options."""
    return model.partition("?")[0]


def _hours(hours: float | None) -> str:
    if hours is None:
        return "?"
    return f"{hours:.2f}" if hours < 10 else f"{hours:,.0f}"
