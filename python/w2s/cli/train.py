"""``w2s train``: reads the options, trains a student on a table of labels.

Knows nothing about how training works.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_EPILOG = """Examples:

  w2s train kept.parquet --student lc0:maia-1900.pb.gz --out students/a

  w2s train kept.parquet --student policy:students/a --weights trust --epochs 4 --out students/b

  torchrun --nproc-per-node 2 -m w2s train kept.parquet --student policy:students/a --out students/c
"""


def train(
    labels: Annotated[
        Path, typer.Argument(help="Table of labels (.parquet), as w2s label or w2s filter wrote it.")
    ],
    student: Annotated[str, typer.Option(help="The net that learns: policy:… or lc0:….")],
    out: Annotated[Path, typer.Option(help="Folder of the trained student.")],
    weights: Annotated[str | None, typer.Option(help="Column that says how much each row counts.")] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Times that every row is seen.")] = 2,
    learning_rate: Annotated[float, typer.Option(help="The peak of the schedule.")] = 5e-4,
    batch: Annotated[int, typer.Option(min=1, help="Rows in one step.")] = 128,
    holdout: Annotated[
        float, typer.Option(help="Share held back; the epoch that is best there is kept.")
    ] = 0.0,
    loss: Annotated[
        str, typer.Option(help="cross_entropy, kl, product or log_confidence.")
    ] = "cross_entropy",
    anchor: Annotated[float, typer.Option(help="Weight of staying near the untrained student.")] = 0.0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    game: Annotated[str, typer.Option(help="Whose rules hold where the table does not say it.")] = "chess",
    seed: Annotated[int, typer.Option(min=0, help="Of the order of the rows.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print what was done for machines.")] = False,
) -> None:
    """A student learns from labels; a training that was killed goes on with the same command.

    torchrun and accelerate launch train on more than one device.
    """
    import shlex
    import sys

    from w2s import train as rooms
    from w2s.cli import screen
    from w2s.cli.counting import CountLine
    from w2s.train.launch import process_rank
    from w2s.train.table import read_rows

    settings = rooms.Settings(
        epochs=epochs,
        learning_rate=learning_rate,
        batch=batch,
        holdout=holdout,
        loss=loss,  # type: ignore[arg-type]
        anchor=anchor,
        device=device,  # type: ignore[arg-type]
        seed=seed,
    )
    rows = read_rows(labels, weights=weights, game=game)
    if process_rank():
        rooms.train(student, rows, settings, out)  # the first process speaks for all
        return
    screen.note(f"resume with: w2s {shlex.join(sys.argv[1:])}")
    line = CountLine("steps")
    model = rooms.train(student, rows, settings, out, watch=lambda step: line(step.done, step.total))
    screen.data(
        {"model": model, "rows": len(rows)},
        as_json=json,
        text=f"{model} has learned from {len(rows):,} labels",
    )


train.__doc__ = f"{train.__doc__}\n\n{_EPILOG}"
