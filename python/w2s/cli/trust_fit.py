"""``w2s trust fit``: a trust function, fitted on gold.

Knows nothing about how it is fitted.
"""

from __future__ import annotations

from typing import Annotated

import typer


def fit(
    labels: Annotated[
        str, typer.Argument(help="labels.parquet; hidden, afterstate and student.parquet beside it are read.")
    ],
    gold: Annotated[str, typer.Option(help="Column that says which labels are right; null is no gold.")],
    out: Annotated[str, typer.Option(help="Folder of the fitted function.")],
    function: Annotated[
        str, typer.Option(help="neural, logistic, boosting, …, or module:callable; see w2s trust compare.")
    ] = "neural",
    reads: Annotated[
        str | None, typer.Option(help="Evidence that it reads, as hidden,afterstate,student.")
    ] = None,
    option: Annotated[
        list[str] | None, typer.Option(help="Any other option of the function: name=value; repeat it.")
    ] = None,
    folds: Annotated[int, typer.Option(min=0, help="Of the out-of-fold measures; 0: none.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Of folds and fits.")] = 0,
    overwrite: Annotated[bool, typer.Option(help="Replace the function that is there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the summary for machines.")] = False,
) -> int:
    """Fit a trust function on labels whose answer is known, and say how good it is out of fold.

    Example:

      w2s trust fit labels.parquet --gold correct --function neural --reads hidden,afterstate --out trust/
    """
    from w2s.cli import screen, trust_text
    from w2s.trust.file_commands import fit_file, parse_options

    options = parse_options(option or [], reads)
    summary = fit_file(
        labels,
        out,
        gold=gold,
        function=function,
        options=options,
        folds=folds,
        seed=seed,
        overwrite=overwrite,
    )
    screen.data(summary, as_json=json, text=trust_text.fitted(summary, out))
    return 0
