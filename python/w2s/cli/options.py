"""Options and arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

ORACLES = "search:depth=N, exact:nodes=N, uci:ENGINE?nodes=N or syzygy:FOLDER; repeatable."
TASKS = "Kind of example: move, choice or answer."

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Seed = Annotated[int, typer.Option(min=0, help="Random seed.")]
Overwrite = Annotated[bool, typer.Option(help="Replace an existing output.")]
Concurrency = Annotated[int, typer.Option(min=1, help="Number of engine processes that run in parallel.")]
Oracles = Annotated[list[str] | None, typer.Option("--oracle", help=ORACLES)]

# Files of examples
Examples = Annotated[
    str,
    typer.Argument(
        help="Positions: .parquet, .csv (Lichess puzzles), .epd, .pgn or the folder of a run. "
        "Questions: .jsonl, .json, .csv, .parquet or hf:OWNER/NAME?split=NAME."
    ),
]
Game = Annotated[str, typer.Option(help="The game, if the file does not name it.")]
Task = Annotated[str, typer.Option(help=TASKS)]
ColumnMapping = Annotated[
    str | None,
    typer.Option(
        help="Which column holds what: KEY=COLUMN,…, for example question=q,options=A,options=B,answer=key; "
        "the name of a known data set; or a .toml file."
    ),
]
FewShot = Annotated[
    Path | None,
    typer.Option(help="File of solved examples for few-shot prompts: the evidence icl, and hf:DIR?shots=4."),
]
Limit = Annotated[int | None, typer.Option(min=1, help="Use only the first LIMIT examples.")]
BadRows = Annotated[Literal["error", "skip"], typer.Option(help="What to do with rows that cannot be used.")]

# Tables of labels
Labels = Annotated[
    str,
    typer.Argument(
        help="Table of labels, .parquet, .jsonl, .csv or .arrow; hidden.parquet, afterstate.parquet and "
        "student.parquet in the same folder are read too."
    ),
]
GoldColumn = Annotated[
    str,
    typer.Option(
        "--gold", help="Column that says whether a label is right: true or false, 1 or 0; null if unknown."
    ),
]
AllowLeakage = Annotated[
    list[str] | None,
    typer.Option(
        help="Column or vector that may separate right from wrong gold almost perfectly; repeatable. Others "
        "are refused, because they are usually made from the answer."
    ),
]
WeightColumn = Annotated[str | None, typer.Option(help="Column with the weight of each row.")]
