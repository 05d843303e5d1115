"""``w2s trust``: fit, apply and compare trust functions; aggregate votes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from w2s.cli import options, output
from w2s.cli.command import Command

trust = typer.Typer(
    name="trust",
    help="Trust scores for labels.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@trust.callback()
def _root() -> None:
    """Fit, apply and compare trust functions, and aggregate votes."""


@trust.command(cls=Command)
def fit(
    labels: options.Labels,
    gold: options.GoldColumn,
    out: Annotated[str, typer.Option(help="Folder of the fitted trust function.")],
    function: Annotated[
        str,
        typer.Option(help="neural, logistic, boosting, … or module:callable; see w2s trust compare."),
    ] = "neural",
    features: Annotated[
        str | None,
        typer.Option(help="Evidence that the function reads: hidden, afterstate, or your own columns."),
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="Another option of the function, NAME=VALUE; repeatable."),
    ] = None,
    folds: Annotated[int, typer.Option(min=0, help="Folds of the out-of-fold measures; 0 for none.")] = 5,
    allow_leakage: options.AllowLeakage = None,
    seed: options.Seed = 0,
    overwrite: options.Overwrite = False,
    json: options.Json = False,
) -> int:
    """Fit a trust function on labels whose answer is known, and measure it out of fold.

    Running it again does nothing once it has ended; another function there is replaced with --overwrite only.

    Example:

      w2s trust fit labels.parquet --gold correct --function neural --features hidden,afterstate --out trust/
    """
    from w2s.trust.file_commands import fit_file
    from w2s.trust.registry import parse_options

    summary = fit_file(
        labels,
        out,
        gold=gold,
        function=function,
        options=parse_options(setting or [], features),
        folds=folds,
        seed=seed,
        allow_leakage=allow_leakage or (),
        overwrite=overwrite,
    )
    _note_finished(summary, out)
    output.data(summary, as_json=json, text=_fit_text(summary, out))
    return 0


@trust.command(cls=Command)
def score(
    labels: options.Labels,
    function: Annotated[str, typer.Option(help="Folder of a fitted trust function.")],
    out: Annotated[str, typer.Option(help="Output, .parquet: every column of the labels, and the score.")],
    column: Annotated[str, typer.Option("--score", help="Name of the column of scores.")] = "trust",
    allow: Annotated[
        str, typer.Option(help="module:callable whose code may be run, if the function is not built in.")
    ] = "",
    overwrite: options.Overwrite = False,
    json: options.Json = False,
) -> int:
    """Score labels with a fitted trust function: numbers in [0, 1], higher is more likely right.

    Torch is not needed.

    Example:

      w2s trust score labels.parquet --function trust/ --out scored.parquet
    """
    from w2s.trust.file_commands import score_file

    summary = score_file(labels, out, function=function, column=column, allow=allow, overwrite=overwrite)
    _note_finished(summary, out)
    output.data(summary, as_json=json, text=_score_text(summary, out))
    return 0


@trust.command(cls=Command)
def compare(
    labels: options.Labels,
    gold: options.GoldColumn,
    function: Annotated[
        list[str] | None, typer.Option(help="Compare only this function; repeatable. Default: all.")
    ] = None,
    features: Annotated[
        str | None,
        typer.Option(help="Evidence to read, such as hidden or your own columns; default: all known."),
    ] = None,
    folds: Annotated[int, typer.Option(min=2, help="Number of folds; each row is scored out of fold.")] = 5,
    resamples: Annotated[int, typer.Option(min=1, help="Bootstrap samples for the intervals.")] = 1000,
    seed: options.Seed = 0,
    json: options.Json = False,
) -> int:
    """Compare trust functions out of fold: AUC, ECE, Brier and purity at coverage, with intervals.

    Functions whose evidence is missing are listed with the remedy.

    Example:

      w2s trust compare labels.parquet --gold correct

      w2s trust compare own.csv --gold correct --features conf,length
    """
    from w2s.trust.file_commands import compare_file

    summary = compare_file(
        labels,
        gold=gold,
        functions=function or [],
        features=features,
        folds=folds,
        draws=resamples,
        seed=seed,
        tell=lambda title: output.note(f"{title} …"),
    )
    output.data(summary, as_json=json, text=_compare_text(summary))
    return 0


@trust.command(cls=Command)
def votes(
    inputs: Annotated[
        list[str], typer.Argument(help="Tables of votes: .parquet, .jsonl[.gz|.zst], .arrow, .csv.")
    ],
    item: Annotated[str, typer.Option(help="Column of items: what was voted on.")],
    worker: Annotated[str, typer.Option(help="Column of workers: who voted.")],
    vote: Annotated[str, typer.Option(help="Column of votes; null is an abstention.")],
    out: Annotated[str, typer.Option(help="Output with id, label and trust: .parquet, .jsonl or .arrow.")],
    method: Annotated[
        str, typer.Option(help="dawid-skene, one-coin, glad, mace, zero-based or majority.")
    ] = "dawid-skene",
    weight_column: options.WeightColumn = None,
    workers_out: Annotated[
        str | None, typer.Option(help="Also write the skill of every worker to this file.")
    ] = None,
    iterations: Annotated[int, typer.Option(min=1, help="Maximum number of iterations.")] = 100,
    seed: options.Seed = 0,
    overwrite: options.Overwrite = False,
    json: options.Json = False,
) -> int:
    """Aggregate the votes of many workers on many items: one label per item, with its trust.

    Example:

      w2s trust votes votes.parquet --item id --worker model --vote label --out labels.parquet
    """
    from w2s.tables.votes import aggregate_vote_files

    summary = aggregate_vote_files(
        inputs,
        out,
        item=item,
        worker=worker,
        vote=vote,
        method=method,
        weight=weight_column,
        workers_out=workers_out,
        iterations=iterations,
        seed=seed,
        overwrite=overwrite,
    )
    output.data(summary, as_json=json, text=_votes_text(summary, out))
    return 0


def _note_finished(summary: Mapping[str, Any], out: str) -> None:
    """Say where the same command has ended before."""
    if summary.get("done_before"):
        output.note(f"{out} is already finished; nothing was done")


def _fit_text(summary: Mapping[str, Any], out: str) -> str:
    """Output of ``w2s trust fit``."""
    lines = [
        f"{summary['function']} fitted on {summary['gold_rows']:,} gold rows, "
        f"{100 * summary['right']:.1f} % right: {out}"
    ]
    if "measures" in summary:
        lines += ["out of fold, auc within folds:"]
        lines += [f"  {name:12}{_interval(value)}" for name, value in summary["measures"].items()]
    return "\n".join([*lines, *_remarks(summary)])


def _score_text(summary: Mapping[str, Any], out: str) -> str:
    """Output of ``w2s trust score``."""
    mean = "" if summary["mean_trust"] is None else f", mean trust {summary['mean_trust']:.3f}"
    lines = [f"{summary['rows']:,} labels scored by {summary['function']}{mean}: {out}"]
    if summary["out_of_fold"]:
        lines.append(f"{summary['out_of_fold']:,} of them are gold rows; they keep their out-of-fold scores")
    return "\n".join(lines)


def _compare_text(summary: Mapping[str, Any]) -> str:
    """Output of ``w2s trust compare``: a table, then the functions that could not be compared."""
    found = [one for one in summary["functions"] if one["measures"]]
    lines = [
        f"{summary['gold_rows']:,} gold rows, {100 * summary['right']:.1f} % right; "
        f"out of {summary['folds']} folds, 95 % intervals from a bootstrap; auc within folds",
        "",
    ]
    if found:
        rows = [[_title(one), *map(_interval, one["measures"].values())] for one in found]
        lines.append(output.table(["function", *found[0]["measures"]], rows))
    lacking = [f"  {_title(one)}: {one['remedy']}" for one in summary["functions"] if not one["measures"]]
    return "\n".join([*lines, *_remarks(summary), *(["", "not compared:", *lacking] if lacking else [])])


def _remarks(summary: Mapping[str, Any]) -> list[str]:
    return [f"note: {remark}" for remark in summary.get("remarks", [])]


def _title(one: Mapping[str, Any]) -> str:
    return f"{one['name']}({','.join(one['features'])})" if one["features"] else str(one["name"])


def _interval(interval: Mapping[str, float]) -> str:
    return f"{interval['value']:.3f} [{interval['low']:.3f}, {interval['high']:.3f}]"


def _votes_text(summary: Mapping[str, Any], out: str) -> str:
    """Output of ``w2s trust votes``."""
    end = "converged" if summary["converged"] else "stopped"
    return (
        f"{summary['votes']:,} votes of {summary['workers']:,} workers on {summary['items']:,} items: {out}\n"
        f"{summary['method']}: {end} after {summary['iterations']} iterations; "
        f"{len(summary['classes'])} classes"
    )
