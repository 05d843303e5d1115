"""``w2s.filter``: keep the most trusted rows of a table of any size."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from w2s.certification import check_bound, check_grid
from w2s.errors import UsageError
from w2s.kernels import Nulls
from w2s.kernels.arrays import check_nulls
from w2s.selection import Rule
from w2s.tables.executor_registry import open_executor
from w2s.tables.filter_job import FilterJob, InputSpec
from w2s.tables.formats import STREAM, format_named
from w2s.tables.output_spec import parse_output
from w2s.tables.part_job import PartJob
from w2s.tables.part_spec import PartSpec, check_part_count
from w2s.tables.predicate import Predicate
from w2s.tables.progress import ProgressCounter, Report
from w2s.tables.spec import FilterSpec, GoldSpec, parse_bytes, parse_columns, parse_scores
from w2s.tables.table_objects import is_table_object, not_a_table

_OWN_BYTES = 224 << 20  # of Python, numpy and Arrow themselves


def filter(
    inputs: object,
    out: str | Path | None = None,
    *,
    score: str | Sequence[str] | None = None,
    top: int | float | str | None = None,
    threshold: float | None = None,
    between: Sequence[float] | None = None,
    budget: float | None = None,
    cost: str | None = None,
    random: int | float | str | None = None,
    purity: float | None = None,
    fdr: float | None = None,
    gold: str | None = None,
    delta: float = 0.05,
    bound: str = "clopper-pearson",
    grid: Sequence[float] | None = None,
    aggregate: str | None = None,
    weights: Sequence[float] | None = None,
    by: str | Sequence[str] | None = None,
    stratify: str | Sequence[str] | None = None,
    min_per_group: int | None = None,
    max_per_group: int | None = None,
    id: str | None = None,
    where: object = None,
    columns: str | Sequence[str] | None = None,
    nulls: Nulls = "error",
    seed: int = 0,
    memory: str | int = "1GiB",
    shards: int | None = None,
    input_format: str | None = None,
    delimiter: str | None = None,
    output_format: str | None = None,
    compression: str | None = None,
    overwrite: bool = False,
    explain: bool = False,
    threads: int | None = None,
    engine: str = "threads",
    part: str | None = None,
    merge: int | None = None,
    report: Report | None = None,
) -> Any:
    """Keep the best rows of a table, in their order.

    Exactly one of ``top``, ``threshold``, ``between``, ``budget``, ``random``, ``purity`` and ``fdr`` says
    which, as in :func:`w2s.select`. The score columns are read first, then the rows that are kept.

    Args:
        inputs: files, folders or globs of Parquet, JSON Lines (also .gz, .zst), Arrow IPC, CSV or TSV; "-" is
            standard input. Or a table: anything with ``__arrow_c_stream__``, a lazy frame of polars, or a
            data set of the library ``datasets``. A stream is read twice, so it is copied to a temporary file.
        out: a file, whose ending decides the format; a folder, if there is no ending; "-" is standard output.
            Missing parent folders are made. None gives a reader of the kept rows.
        score: the column of scores, or several that ``aggregate`` combines; ``random`` needs none.
        top: number of best rows, such as 1000 or "1e6", or a share such as "10%".
        threshold: keep rows with at least this score.
        between: keep rows with scores from the first to the second value.
        budget: keep rows best first until the next ``cost`` would exceed this.
        cost: column of costs.
        random: as ``top``, but drawn at random.
        purity: keep as many rows as possible with at least this purity, with probability 1 − ``delta``, as
            certified on the rows whose ``gold`` is known.
        fdr: keep as many rows as possible of which at most this share is wrong in expectation, as certified
            on the rows whose ``gold`` is known, for the others; see :func:`w2s.certify`.
        gold: column of known answers: true, false, or null if unknown.
        delta: see ``purity``.
        bound: bound of the purity: clopper-pearson, hoeffding or betting.
        grid: thresholds that ``purity`` chooses from, fixed before the answers were seen; by default 0, 0.01,
            … 0.99, for scores in [0, 1].
        aggregate: how scores are combined; see :func:`w2s.aggregate`.
        weights: one weight per score column.
        by: column of groups, or several; ``top`` then applies to each group.
        stratify: column of strata, or several; their proportions are preserved.
        min_per_group: minimum number of rows kept per group.
        max_per_group: maximum number of rows kept per group.
        id: a column of ids, which must be unique.
        where: a condition, as text such as "tokens > 50 and lang == 'en'" or as an expression of
            ``pyarrow.compute``; the rule sees only rows that meet it, so a share is one of these rows.
        columns: the columns of the output, in this order; by default all. Others are not copied.
        nulls: "drop" leaves out rows whose score or cost is null or NaN; "error" refuses them.
        seed: random seed for ``random``.
        memory: memory limit, for example "512MiB"; at least 320MiB.
        shards: number of output files in a folder, with equal numbers of rows.
        input_format: format of standard input; by default guessed from its first bytes.
        delimiter: character between the values of CSV; by default the most frequent of comma, semicolon, tab
            and bar in the first line.
        output_format: format of a folder or of standard output; by default that of the input.
        compression: codec of the output, and its level after a colon, such as "zstd:3"; by default that of
            the input, or zstd. Parquet has none, snappy, gzip, lz4, brotli and zstd; Arrow none, lz4 and
            zstd; text none, gzip and zstd, as the ending of the file says.
        overwrite: replace an existing output.
        explain: write nothing, and count rows by score.
        threads: number of partitions read in parallel; by default the number of cores, at most four.
        engine: where partitions are read: "threads" of this process, "processes" of this machine, or "ray":
            the cluster of ``RAY_ADDRESS``, else one that is started here. Processes and Ray read files only.
            The output has the same bytes. A script that uses processes calls this under
            ``if __name__ == "__main__":``.
        part: the part of the work that this process does, such as "3/64"; other processes do the others.
            ``out`` is a folder that they share. A part that needs the scores of other parts gives
            ``{"waiting_for": [5, 6], …}`` as long as they are missing; the same call continues then.
        merge: number of parts, when all are done: checks them and writes the record of the output.
        report: called a few times per second with a :class:`w2s.tables.progress.Progress`.

    Returns:
        With ``out`` or ``explain`` a summary. Otherwise a ``pyarrow.RecordBatchReader``, which reads the kept
        rows as they are taken from it.

    Raises:
        UsageError: options contradict each other, a column is unknown, or the output exists or is an input.
        DataError: a file cannot be read, or a value cannot be used; names the file and the row.
        W2sError: the output cannot be written, or no threshold has the guarantee.

    Example:
        >>> import pyarrow as pa, w2s
        >>> table = pa.table({"id": [1, 2, 3], "trust": [0.9, 0.2, 0.8]})
        >>> w2s.filter(table, score="trust", top=2).read_all()["id"].to_pylist()
        [1, 3]
    """
    rule = Rule.parse(
        top=top,
        threshold=threshold,
        between=between,
        budget=budget,
        cost=cost,
        random=random,
        purity=purity,
        fdr=fdr,
        by=by,
        stratify=stratify,
        min_per_group=min_per_group,
        max_per_group=max_per_group,
        seed=seed,
    )
    _check_gold_options(rule, gold, delta, bound, grid)
    check_nulls(nulls)
    gold_spec = None if gold is None else GoldSpec(gold, delta, bound, None if grid is None else tuple(grid))
    condition = None if where is None else Predicate.parse(where)
    spec = FilterSpec(rule, parse_scores(score, aggregate, weights), gold_spec, nulls, id, condition)
    if not spec.score.columns and rule.kind != "random":
        raise UsageError("filter-no-score", "no column of scores is given; add `score`")
    executor = open_executor(engine, threads)
    if delimiter is not None and len(delimiter) != 1:
        raise UsageError("filter-invalid-delimiter", f"`delimiter` is {delimiter!r}; give one character")
    names = None if columns is None else parse_columns(columns)
    form = None if input_format is None else format_named(input_format)
    given = inputs if is_table_object(inputs) else _input_texts(inputs)
    gives_reader = out is None and not explain
    output_options = (shards, output_format, compression)
    if gives_reader and (overwrite or any(option is not None for option in output_options)):
        raise UsageError(
            "filter-no-output",
            "`shards`, `output_format`, `compression` and `overwrite` need an output; add `out`",
        )
    job = FilterJob(
        spec,
        InputSpec(form, delimiter),
        parse_output(None if explain else out, output_format, shards, compression, overwrite=overwrite),
        names,
        parse_bytes(memory) - _OWN_BYTES,
        executor,
        ProgressCounter(report),
        explain,
    )
    _check_input_options(job.inputs, given)
    if engine != "threads" and (not isinstance(given, list) or STREAM in given):
        raise UsageError("filter-engine-needs-files", f"`engine={engine!r}` reads files; write a file first")
    if part is not None or merge is not None:
        return _timed_part(job, given, part, merge, has_options=overwrite or explain or shards is not None)
    if not gives_reader:
        return _timed(job, given)
    if isinstance(given, list) and STREAM in given:
        raise UsageError("filter-no-output", "standard input needs an output; add `out`")
    return job.reader_of_files(given) if isinstance(given, list) else job.reader_of_table(given)


def _timed(job: FilterJob, given: object) -> dict[str, Any]:
    """Run a filter that has an output, or explains; gives the summary with the seconds it took."""
    begin = time.perf_counter()
    if not isinstance(given, list):
        summary = job.of_table(given)
    else:
        summary = job.of_standard_input() if STREAM in given else job.of_files(given)
    return _with_time(job, summary, begin)


def _timed_part(
    job: FilterJob, given: object, part: str | None, merge: int | None, *, has_options: bool
) -> dict[str, Any]:
    """Run one part of a filter, or merge all; gives the summary with the seconds it took."""
    if part is not None and merge is not None:
        raise UsageError("filter-invalid-part", "give `part` or `merge`, not both")
    if has_options:
        raise UsageError(
            "filter-part-unsupported", "parts have no `overwrite`, `explain` and `shards`; leave them out"
        )
    if not isinstance(given, list) or STREAM in given:
        raise UsageError("filter-engine-needs-files", "`part` and `merge` read files; write a file first")
    begin = time.perf_counter()
    if part is None:
        assert merge is not None
        check_part_count(merge)
        return PartJob(job, merge).merge(given)
    chosen = PartSpec.parse(part)
    return _with_time(job, PartJob(job, chosen.count).run(given, chosen), begin)


def _with_time(job: FilterJob, summary: dict[str, Any], begin: float) -> dict[str, Any]:
    job.steps.finish()
    seconds = time.perf_counter() - begin
    if summary.get("done_before"):
        return summary
    return {**summary, "seconds": round(seconds, 3), "rows_per_s": round(summary["rows_in"] / seconds)}


def _check_input_options(inputs: InputSpec, given: object) -> None:
    """Refuse options of standard input and of CSV for other inputs."""
    if isinstance(given, list) and STREAM in given:
        if len(given) > 1:
            raise UsageError(
                "filter-mixed-standard-input",
                "standard input cannot be combined with other inputs; remove them",
            )
        return
    if inputs.format is not None:
        named = given[0] if isinstance(given, list) else "a table"
        raise UsageError(
            "filter-input-format-of-file",
            f"`input_format` is for standard input; the ending decides the format of {named}",
        )
    if inputs.delimiter is not None and not isinstance(given, list):
        raise UsageError("table-unused-delimiter", "`delimiter` is for CSV files; leave it out")


def _check_gold_options(
    rule: Rule, gold: str | None, delta: float, bound: str, grid: Sequence[float] | None
) -> None:
    if rule.is_certified and gold is None:
        raise UsageError(
            "filter-purity-without-gold",
            f"`{rule.kind}` needs rows whose answer is known; name their column with `gold`",
        )
    if not 0 < delta < 1:
        raise UsageError("filter-invalid-delta", f"`delta` is {delta}; give a number between 0 and 1")
    check_bound(bound)
    if grid is not None:
        if rule.kind != "purity":
            raise UsageError("filter-grid-without-purity", "`grid` needs `purity`; leave it out")
        check_grid(grid)


def _input_texts(inputs: object) -> list[str]:
    """The inputs as texts.

    Raises:
        UsageError: they are neither paths nor a table.
    """
    if isinstance(inputs, str | Path):
        return [str(inputs)]
    if isinstance(inputs, list | tuple) and inputs and all(isinstance(text, str | Path) for text in inputs):
        return [str(text) for text in inputs]
    raise not_a_table(inputs)
