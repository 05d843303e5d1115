"""Text of ``w2s chain``: the report of a chain, and the estimate of its cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from w2s.chain.arms import TEACHER, TRUST
from w2s.cli import output

if TYPE_CHECKING:
    from w2s.chain.report import ArmReport, ChainReport, CurvePoint, Measure, TrustSummary

_COLUMNS = ("rows", "accuracy", "Recovery", "PGR", "trust is better by", "better than gold by")
_REFUSED = "gap too small"
_MEASURES = "https://github.com/w2s-dev/w2s/blob/main/docs/explanation/weak-to-strong.md#measures"
_REFUSED_NOTE = f"""\
{_REFUSED}: the ceiling is not clearly above the base (Recovery) or the teacher (PGR). The 95 % interval
of their difference is not above 0, so a share of it is not meaningful. More test rows may help; see
{_MEASURES}"""


def report_table(report: ChainReport) -> str:
    """All arms of all rounds, trust in each round, whether trust helped, and why the chain stopped."""
    rows = _all_arms(report)
    parts = [output.table(["round", "arm", *(["teacher"] * report.has_own_chains), *_COLUMNS], rows)]
    if any(_REFUSED in row for row in rows):
        parts.append(_REFUSED_NOTE)
    if trust := _trust_rows(report):
        columns = ["trust", "AUC", "ECE", "Brier", "purity", "coverage", "measured on"]
        parts.append(output.table(columns, trust))
    if audits := _audit_rows(report):
        columns = ["audit", "gold rows", "teacher", "student", "student is better by"]
        parts.append(output.table(columns, audits))
    if report.is_self_training:
        parts.append("self-training: teacher and student are one model, which learns from its own labels")
    if report.shift is not None:
        parts.append(
            f"regime {report.regime.name}: {report.shift}; purity on gold and the best round are estimates"
        )
    if report.curve:
        parts.append(_curve(report.curve))
    if report.stopped is not None:
        parts.append(f"stopped in round {report.stopped.round}: {report.stopped.why}")
    if report.is_complete and report.best_round is not None:
        parts.append(f"best round, by gold alone: {report.best_round}")
    if summary := _summary(report):
        parts.append(summary)
    return "\n\n".join(parts)


def _summary(report: ChainReport) -> str:
    """Whether trust helped, in the best round or in the last one of an unfinished chain."""
    if not report.rounds:
        return ""
    number = report.best_round if report.is_complete else None
    one = next((one for one in report.rounds if one.round == number), report.rounds[-1])
    leads = {name: one.arms[name].trust_is_better_by for name in ("naive", "random") if name in one.arms}
    if TRUST.name in one.arms:
        leads["gold alone"] = one.arms[TRUST.name].better_than_gold_by
    clear, unclear = [], []
    for other, lead in leads.items():
        if lead is None or lead.mean is None or lead.low is None or lead.high is None:
            continue
        mean, low, high = (100 * value for value in (lead.mean, lead.low, lead.high))
        if low > 0:
            clear.append(f"ahead of {other} by {mean:.1f} points ({low:.1f} to {high:.1f})")
        elif high < 0:
            clear.append(f"behind {other} by {-mean:.1f} points ({-high:.1f} to {-low:.1f})")
        else:
            unclear.append(f"{other} ({mean:+.1f} points, {low:.1f} to {high:.1f})")
    if unclear:
        clear.append(f"not clearly different from {', '.join(unclear)}")
    return f"round {one.round}: trust is {'; '.join(clear)}" if clear else ""


def _all_arms(report: ChainReport) -> list[tuple[str, ...]]:
    """Reference arms and those of each round; with the arm whose student taught each if they differ."""
    if not report.has_own_chains:
        rows = _arm_rows("reference", report.references)
        return rows + [row for one in report.rounds for row in _arm_rows(f"{one.round}", one.arms)]
    rows = [("reference", name, "", *_cells(arm)) for name, arm in report.references.items()]
    for one in report.rounds:
        for name, arm in one.arms.items():
            teacher = one.teachers[name].student_of if name in one.teachers else TEACHER.name
            rows.append((f"{one.round}", name, teacher, *_cells(arm)))
    return rows


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


def _audit_rows(report: ChainReport) -> list[tuple[str, ...]]:
    """The student of each round against its teacher."""
    found = [(one.round, one.audit) for one in report.rounds if one.audit is not None]
    return [
        (
            f"round {number}{'' if audit.rejected is None else ', rejected'}",
            f"{audit.rows:,}",
            *(_shown(measure, 100) for measure in (audit.teacher, audit.student, audit.gain)),
        )
        for number, audit in found
    ]


def _trust(name: str, trust: TrustSummary) -> tuple[str, ...]:
    measures = (trust.auc, trust.ece, trust.brier, trust.purity, trust.coverage)
    return (name, *(f"{measure.mean:.3f}" for measure in measures), trust.measured_on)


def _shown(found: Measure | None, times: int) -> str:
    """A measure with its interval; two digits of shares, one of percentages."""
    if found is None:
        return ""
    if found.mean is None or found.low is None or found.high is None:
        return _REFUSED
    digits = 1 if times == 100 else 2
    mean, low, high = (f"{value * times:.{digits}f}" for value in (found.mean, found.low, found.high))
    return f"{mean} ({low}–{high})"


_ESTIMATE_COLUMNS = [
    "round",
    "arm",
    "teacher",
    "model",
    "times",
    "labels",
    "learns",
    "M tokens",
    "steps",
    "GiB",
    "hours",
]


def estimate_table(found: dict[str, Any], *, with_assumptions: bool = False) -> str:
    """Every arm of every round, the models, unknowns and assumptions, in short or in full; the total is the
    first and the last line."""
    total = _estimate_total(found["total"], found["machine"])
    rows: list[Sequence[str]] = [_ESTIMATE_COLUMNS, *map(_estimate_row, found["arms"])]
    if not any(arm["teacher"] for arm in found["arms"]):
        place = _ESTIMATE_COLUMNS.index("teacher")
        rows = [[*row[:place], *row[place + 1 :]] for row in rows]
    parts = [
        total,
        output.table(rows[0], rows[1:]),
        output.table(
            ["model", "parameters", "size", "reads", "prompt + reply", "tokens"],
            list(map(_estimate_model, found["models"])),
        ),
    ]
    if found["not_known"]:
        parts.append("\n".join(["not known:", *(f"  {line}" for line in found["not_known"])]))
    assumptions = found["assumptions"]
    if with_assumptions:
        parts.append("\n".join(["assumed:", *(f"  {line}" for line in assumptions)]))
    else:
        parts.append(f"{len(assumptions)} assumptions: --verbose prints them")
    parts.append(total)
    return "\n\n".join(parts)


def _estimate_row(arm: dict[str, Any]) -> tuple[str, ...]:
    return (
        f"{arm['round']}" if arm["round"] else "",
        arm["arm"],
        arm["teacher"] or "",
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
        f"{total['labels']:,} labels, {total['tokens'] / 1e6:,.0f} M tokens, "
        f"{total['optimizer_steps']:,} optimizer steps"
    )
    if machine is None:
        return f"in all: {work}; how long they take is not known without torch: pip install 'w2s[models]'"
    peak = "?" if total["peak_gib"] is None else f"{total['peak_gib']:.1f}"
    fits = "" if total["fits"] is not False else ", which is too little"
    hours = _time(total["hours"])
    memory = f"at most {peak} of its {machine['memory_gib']:.0f} GiB{fits}"
    return f"in all: {hours} on {machine['name']}, {memory}; {work}"


def _time(hours: float | None) -> str:
    """Hours in words; an estimate is not exact to the second."""
    if hours is None:
        return "an unknown time"
    minutes = round(60 * hours)
    if minutes < 1:
        return "less than a minute"
    return f"about {minutes} min" if minutes < 60 else f"about {minutes // 60} h {minutes % 60:02d} min"


def _short(model: str) -> str:
    """A model reference without its options."""
    return model.partition("?")[0]


def _hours(hours: float | None) -> str:
    if hours is None:
        return "?"
    return f"{hours:.2f}" if hours < 10 else f"{hours:,.0f}"
