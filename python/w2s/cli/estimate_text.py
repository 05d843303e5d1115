"""An estimate of a chain as a table for people.

Knows nothing about how it was made.
"""

from __future__ import annotations

from typing import Any

from w2s.cli import output

_HEADER = ["", "arm", "model", "times", "labels", "learns", "M tokens", "steps", "GiB", "hours"]


def table(found: dict[str, Any]) -> str:
    """Every arm of every round, the models, the whole, what was assumed and what is not known."""
    total = found["total"]
    parts = [
        output.table(_HEADER, [_row(arm) for arm in found["arms"]]),
        output.table(
            ["model", "parameters", "size", "reads", "prompt + reply", "tokens"],
            list(map(_model, found["models"])),
        ),
        _total(total, found["machine"]),
        "\n".join(["assumed:", *(f"  {line}" for line in found["assumptions"])]),
    ]
    if found["not_known"]:
        parts.append("\n".join(["not known:", *(f"  {line}" for line in found["not_known"])]))
    return "\n\n".join(parts)


def _row(arm: dict[str, Any]) -> tuple[str, ...]:
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


def _model(model: dict[str, Any]) -> tuple[str, ...]:
    size = "?" if model["parameters"] is None else f"{model['parameters']:,}"
    lengths = f"{model['prompt']:.0f} + {model['reply']:.0f}"
    reads = "?" if model["reads_per_s"] is None else f"{model['reads_per_s']:,.0f} {model['reads']}/s"
    known = model["size_from"] or "not known"
    return (_short(model["model"]), size, known, reads, lengths, model["tokens_from"])


def _total(total: dict[str, Any], machine: dict[str, Any] | None) -> str:
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
