"""``w2s train``: train a student on a table of labels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from w2s.cli import options

_EPILOG = """Examples:

  w2s train kept.parquet --student lc0:maia-1900.pb.gz --out students/a

  w2s train kept.parquet --student policy:students/a --weight-column trust --epochs 4 --out students/b

  w2s train kept.parquet --student hf:DIR --finetuning lora --rank 16 --out students/d

  w2s train answers.parquet --student hf:DIR --objective grpo --group-size 8 --set kl=0.1 --out students/e

  torchrun --nproc-per-node 2 -m w2s train kept.parquet --student policy:students/a --out students/c
"""


def train(
    labels: Annotated[
        Path, typer.Argument(help="Table of labels, .parquet, written by w2s label or w2s filter.")
    ],
    student: Annotated[str, typer.Option(help="Model to train: policy:…, lc0:… or hf:….")],
    out: Annotated[Path, typer.Option(help="Folder of the trained student.")],
    weight_column: options.WeightColumn = None,
    epochs: Annotated[int | None, typer.Option(help="Number of passes over the rows; default 2.")] = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(help="Peak learning rate; default 5e-4, for language models 2e-4."),
    ] = None,
    batch: Annotated[
        int | None, typer.Option(help="Rows per optimiser step; default 128, for language models 16.")
    ] = None,
    holdout: Annotated[
        float | None, typer.Option(help="Share of rows held out; the best epoch on them is kept.")
    ] = None,
    loss: Annotated[
        str | None, typer.Option(help="cross_entropy, kl, product or log_confidence; default cross_entropy.")
    ] = None,
    anchor: Annotated[
        float | None,
        typer.Option(help="Weight of the KL divergence from the untrained student; policy nets only."),
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="auto, cpu or cuda; for language models use the model reference.")
    ] = None,
    objective: Annotated[
        str | None,
        typer.Option(
            help="Language models: supervised (default), or grpo, which rewards replies that agree with "
            "the label."
        ),
    ] = None,
    finetuning: Annotated[str | None, typer.Option(help="Language models: lora (default) or full.")] = None,
    rank: Annotated[int | None, typer.Option(help="LoRA rank; default 16.")] = None,
    group_size: Annotated[int | None, typer.Option(help="Replies per question with grpo; default 8.")] = None,
    micro_batch: Annotated[
        int | None, typer.Option(help="Language models: rows per device and forward pass; default 8.")
    ] = None,
    max_length: Annotated[
        int | None, typer.Option(help="Language models: maximum tokens of question and reply; default 2048.")
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Another setting of the training, NAME=VALUE, for example kl=0.1; repeatable."
        ),
    ] = None,
    task: Annotated[
        str | None, typer.Option(help="move, choice or answer, if the table does not name it.")
    ] = None,
    game: options.Game = "chess",
    seed: options.Seed = 0,
    json: options.Json = False,
) -> None:
    """Train a student on labels. If the command is killed, the same command continues.

    torchrun and accelerate launch train on several devices.
    """
    import shlex
    import sys

    from w2s import train as rooms
    from w2s.cli import output
    from w2s.cli.progress import CountProgress
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
        "finetuning": finetuning,
        "rank": rank,
        "group_size": group_size,
        "micro_batch": micro_batch,
        "max_length": max_length,
    }
    told = {name: value for name, value in given.items() if value is not None}
    chosen = {**told, **_settings(setting or [])}
    settings = rooms.parse_settings(student, chosen, seed)
    empty: list[int] = []
    rows = load_training_set(labels, weights=weight_column, task=task, game=game, on_null_labels=empty.append)
    if process_rank():
        rooms.train(student, rows, settings, out)  # the first process speaks for all
        return
    launcher = f"torchrun --nproc-per-node {process_count()} -m " if process_count() > 1 else ""
    output.note(f"resume with: {launcher}w2s {shlex.join(sys.argv[1:])}")
    if empty:
        output.note(f"{empty[0]:,} labels without an answer were left out")
    line = CountProgress("steps")
    model = rooms.train(student, rows, settings, out, progress=lambda step: line(step.done, step.total))
    output.data(
        {"model": model, "rows": len(rows)},
        as_json=json,
        text=f"{model} was trained on {len(rows):,} labels{_report_text(out)}",
    )


def _report_text(out: Path) -> str:
    """Loss at the start and at the end, held-out loss by epoch, and the epoch that was kept, as far as the
    report has them."""
    from w2s.files import read_json

    report = read_json(out / "train.json") or {}
    first, last = report.get("first_loss"), report.get("loss")
    if not isinstance(last, float):
        return ""
    losses, best = report.get("held_back_losses") or [], report.get("best_epoch")
    epochs = len(losses) or report.get("settings", {}).get("epochs")
    text = "\nloss "
    text += (
        f"{first:.3f} at the first step, {last:.3f} at the end" if isinstance(first, float) else f"{last:.3f}"
    )
    if epochs is not None:
        text += f", after {epochs} epoch{'s' * (epochs != 1)}"
    if losses:
        text += f"; held-out loss by epoch: {', '.join(f'{loss:.3f}' for loss in losses)}"
        if best is not None:
            text += f"; epoch {best + 1} was kept"
    return f"{text}; more in {out / 'train.json'}"


def _settings(texts: list[str]) -> dict[str, object]:
    """Parse ``NAME=VALUE`` pairs; values are TOML, or text if they are not valid TOML."""
    import tomllib

    from w2s.errors import UsageError

    found: dict[str, object] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError("cli-invalid-set", f"--set {text!r} is not of the form NAME=VALUE")
        try:
            found[name] = tomllib.loads(f"it = {value}")["it"]
        except tomllib.TOMLDecodeError:
            found[name] = value
    return found


train.__doc__ = f"{train.__doc__}\n\n{_EPILOG}"
