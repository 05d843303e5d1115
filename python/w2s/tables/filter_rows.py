"""``w2s.filter``: keep the most trusted rows of a table of any size."""

from __future__ import annotations

import logging
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from w2s.certification import check_bound, check_grid
from w2s.errors import DataError, UsageError, W2sError
from w2s.kernels import Nulls
from w2s.kernels.arrays import check_nulls
from w2s.selection import Rule
from w2s.tables.copy_rows import RowCopy
from w2s.tables.decision import Decision
from w2s.tables.formats import STREAM, Format, format_named
from w2s.tables.inputs import InputFile, check_output_is_no_input, find_inputs
from w2s.tables.progress import ProgressCounter, Report
from w2s.tables.select_rows import select_rows
from w2s.tables.sinks import OutputSpec, cannot_write, check_flat, output_lock, output_part, parse_output
from w2s.tables.source import Source, open_source
from w2s.tables.spec import FilterSpec, GoldSpec, parse_bytes, parse_scores
from w2s.tables.spill import SpilledStream, spill
from w2s.tables.summary import build_summary, check_replaceable, publish_output, read_finished, with_quantiles

_LOG = logging.getLogger(__name__)
_OWN_BYTES = 224 << 20  # of Python, numpy and Arrow themselves


def filter(
    inputs: str | Path | Sequence[str | Path],
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
    nulls: Nulls = "error",
    seed: int = 0,
    memory: str | int = "1GiB",
    shards: int | None = None,
    input_format: str | None = None,
    delimiter: str | None = None,
    output_format: str | None = None,
    overwrite: bool = False,
    explain: bool = False,
    threads: int | None = None,
    report: Report | None = None,
) -> dict[str, Any]:
    """Keep the best rows of a table, with all columns and in their order; returns a summary.

    Exactly one of ``top``, ``threshold``, ``between``, ``budget``, ``random`` and ``purity`` says which, as
    in :func:`w2s.select`. The score columns are read first, then the rows that are kept. For a table in
    memory use :func:`w2s.select`.

    Args:
        inputs: files, folders or globs of Parquet, JSON Lines (also .gz, .zst), Arrow IPC, CSV or TSV; "-" is
            standard input.
        out: a file, whose ending decides the format; a folder, if there is no ending; "-" is standard output.
            Missing parent folders are made. May be None only with ``explain``.
        score: the column of scores, or several that ``aggregate`` combines; ``random`` needs none.
        top: number of best rows, such as 1000 or "1e6", or a share such as "10%".
        threshold: keep rows with at least this score.
        between: keep rows with scores from the first to the second value.
        budget: keep rows best first until the next ``cost`` would exceed this.
        cost: column of costs.
        random: as ``top``, but drawn at random.
        purity: keep as many rows as possible with at least this purity, with probability 1 − ``delta``, as
            certified on the rows whose ``gold`` is known.
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
        nulls: "drop" leaves out rows whose score or cost is null or NaN; "error" refuses them.
        seed: random seed for ``random``.
        memory: memory limit, for example "512MiB"; at least 320MiB.
        shards: number of output files in a folder, with equal numbers of rows.
        input_format: format of standard input; by default guessed from its first bytes.
        delimiter: character between the values of CSV; by default the most frequent of comma, semicolon, tab
            and bar in the first line.
        output_format: format of a folder or of standard output; by default that of the input.
        overwrite: replace an existing output.
        explain: write nothing, and count rows by score.
        threads: number of partitions read in parallel; by default the number of cores, at most four.
        report: called a few times per second with a :class:`w2s.tables.progress.Progress`.

    Raises:
        UsageError: options contradict each other, a column is unknown, or the output exists or is an input.
        DataError: a file cannot be read, or a value cannot be used; names the file and the row.
        W2sError: the output cannot be written, or no threshold reaches the purity.
    """
    begin = time.perf_counter()
    rule = Rule.parse(
        top=top,
        threshold=threshold,
        between=between,
        budget=budget,
        cost=cost,
        random=random,
        purity=purity,
        by=by,
        stratify=stratify,
        min_per_group=min_per_group,
        max_per_group=max_per_group,
        seed=seed,
    )
    _check_purity(purity, gold, delta, bound, grid)
    check_nulls(nulls)
    gold_spec = None if gold is None else GoldSpec(gold, delta, bound, None if grid is None else tuple(grid))
    spec = FilterSpec(rule, parse_scores(score, aggregate, weights), gold_spec, nulls, id)
    if not spec.score.columns and rule.kind != "random":
        raise UsageError("filter-no-score", "no column of scores is given; add `score`")
    if out is None and not explain:
        raise UsageError("filter-no-output", "no output is given; add `out`")
    if threads is not None and threads < 1:
        raise UsageError("filter-invalid-threads", f"`threads` is {threads}; give at least 1")
    if delimiter is not None and len(delimiter) != 1:
        raise UsageError("filter-invalid-delimiter", f"`delimiter` is {delimiter!r}; give one character")
    form = None if input_format is None else format_named(input_format)
    limits = _Limits(parse_bytes(memory) - _OWN_BYTES, threads or min(4, os.cpu_count() or 1))
    texts = _input_texts(inputs)
    output = parse_output(None if explain else out, output_format, shards, overwrite=overwrite)
    steps = ProgressCounter(report)
    if form is not None and STREAM not in texts:
        raise UsageError(
            "filter-input-format-of-file",
            f"`input_format` is for standard input; the ending decides the format of {texts[0]}",
        )
    if STREAM in texts:
        with output_lock(output):
            summary = _filter_stream(texts, form, delimiter, spec, output, limits, steps, explain=explain)
    else:
        source = open_source(files := find_inputs(texts), delimiter, memory=limits.memory)
        if output is not None and output.path is not None:
            check_output_is_no_input(output.path, texts, files)
        with output_lock(output):
            summary = _filter_source(source, spec, output, limits, steps, explain=explain)
    steps.finish()
    seconds = time.perf_counter() - begin
    if summary.get("done_before"):
        return summary
    return {**summary, "seconds": round(seconds, 3), "rows_per_s": round(summary["rows_in"] / seconds)}


def _check_purity(
    purity: float | None, gold: str | None, delta: float, bound: str, grid: Sequence[float] | None
) -> None:
    if purity is not None and gold is None:
        raise UsageError(
            "filter-purity-without-gold",
            "`purity` needs rows whose answer is known; name their column with `gold`",
        )
    if not 0 < delta < 1:
        raise UsageError("filter-invalid-delta", f"`delta` is {delta}; give a number between 0 and 1")
    check_bound(bound)
    if grid is not None:
        if purity is None:
            raise UsageError("filter-grid-without-purity", "`grid` needs `purity`; leave it out")
        check_grid(grid)


def _input_texts(inputs: object) -> list[str]:
    """The inputs as texts.

    Raises:
        UsageError: they are not paths, for example a table in memory.
    """
    if isinstance(inputs, str | Path):
        return [str(inputs)]
    if isinstance(inputs, list | tuple) and inputs and all(isinstance(text, str | Path) for text in inputs):
        return [str(text) for text in inputs]
    given = "an empty list" if inputs in ([], ()) else f"a {type(inputs).__name__}"
    raise UsageError(
        "filter-input-not-path",
        f"`inputs` is {given}; give paths of files. For a table in memory, w2s.select finds the rows, for "
        "example table.take(w2s.select(table['trust'], top=1000))",
    )


@dataclass(frozen=True)
class _Limits:
    """What a filter may use: bytes for rows and columns, and threads."""

    memory: int
    threads: int


def _filter_stream(
    texts: list[str],
    form: Format | None,
    delimiter: str | None,
    spec: FilterSpec,
    output: OutputSpec | None,
    limits: _Limits,
    steps: ProgressCounter,
    *,
    explain: bool,
) -> dict[str, Any]:
    """Filter standard input, which is copied to a temporary file first."""
    if len(texts) > 1:
        raise UsageError(
            "filter-mixed-standard-input", "standard input cannot be combined with other inputs; remove them"
        )
    if output is not None and output.path is not None and output.path.exists():
        _check_standard_input_is_other(output.path)
        if not output.overwrite:
            raise UsageError(
                "output-exists", f"{output.path} exists; use `overwrite=True`, or choose another `out`"
            )
        check_replaceable(output.path)
    with tempfile.TemporaryDirectory(prefix="w2s-") as folder, _named_standard_input(Path(folder)):
        spilled = spill(sys.stdin.buffer, Path(folder), spec, form, steps)
        source = open_source([InputFile(spilled.path)], delimiter, memory=limits.memory)
        return _filter_source(source, spec, output, limits, steps, explain=explain, spilled=spilled)


def _check_standard_input_is_other(path: Path) -> None:
    """Refuse to replace the file that standard input is redirected from."""
    try:
        same = os.path.samestat(os.fstat(sys.stdin.fileno()), path.stat())
    except (OSError, ValueError):  # standard input is not a file
        return
    if same:
        raise UsageError(
            "output-is-input", f"the output {path} is also the standard input; choose another `out`"
        )


@contextmanager
def _named_standard_input(folder: Path) -> Iterator[None]:
    """Call the copy of standard input in a temporary folder by its name in messages."""
    try:
        yield
    except W2sError as error:
        text = re.sub(rf"{re.escape(str(folder))}/stream[.\w]*", "standard input", str(error))
        raise type(error)(error.code, text) from None


def _filter_source(
    source: Source,
    spec: FilterSpec,
    output: OutputSpec | None,
    limits: _Limits,
    steps: ProgressCounter,
    *,
    explain: bool,
    spilled: SpilledStream | None = None,
) -> dict[str, Any]:
    _LOG.debug("opened %d files with %d partitions", len(source.stamps), len(source.partitions))
    source = source.with_types(_number_types(spec))
    columns = source.with_fields(spec.columns)
    columns.require_columns(spec.columns)
    made_of: dict[str, object] = {
        "files": [source.stamps, source.format.ending],
        "options": repr(spec),
        "output": output and [str(output.path), output.shards, str(output.format_for(source))],
    }
    if output is not None and output.path is not None and spilled is None:
        before = read_finished(output.path, made_of, overwrite=output.overwrite)
        if before is not None:
            return {**before, "done_before": True}
    if output is not None:
        check_flat(source.schema, output.format_for(source))
    with _read_errors(source):
        steps.begin("reading scores", source.rows)
        decision = select_rows(
            columns.partitions,
            spec,
            memory=limits.memory,
            threads=limits.threads,
            steps=steps,
            explain=explain,
        )
        summary = {**build_summary(decision, spec), **_stream_counts(spilled, decision)}
        if output is None:
            source.check_unchanged()
            return with_quantiles(summary, decision)
        return _write(source, decision, output, spec, made_of, summary, limits, steps)


@contextmanager
def _read_errors(source: Source) -> Iterator[None]:
    """Name the cause of an error of reading: the files changed, or hold text that is not UTF-8.

    Raises:
        W2sError: the files changed since they were opened.
        DataError: the files cannot be read.
    """
    try:
        yield
    except DataError:
        source.check_unchanged()
        raise
    except UnicodeDecodeError as error:
        raise DataError(
            "table-not-unicode", f"a text or a name is not valid UTF-8: {error.object[:40]!a}; correct it"
        ) from None


def _number_types(spec: FilterSpec) -> dict[str, pa.DataType]:
    """Columns of text files that are read as numbers."""
    cost = spec.rule.cost
    return {name: pa.float64() for name in [*spec.score.columns, *([cost] if cost else [])]}


def _stream_counts(spilled: SpilledStream | None, decision: Decision) -> dict[str, Any]:
    """Counts of a stream of which some rows were not even copied."""
    if spilled is None or spilled.rows is None:
        return {}
    return {
        "rows_in": spilled.rows,
        "share_kept": decision.kept.total / spilled.rows if spilled.rows else 0.0,
        "rows_dropped_for_null": spilled.dropped,
    }


def _write(
    source: Source,
    decision: Decision,
    output: OutputSpec,
    spec: FilterSpec,
    made_of: dict[str, object],
    summary: dict[str, Any],
    limits: _Limits,
    steps: ProgressCounter,
) -> dict[str, Any]:
    form = output.format_for(source)
    copy = RowCopy(source, decision.kept, form, limits.memory, limits.threads, steps)
    if form.kind == "csv" and source.format.kind == "csv":
        copy = replace(copy, source=source.with_types({name: pa.string() for name in source.schema.names}))
    elif not copy.as_lines:
        copy = replace(copy, source=source.complete(_number_types(spec)))
        check_flat(copy.source.schema, form)
    if output.path is None:
        copy.into(None)
        source.check_unchanged()
        return summary
    summary["out"] = str(output.path)
    with output_part(output.path, folder=output.shards is not None) as part:
        if output.shards is None:
            copy.into(part, output.path)
        else:
            copy.into_shards(part, output.shards, output.path)
        source.check_unchanged()
        try:
            publish_output(part, output.path, made_of, summary)
        except OSError as error:
            raise cannot_write(output.path, error) from None
    return summary
