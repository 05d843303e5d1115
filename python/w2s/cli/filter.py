"""``w2s filter``: keep the most trusted rows of a table of any size.

Knows nothing about how they are found.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

_GROUPS_SHOWN = 20
_WHICH = "Which rows (give one)"
_SCORES = "The score"
_GROUPS = "Groups"
_OUTPUT = "Output and machine"


def _option(panel: str, help_text: str, **more: Any) -> Any:
    return typer.Option(help=help_text, rich_help_panel=panel, **more)


def filter(
    inputs: Annotated[
        list[str],
        typer.Argument(
            help="Files, folders or globs: .parquet, .jsonl[.gz|.zst], .arrow, .csv; - is standard input."
        ),
    ],
    score: Annotated[list[str], _option(_SCORES, "Column of scores; repeat it to combine several.")],
    out: Annotated[
        str | None,
        _option(
            _OUTPUT, "A file, its format by its ending; a folder; - (default after -) is standard output."
        ),
    ] = None,
    top: Annotated[str | None, _option(_WHICH, "The best rows: a count, or a share such as 10%.")] = None,
    threshold: Annotated[float | None, _option(_WHICH, "Rows with at least this score.")] = None,
    between: Annotated[
        tuple[float, float] | None, _option(_WHICH, "Rows with scores from LOW to HIGH.", metavar="LOW HIGH")
    ] = None,
    budget: Annotated[
        float | None, _option(_WHICH, "Best first, until the next --cost would exceed it.")
    ] = None,
    random: Annotated[str | None, _option(_WHICH, "As --top, but drawn by --seed: the baseline.")] = None,
    purity: Annotated[
        float | None, _option(_WHICH, "Most rows whose purity is at least this, certified on --gold.")
    ] = None,
    cost: Annotated[str | None, _option(_WHICH, "Column of costs, for --budget.")] = None,
    gold: Annotated[
        str | None, _option(_WHICH, "Column of known answers: true, false, or null where unknown.")
    ] = None,
    delta: Annotated[float, _option(_WHICH, "Probability with which --purity may be missed.")] = 0.05,
    bound: Annotated[
        str, _option(_WHICH, "How purity is bounded: clopper-pearson, hoeffding or betting.")
    ] = "clopper-pearson",
    aggregate: Annotated[
        str | None, _option(_SCORES, "How several scores become one: log-odds, mean, median, min, product, …")
    ] = None,
    weights: Annotated[str | None, _option(_SCORES, "One a score column, such as 2,1.")] = None,
    nulls: Annotated[
        Literal["error", "drop"], _option(_SCORES, "What is done about a row whose score or cost is null.")
    ] = "error",
    by: Annotated[str | None, _option(_GROUPS, "Column of groups; --top is then what each keeps.")] = None,
    stratify: Annotated[
        str | None, _option(_GROUPS, "Column of strata; --top is shared among them by their sizes.")
    ] = None,
    min_per_group: Annotated[int | None, _option(_GROUPS, "Every group keeps at least so many rows.")] = None,
    max_per_group: Annotated[int | None, _option(_GROUPS, "No group keeps more rows.")] = None,
    identity: Annotated[
        str | None, _option(_OUTPUT, "Column of ids; one that repeats is an error.", metavar="COLUMN")
    ] = None,
    shards: Annotated[
        int | None, _option(_OUTPUT, "Write a folder of so many files, rows shared evenly.")
    ] = None,
    format: Annotated[
        str | None,
        _option(_OUTPUT, "Of standard input, or of a folder: parquet, jsonl, jsonl.zst, arrow, csv."),
    ] = None,
    memory: Annotated[str, _option(_OUTPUT, "What the process may take, from 320MiB.")] = "1GiB",
    threads: Annotated[
        int | None, _option(_OUTPUT, "Pieces read side by side; default: cores, at most 4.", min=1)
    ] = None,
    seed: Annotated[int, _option(_WHICH, "Of --random.", min=0)] = 0,
    overwrite: Annotated[bool, _option(_OUTPUT, "Replace an output that something else made.")] = False,
    explain: Annotated[
        bool, _option(_OUTPUT, "Write no rows: print what would be kept, and of which scores.")
    ] = False,
    json: Annotated[bool, _option(_OUTPUT, "Print the summary for machines.")] = False,
) -> int:
    """Keep the most trusted rows of a table of any size, with all their columns, in their order.

    The output appears when it is whole; a rerun of a finished filter does nothing.

    Examples:

      w2s filter labels.parquet --score trust --top 10% --out kept.parquet

      w2s filter 'shards/*.jsonl.zst' --score trust --threshold 0.8 --out kept.jsonl.zst

      w2s filter scores/ --score a --score b --aggregate log-odds --top 1000 --by language --out kept/

      w2s filter labels.parquet --score trust --gold correct --purity 0.95 --delta 0.05 --out kept.parquet

      producer | w2s filter - --score trust --top 10000 > kept.jsonl
    """
    from w2s.cli import screen
    from w2s.cli.progress_line import ProgressLine
    from w2s.errors import InterruptedWorkError, UsageError
    from w2s.tables.filter_rows import STREAM
    from w2s.tables.filter_rows import filter as keep

    target = out if out is not None else STREAM if STREAM in inputs else None
    if target is None and not explain:
        raise UsageError(
            "filter-no-output", "no output is given; add --out kept.parquet, or --out - for standard output"
        )
    line = ProgressLine()
    try:
        summary = keep(
            inputs,
            target,
            score=score,
            top=top,
            threshold=threshold,
            between=between,
            budget=budget,
            cost=cost,
            random=random,
            purity=purity,
            gold=gold,
            delta=delta,
            bound=bound,
            aggregate=aggregate,
            weights=_numbers(weights),
            by=by,
            stratify=stratify,
            min_per_group=min_per_group,
            max_per_group=max_per_group,
            key=identity,
            nulls=nulls,
            seed=seed,
            memory=memory,
            shards=shards,
            format=format,
            overwrite=overwrite,
            explain=explain,
            threads=threads,
            report=line,
        )
    except KeyboardInterrupt:
        raise InterruptedWorkError(
            "interrupted", "interrupted; nothing was written; the same command starts again"
        ) from None
    finally:
        line.clear()
    if target == STREAM and not explain:
        screen.note(_json(summary) if json else _text(summary))
    else:
        screen.data(summary, as_json=json, text=_text(summary))
    return 0


def _numbers(text: str | None) -> list[float] | None:
    from w2s.errors import UsageError

    if text is None:
        return None
    try:
        return [float(number) for number in text.split(",")]
    except ValueError:
        raise UsageError(
            "filter-invalid-weights", f"weights are {text!r}; give comma-separated numbers, for example 2,1"
        ) from None


def _json(summary: dict[str, Any]) -> str:
    import json

    return json.dumps(summary, allow_nan=False, default=str)


def _text(summary: dict[str, Any]) -> str:
    from w2s.cli.filter_text import text_of

    return text_of(summary, groups_shown=_GROUPS_SHOWN)
