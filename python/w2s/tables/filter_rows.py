"""``w2s.filter``: keep the most trusted rows of a table of any size."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from w2s.errors import UsageError
from w2s.kernels import Nulls
from w2s.selection import Rule
from w2s.tables.copy_rows import RowCopy
from w2s.tables.decision import Decision
from w2s.tables.formats import Format, format_named, output_format
from w2s.tables.inputs import InputFile, find_inputs
from w2s.tables.progress import ProgressCounter, Report
from w2s.tables.select_rows import select_rows
from w2s.tables.sinks import output_part
from w2s.tables.source import Source, open_source
from w2s.tables.spec import FilterSpec, GoldSpec, parse_bytes, parse_scores
from w2s.tables.spill import SpilledStream, spill
from w2s.tables.summary import build_summary, publish_output, read_finished, with_quantiles

STREAM = "-"
_OWN_BYTES = 224 << 20  # of Python, numpy and Arrow themselves


def filter(
    inputs: str | Path | Sequence[str | Path],
    out: str | Path | None = None,
    *,
    score: str | Sequence[str],
    top: int | str | None = None,
    threshold: float | None = None,
    between: Sequence[float] | None = None,
    budget: float | None = None,
    cost: str | None = None,
    random: int | str | None = None,
    purity: float | None = None,
    gold: str | None = None,
    delta: float = 0.05,
    bound: str = "clopper-pearson",
    aggregate: str | None = None,
    weights: Sequence[float] | None = None,
    by: str | None = None,
    stratify: str | None = None,
    min_per_group: int | None = None,
    max_per_group: int | None = None,
    id: str | None = None,
    nulls: Nulls = "error",
    seed: int = 0,
    memory: str | int = "1GiB",
    shards: int | None = None,
    input_format: str | None = None,
    output_format: str | None = None,
    overwrite: bool = False,
    explain: bool = False,
    threads: int | None = None,
    report: Report | None = None,
) -> dict[str, Any]:
    """Keep the best rows of a table, with all columns and in their order; returns a summary.

    Exactly one of ``top``, ``threshold``, ``between``, ``budget``, ``random`` and ``purity`` says which, as
    in :func:`w2s.select`. The score columns are read first, then the rows that are kept.

    Args:
        inputs: files, folders or globs of Parquet, JSON Lines (also .gz, .zst), Arrow IPC or CSV; "-" is
            standard input.
        out: a file, whose ending decides the format; a folder, if there is no ending; "-" is standard output.
            May be None only with ``explain``.
        score: the column of scores, or several that ``aggregate`` combines.
        top: number of best rows, or a share such as "10%".
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
        aggregate: how scores are combined; see :func:`w2s.aggregate`.
        weights: one weight per score column.
        by: column of groups; ``top`` then applies to each group.
        stratify: column of strata; their proportions are preserved.
        min_per_group: minimum number of rows kept per group.
        max_per_group: maximum number of rows kept per group.
        id: a column of ids, which must be unique.
        nulls: "drop" leaves out rows whose score or cost is null; "error" refuses them.
        seed: random seed for ``random``.
        memory: memory limit, for example "512MiB"; at least 320MiB.
        shards: number of output files in a folder, with equal numbers of rows.
        input_format: format of standard input; by default guessed from its first bytes.
        output_format: format of a folder or of standard output; by default that of the input.
        overwrite: replace an existing output.
        explain: write nothing, and count rows by score.
        threads: number of partitions read in parallel; by default the number of cores, at most four.
        report: called a few times per second with a :class:`w2s.tables.progress.Progress`.

    Raises:
        UsageError: options contradict each other, a column is unknown, or the output exists.
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
    if purity is not None and gold is None:
        raise UsageError(
            "filter-purity-without-gold",
            "purity needs rows whose answer is known; name their column with --gold",
        )
    if not 0 < delta < 1:
        raise UsageError("filter-invalid-delta", f"delta is {delta}; give a number between 0 and 1")
    gold_spec = None if gold is None else GoldSpec(gold, delta, bound)
    spec = FilterSpec(rule, parse_scores(score, aggregate, weights), gold_spec, nulls, id)
    if out is None and not explain:
        raise UsageError("filter-no-output", "no output is given; add --out")
    if shards is not None and shards < 1:
        raise UsageError("filter-invalid-shards", f"shards is {shards}; give at least 1")
    limits = _Limits(parse_bytes(memory) - _OWN_BYTES, threads or min(4, os.cpu_count() or 1))
    texts = [str(text) for text in ([inputs] if isinstance(inputs, str | Path) else inputs)]
    output = _OutputOptions(None if out is None or explain else str(out), output_format, shards, overwrite)
    steps = ProgressCounter(report)
    if STREAM in texts:
        summary = _filter_stream(texts, input_format, spec, output, limits, steps, explain=explain)
    else:
        summary = _filter_files(find_inputs(texts), spec, output, limits, steps, explain=explain)
    seconds = time.perf_counter() - begin
    if summary.get("done_before"):
        return summary
    return {**summary, "seconds": round(seconds, 3), "rows_per_s": round(summary["rows_in"] / seconds)}


@dataclass(frozen=True)
class _Limits:
    """What a filter may use: bytes for rows and columns, and threads."""

    memory: int
    threads: int


@dataclass(frozen=True)
class _OutputOptions:
    """The output as the user named it; ``out`` is None if nothing is written."""

    out: str | None
    format: str | None
    shards: int | None
    overwrite: bool


@dataclass(frozen=True)
class _Target:
    """Where kept rows are written: a file, a folder of shards, or standard output without a path."""

    path: Path | None
    format: Format
    shards: int | None


def _filter_stream(
    texts: list[str],
    input_format: str | None,
    spec: FilterSpec,
    output: _OutputOptions,
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
    with tempfile.TemporaryDirectory(prefix="w2s-") as folder:
        spilled = spill(sys.stdin.buffer, Path(folder), spec, input_format, steps)
        files = [InputFile(spilled.path)]
        return _filter_files(files, spec, output, limits, steps, explain=explain, spilled=spilled)


def _filter_files(
    files: list[InputFile],
    spec: FilterSpec,
    output: _OutputOptions,
    limits: _Limits,
    steps: ProgressCounter,
    *,
    explain: bool,
    spilled: SpilledStream | None = None,
) -> dict[str, Any]:
    source = open_source(files)
    source.check_columns(spec.columns)
    source = source.with_types(_number_types(spec))
    target = _target(output, source)
    made_of: dict[str, object] = {
        "files": [source.stamps, source.format.ending],
        "options": repr(spec),
        "output": [output.out, output.shards, str(target and target.format)],
    }
    if target is not None and target.path is not None:
        if spilled is not None and target.path.exists() and not output.overwrite:
            raise UsageError(
                "output-exists", f"{target.path} exists; use --overwrite, or choose another --out"
            )
        before = None if spilled else read_finished(target.path, made_of, overwrite=output.overwrite)
        if before is not None:
            return {**before, "done_before": True}
    steps.begin("reading scores", source.rows)
    decision = select_rows(
        source.partitions,
        spec,
        memory=limits.memory,
        threads=limits.threads,
        steps=steps,
        explain=explain,
    )
    summary = {**build_summary(decision, spec), **_stream_counts(spilled, decision)}
    if target is None:
        return with_quantiles(summary, decision)
    return _write(source, decision, target, spec, made_of, summary, limits, steps)


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
    target: _Target,
    spec: FilterSpec,
    made_of: dict[str, object],
    summary: dict[str, Any],
    limits: _Limits,
    steps: ProgressCounter,
) -> dict[str, Any]:
    copy = RowCopy(source, decision.kept, target.format, limits.memory, limits.threads, steps)
    if not copy.as_lines:
        copy = replace(copy, source=source.complete().with_types(_number_types(spec)))
    if target.path is None:
        copy.into(None)
        return summary
    summary["out"] = str(target.path)
    with output_part(target.path, folder=target.shards is not None) as part:
        if target.shards is None:
            copy.into(part)
        else:
            copy.into_shards(part, target.shards)
        publish_output(part, target.path, made_of, summary)
    return summary


def _target(output: _OutputOptions, source: Source) -> _Target | None:
    if output.out is None:
        return None
    own = source.format if source.format.kind != "csv" else Format("jsonl", source.format.compression)
    wanted = own if output.format is None else format_named(output.format)
    if output.out == STREAM:
        if output.shards is not None:
            raise UsageError(
                "filter-shards-need-folder", "standard output cannot be split into shards; give a folder"
            )
        return _Target(None, wanted, None)
    path = Path(output.out)
    is_file = bool(path.suffix) and not path.is_dir() and not output.out.endswith("/")
    if is_file and output.shards is None:
        return _Target(path, output_format(path), None)
    if is_file:
        raise UsageError(
            "filter-shards-need-folder",
            f"shards are written into a folder; use --out {path.with_suffix('')}/ instead of {path}",
        )
    if wanted.kind == "csv":
        raise UsageError(
            "table-csv-output", "CSV can be read but not written; choose another --output-format"
        )
    return _Target(path, wanted, output.shards or 1)
