"""``w2s filter``: keep the most trusted rows of a table of any size."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

_GROUPS_SHOWN = 20
_WHICH = "Which rows (give one rule)"
_SCORES = "The score"
_GROUPS = "Groups"
_OUTPUT = "Output and resources"


def _option(panel: str, help_text: str, **more: Any) -> Any:
    return typer.Option(help=help_text, rich_help_panel=panel, **more)


def filter(
    inputs: Annotated[
        list[str],
        typer.Argument(
            help="Files, folders or globs: .parquet, .jsonl, .arrow, .csv, .tsv, text also with .gz or .zst; "
            "- is standard input."
        ),
    ],
    score: Annotated[
        list[str] | None,
        _option(_SCORES, "Column of scores; repeat the option to combine several. --random needs none."),
    ] = None,
    out: Annotated[
        str | None,
        _option(
            _OUTPUT,
            "A file, whose ending decides the format; a folder; or - for standard output, the default "
            "after -.",
        ),
    ] = None,
    top: Annotated[
        str | None, _option(_WHICH, "Number of best rows, such as 1000 or 1e6, or a share such as 10%.")
    ] = None,
    threshold: Annotated[float | None, _option(_WHICH, "Minimum score.")] = None,
    between: Annotated[
        tuple[float, float] | None, _option(_WHICH, "Minimum and maximum score.", metavar="LOW HIGH")
    ] = None,
    budget: Annotated[
        float | None, _option(_WHICH, "Largest total of --cost; rows are kept best first until it is spent.")
    ] = None,
    random: Annotated[
        str | None, _option(_WHICH, "Number or share of rows drawn at random, as a baseline.")
    ] = None,
    purity: Annotated[
        float | None,
        _option(_WHICH, "Keep as many rows as possible with this purity, certified on --gold."),
    ] = None,
    fdr: Annotated[
        float | None,
        _option(
            _WHICH,
            "Keep as many rows as possible with at most this expected share of wrong rows, from --gold.",
        ),
    ] = None,
    where: Annotated[
        str | None,
        _option(
            _WHICH,
            "Condition that rows must meet before any rule, such as \"tokens > 50 and lang == 'en'\".",
            metavar="EXPR",
        ),
    ] = None,
    cost: Annotated[str | None, _option(_WHICH, "Column of costs, for --budget.")] = None,
    gold: Annotated[
        str | None, _option(_WHICH, "Column of known answers: true, false, or null if unknown.")
    ] = None,
    delta: Annotated[float, _option(_WHICH, "Probability that --purity is not reached.")] = 0.05,
    bound: Annotated[
        str, _option(_WHICH, "Bound of the purity: clopper-pearson, hoeffding or betting.")
    ] = "clopper-pearson",
    grid: Annotated[
        str | None,
        _option(_WHICH, "Comma-separated thresholds that --purity chooses from; default: 0, 0.01, … 0.99."),
    ] = None,
    aggregate: Annotated[
        str | None,
        _option(_SCORES, "How several scores are combined: log-odds, mean, median, min, product, …"),
    ] = None,
    weights: Annotated[
        str | None, _option(_SCORES, "Comma-separated weights, one per --score, for example 2,1.")
    ] = None,
    nulls: Annotated[
        Literal["error", "drop"], _option(_SCORES, "What to do with rows whose score or cost is null or NaN.")
    ] = "error",
    by: Annotated[
        list[str] | None,
        _option(
            _GROUPS, "Column of groups; --top applies to each group. Repeat it to group by several columns."
        ),
    ] = None,
    stratify: Annotated[
        list[str] | None,
        _option(_GROUPS, "Column of strata; --top is divided among them by size. Repeatable."),
    ] = None,
    min_per_group: Annotated[int | None, _option(_GROUPS, "Minimum number of rows kept per group.")] = None,
    max_per_group: Annotated[int | None, _option(_GROUPS, "Maximum number of rows kept per group.")] = None,
    id: Annotated[
        str | None, _option(_OUTPUT, "Column of ids, which must be unique.", metavar="COLUMN")
    ] = None,
    columns: Annotated[
        str | None,
        _option(_OUTPUT, "Comma-separated columns of the output, in this order; default: all columns."),
    ] = None,
    shards: Annotated[
        int | None, _option(_OUTPUT, "Number of files in the output folder, with equal numbers of rows.")
    ] = None,
    input_format: Annotated[
        str | None, _option(_OUTPUT, "Format of standard input: parquet, jsonl, jsonl.zst, arrow, csv, tsv.")
    ] = None,
    delimiter: Annotated[
        str | None,
        _option(
            _OUTPUT, "Character between the values of CSV; default: the most frequent one in the first line."
        ),
    ] = None,
    output_format: Annotated[
        str | None, _option(_OUTPUT, "Format of a folder or of standard output: parquet, jsonl, arrow, …")
    ] = None,
    compression: Annotated[
        str | None,
        _option(
            _OUTPUT,
            "Codec of the output, and its level after a colon: zstd:3, snappy, gzip:6, lz4, brotli, none.",
            metavar="CODEC[:LEVEL]",
        ),
    ] = None,
    memory: Annotated[str, _option(_OUTPUT, "Memory limit, at least 320MiB.")] = "1GiB",
    threads: Annotated[
        int | None,
        _option(_OUTPUT, "Number of partitions read in parallel; default: cores, at most 4.", min=1),
    ] = None,
    engine: Annotated[
        str,
        _option(
            _OUTPUT,
            "Where partitions are read: threads, processes, or ray: the cluster of RAY_ADDRESS, else one "
            "on this machine.",
            metavar="NAME",
        ),
    ] = "threads",
    part: Annotated[
        str | None,
        _option(
            _OUTPUT,
            "Do this part of the work, such as 3/64, and leave the others to other tasks.",
            metavar="I/N",
        ),
    ] = None,
    merge: Annotated[
        int | None,
        _option(_OUTPUT, "After all N parts: check them and write the record.", metavar="N"),
    ] = None,
    seed: Annotated[int, _option(_WHICH, "Random seed for --random.", min=0)] = 0,
    overwrite: Annotated[bool, _option(_OUTPUT, "Replace an existing output.")] = False,
    explain: Annotated[
        bool, _option(_OUTPUT, "Write nothing; print how many rows would be kept, by score.")
    ] = False,
    json: Annotated[bool, _option(_OUTPUT, "Print the result as JSON.")] = False,
) -> int:
    """Keep the most trusted rows of a table of any size, with all columns and in their order.

    The output appears when it is complete; running a finished filter again does nothing.

    Examples:

      w2s filter labels.parquet --score trust --top 10% --out kept.parquet

      w2s filter 'shards/*.jsonl.zst' --score trust --threshold 0.8 --out kept.jsonl.zst

      w2s filter scores/ --score a --score b --aggregate log-odds --top 1000 --by language --out kept/

      w2s filter labels.parquet --score trust --gold correct --purity 0.95 --delta 0.05 --out kept.parquet

      w2s filter labels.parquet --score trust --gold correct --fdr 0.05 --out sure.parquet

      w2s filter in.parquet --score trust --top 10% --where "tokens > 50 and lang == 'en'" --out kept.parquet

      w2s filter shards/ --score trust --top 10% --engine ray --out kept/

      w2s filter shards/ --score trust --top 10% --part $SLURM_ARRAY_TASK_ID/64 --out kept/

      producer | w2s filter - --score trust --top 10000 > kept.jsonl
    """
    from w2s.cli import output
    from w2s.cli.progress import RowProgress
    from w2s.errors import InterruptedWorkError, UsageError
    from w2s.tables.filter_rows import filter as keep
    from w2s.tables.formats import STREAM

    target = out if out is not None else STREAM if STREAM in inputs else None
    if target is None and not explain:
        raise UsageError(
            "filter-no-output", "no output is given; add --out kept.parquet, or --out - for standard output"
        )
    line = RowProgress()
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
            fdr=fdr,
            gold=gold,
            delta=delta,
            bound=bound,
            grid=_numbers("filter-invalid-grid", "grid", grid),
            aggregate=aggregate,
            weights=_numbers("filter-invalid-weights", "weights", weights),
            by=by,
            stratify=stratify,
            min_per_group=min_per_group,
            max_per_group=max_per_group,
            id=id,
            where=where,
            columns=None if columns is None else columns.split(","),
            nulls=nulls,
            seed=seed,
            memory=memory,
            shards=shards,
            input_format=input_format,
            delimiter=delimiter,
            output_format=output_format,
            compression=compression,
            overwrite=overwrite,
            explain=explain,
            threads=threads,
            engine=engine,
            part=part,
            merge=merge,
            report=line,
        )
    except KeyboardInterrupt:
        raise InterruptedWorkError(
            "interrupted", "interrupted; nothing was written; run the command again to start over"
        ) from None
    finally:
        line.clear()
    if target == STREAM and not explain:
        output.note(_json(summary) if json else _text(summary))
    else:
        output.data(_plain(summary) if json else None, as_json=json, text=_text(summary))
    return 0


def _numbers(code: str, name: str, text: str | None) -> list[float] | None:
    from w2s.errors import UsageError

    if text is None:
        return None
    try:
        return [float(number) for number in text.split(",")]
    except ValueError:
        raise UsageError(
            code, f"`{name}` is {text!r}; give comma-separated numbers, for example 2,1"
        ) from None


def _json(summary: dict[str, Any]) -> str:
    import json

    return json.dumps(_plain(summary))


def _plain(summary: dict[str, Any]) -> Any:
    import json

    from w2s.tables.summary import with_text_infinities

    return json.loads(json.dumps(with_text_infinities(summary), allow_nan=False, default=str))


def _text(summary: dict[str, Any]) -> str:
    from w2s.cli.filter_text import text_of

    return text_of(summary, groups_shown=_GROUPS_SHOWN)
