"""``w2s trust``: trust scores for labels. ``votes`` reconciles many labels of each item.

Knows nothing about how they are found.
"""

from __future__ import annotations

from typing import Annotated

import typer

from w2s.cli.trust_compare import compare
from w2s.cli.trust_fit import fit
from w2s.cli.trust_score import score

trust = typer.Typer(
    name="trust",
    help="Trust scores for labels.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@trust.callback()
def _root() -> None:
    """Trust scores for labels."""


for command in (fit, score, compare):
    trust.command()(command)


@trust.command()
def votes(
    inputs: Annotated[
        list[str], typer.Argument(help="Tables of votes: .parquet, .jsonl[.gz|.zst], .arrow, .csv.")
    ],
    item: Annotated[str, typer.Option(help="Column of items: what was voted on.")],
    worker: Annotated[str, typer.Option(help="Column of workers: who voted.")],
    vote: Annotated[str, typer.Option(help="Column of votes; null abstains.")],
    out: Annotated[str, typer.Option(help="Labels: id, label, trust; .parquet, .jsonl or .arrow.")],
    method: Annotated[
        str,
        typer.Option(help="dawid-skene, one-coin, glad, mace, zero-based or majority."),
    ] = "dawid-skene",
    weight: Annotated[str | None, typer.Option(help="Column of what each vote counts for.")] = None,
    workers_out: Annotated[
        str | None, typer.Option(help="Also write the skill of every worker there.")
    ] = None,
    iterations: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Of the methods that draw.")] = 0,
    overwrite: Annotated[bool, typer.Option(help="Replace outputs that are there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the summary for machines.")] = False,
) -> int:
    """Reconcile the votes of many workers on many items: one label each, with its trust.

    Example:

      w2s trust votes votes.parquet --item id --worker model --vote label --out labels.parquet
    """
    from w2s.cli import screen
    from w2s.tables.votes import aggregate_vote_files

    summary = aggregate_vote_files(
        inputs,
        out,
        item=item,
        worker=worker,
        vote=vote,
        method=method,
        weight=weight,
        workers_out=workers_out,
        iterations=iterations,
        seed=seed,
        overwrite=overwrite,
    )
    end = "converged" if summary["converged"] else "stopped"
    lines = [
        f"{summary['votes']:,} votes of {summary['workers']:,} workers on {summary['items']:,} items: {out}",
        f"{method}: {end} after {summary['iterations']} iterations; {len(summary['classes'])} classes",
    ]
    screen.data(summary, as_json=json, text="\n".join(lines))
    return 0
