"""``w2s trust score``: the trust of every label of a table.

Knows nothing about how labels are scored.
"""

from __future__ import annotations

from typing import Annotated

import typer


def score(
    labels: Annotated[
        str, typer.Argument(help="labels.parquet; hidden, afterstate and student.parquet beside it are read.")
    ],
    function: Annotated[str, typer.Option(help="Folder that w2s trust fit wrote.")],
    out: Annotated[str, typer.Option(help="Parquet: every column of the labels, and the trust.")],
    column: Annotated[str, typer.Option(help="Name of the column of trust.")] = "trust",
    allow: Annotated[
        str, typer.Option(help="module:callable whose code may run, where the function is not built in.")
    ] = "",
    overwrite: Annotated[bool, typer.Option(help="Replace an output that is there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the summary for machines.")] = False,
) -> int:
    """Score labels with a fitted trust function, in [0, 1]; higher is more likely right. Needs no torch.

    Example:

      w2s trust score labels.parquet --function trust/ --out scored.parquet
    """
    from w2s.cli import screen, trust_text
    from w2s.trust.file_commands import score_file

    summary = score_file(labels, out, function=function, column=column, allow=allow, overwrite=overwrite)
    screen.data(summary, as_json=json, text=trust_text.scored(summary, out))
    return 0
