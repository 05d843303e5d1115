"""``w2s trust compare``: every trust function on one labelled table.

Knows nothing about how they are measured.
"""

from __future__ import annotations

from typing import Annotated

import typer


def compare(
    labels: Annotated[
        str, typer.Argument(help="labels.parquet; hidden, afterstate and student.parquet beside it are read.")
    ],
    gold: Annotated[str, typer.Option(help="Column that says which labels are right; null is no gold.")],
    function: Annotated[
        list[str] | None, typer.Option(help="Only this function; repeat it. All by default.")
    ] = None,
    folds: Annotated[int, typer.Option(min=2, help="Each row is scored by a fit on the others.")] = 5,
    draws: Annotated[int, typer.Option(min=1, help="Bootstrap samples of the intervals.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Of folds, fits and samples.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print all for machines.")] = False,
) -> int:
    """Compare trust functions out of fold: AUC, ECE, Brier and purity at coverage, with intervals.

    Functions that lack evidence are listed with what is missing.

    Example:

      w2s trust compare labels.parquet --gold correct
    """
    from w2s.cli import screen, trust_text
    from w2s.trust.file_commands import compare_file

    summary = compare_file(
        labels,
        gold=gold,
        functions=function or [],
        folds=folds,
        draws=draws,
        seed=seed,
        tell=lambda title: screen.note(f"{title} …"),
    )
    screen.data(summary, as_json=json, text=trust_text.compared(summary))
    return 0
