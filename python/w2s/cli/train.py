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

  w2s train kept.parquet --student hf:DIR --method lora --rank 16 --out students/d

  w2s train answers.parquet --student hf:DIR --objective grpo --group 8 --set kl=0.1 --out students/e

  torchrun --nproc-per-node 2 -m w2s train kept.parquet --student policy:students/a --out students/c
"""


def train(
    labels: Annotated[
        Path, typer.Argument(help="Table of labels (.parquet), as w2s label or w2s filter wrote it.")
    ],
    student: Annotated[str, typer.Option(help="Who learns: policy:…, lc0:… or hf:….")],
    out: Annotated[Path, typer.Option(help="Folder of the trained student.")],
    weights: Annotated[str | None, typer.Option(help="Column that says how much each row counts.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Times that every row is seen; default 2.")] = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(help="The peak of the schedule; default 5e-4, of a language model 2e-4."),
    ] = None,
    batch: Annotated[
        int | None, typer.Option(help="Rows in one step; default 128, of a language model 16.")
    ] = None,
    holdout: Annotated[
        float | None, typer.Option(help="Share held back; the epoch that is best there is kept.")
    ] = None,
    loss: Annotated[
        str | None, typer.Option(help="cross_entropy, kl, product or log_confidence; default cross_entropy.")
    ] = None,
    anchor: Annotated[
        float | None, typer.Option(help="Weight of staying near the untrained student; of policy nets.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="auto, cpu or cuda; of a language model see its reference.")
    ] = None,
    objective: Annotated[
        str | None,
        typer.Option(
            help="Of a language model: supervised, the default, or grpo: replies that agree with the label "
            "are rewarded."
        ),
    ] = None,
    method: Annotated[
        str | None, typer.Option(help="Of a language model: lora, the default, or full.")
    ] = None,
    rank: Annotated[int | None, typer.Option(help="Of its adapters; default 16.")] = None,
    group: Annotated[int | None, typer.Option(help="Replies to one question with grpo; default 8.")] = None,
    together: Annotated[int | None, typer.Option(help="Its rows in one pass of a device; default 8.")] = None,
    length: Annotated[
        int | None, typer.Option(help="The most tokens of its question and reply; default 2048.")
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="Any other setting of the training: --set kl=0.1; repeatable."),
    ] = None,
    task: Annotated[
        str | None, typer.Option(help="move, choice or answer, where the table does not say it.")
    ] = None,
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
    from w2s.train.dataset import load_training_set
    from w2s.train.distributed import process_count, process_rank

    given = {
        "epochs": epochs,
        "learning_rate": learning_rate,
        "batch": batch,
        "holdout": holdout,
        "loss": loss,
        "anchor": anchor,
        "device": device,
        "objective": objective,
        "method": method,
        "rank": rank,
        "group": group,
        "together": together,
        "length": length,
    }
    told = {name: value for name, value in given.items() if value is not None}
    chosen = {**told, **_settings(setting or [])}
    settings = rooms.parse_settings(student, chosen, seed)
    empty: list[int] = []
    rows = load_training_set(labels, weights=weights, task=task, game=game, on_null_labels=empty.append)
    if process_rank():
        rooms.train(student, rows, settings, out)  # the first process speaks for all
        return
    launcher = f"torchrun --nproc-per-node {process_count()} -m " if process_count() > 1 else ""
    screen.note(f"resume with: {launcher}w2s {shlex.join(sys.argv[1:])}")
    if empty:
        screen.note(f"labels that hold no answer and are left out: {empty[0]:,}")
    line = CountLine("steps")
    model = rooms.train(student, rows, settings, out, progress=lambda step: line(step.done, step.total))
    screen.data(
        {"model": model, "rows": len(rows)},
        as_json=json,
        text=f"{model} has learned from {len(rows):,} labels",
    )


def _settings(texts: list[str]) -> dict[str, object]:
    """``NAME=VALUE`` as TOML writes values; what is no number, true or false is text."""
    import tomllib

    from w2s.errors import UsageError

    found: dict[str, object] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(f"--set takes NAME=VALUE, not {text!r}")
        try:
            found[name] = tomllib.loads(f"it = {value}")["it"]
        except tomllib.TOMLDecodeError:
            found[name] = value
    return found


train.__doc__ = f"{train.__doc__}\n\n{_EPILOG}"
