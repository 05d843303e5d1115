"""``w2s.filter``: keep the most trusted rows of a table of any size.

Knows nothing about screens.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from w2s.errors import UsageError
from w2s.kernels import Nulls
from w2s.selection import Rule
from w2s.tables.copying import Copying, beside
from w2s.tables.decision import Decision, decide
from w2s.tables.formats import Format, format_named, output_format
from w2s.tables.marker import digest, finished, publish
from w2s.tables.places import Place, find
from w2s.tables.progress import Report, Steps
from w2s.tables.request import Gold, Request, bytes_of, scoring_of
from w2s.tables.source import Source, open_source
from w2s.tables.spill import Spilled, spill
from w2s.tables.summary import summarise, with_quantiles

STREAM = "-"
_OWN_BYTES = 224 << 20  # Python, numpy, Arrow and what they keep for themselves


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
    key: str | None = None,
    nulls: Nulls = "error",
    seed: int = 0,
    memory: str | int = "1GiB",
    shards: int | None = None,
    format: str | None = None,
    overwrite: bool = False,
    explain: bool = False,
    threads: int | None = None,
    report: Report | None = None,
) -> dict[str, Any]:
    """Keep the best rows of a table with all their columns, in their order; returns a summary.

    Exactly one of ``top``, ``threshold``, ``between``, ``budget``, ``random`` and ``purity`` says which, as
    in :func:`w2s.select`. The score columns are read first, then the rows that are kept.

    Args:
        inputs: files, folders or globs of Parquet, JSON Lines (also .gz, .zst), Arrow IPC or CSV; "-" is
            standard input.
        out: a file, its format by its ending; a folder, where it has none; "-" is standard output. None only
            with ``explain``.
        score: the column of scores, or several that ``aggregate`` combines.
        top: the best rows: a count, or a share such as "10%".
        threshold: rows with at least this score.
        between: rows with scores from the first to the second.
        budget: rows are taken best first until the next one's ``cost`` would exceed this.
        cost: column of costs.
        random: as ``top``, but drawn by ``seed``.
        purity: the largest coverage whose purity is at least this with probability 1 − ``delta``, by the rows
            whose ``gold`` is known.
        gold: column of known answers: true, false, null where unknown.
        delta: see ``purity``.
        bound: how purity is bounded: clopper-pearson, hoeffding or betting.
        aggregate: how scores are combined; see :func:`w2s.aggregate`.
        weights: one a score column.
        by: column of groups; ``top`` is then what each keeps.
        stratify: column of strata, kept in the proportions that they have.
        min_per_group: every group keeps at least so many.
        max_per_group: no group keeps more.
        key: a column whose values must not repeat.
        nulls: "drop" leaves out rows whose score or cost is null; otherwise they are an error.
        seed: of ``random``.
        memory: what the process may take, such as "512MiB"; at least 320MiB.
        shards: how many files of a folder, of equally many rows.
        format: of standard input, or of a folder; by default as the input.
        overwrite: replace an output that something else made.
        explain: write nothing, and count by score as well.
        threads: pieces read side by side; by default as many as there are cores, at most four.
        report: called now and then with the :class:`w2s.tables.progress.Progress`.

    Raises:
        UsageError: options that contradict each other, unknown columns, an output made by something else.
        DataError: files that cannot be read, or values that cannot be used; names the file and the row.
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
        raise UsageError("purity needs rows with known answers: name their column with gold")
    if not 0 < delta < 1:
        raise UsageError(f"delta is {delta}; it lies between 0 and 1, both excluded")
    asked = None if gold is None else Gold(gold, delta, bound)
    request = Request(rule, scoring_of(score, aggregate, weights), asked, nulls, key)
    if out is None and not explain:
        raise UsageError("name an output")
    if shards is not None and shards < 1:
        raise UsageError(f"shards is {shards}; give a number from 1")
    run = _Run(request, bytes_of(memory) - _OWN_BYTES, threads or min(4, os.cpu_count() or 1), report)
    texts = [inputs] if isinstance(inputs, str | Path) else list(inputs)
    target = None if out is None or explain else str(out)
    summary = run.all(
        [str(text) for text in texts], target, format, shards, overwrite=overwrite, explain=explain
    )
    seconds = time.perf_counter() - begin
    if summary.get("done_before"):
        return summary
    return {**summary, "seconds": round(seconds, 3), "rows_per_s": round(summary["rows_in"] / seconds)}


class _Run:
    """One filter on its way."""

    def __init__(self, request: Request, memory: int, threads: int, report: Report | None) -> None:
        self.request = request
        self.memory = memory
        self.threads = threads
        self.steps = Steps(report)

    def all(
        self,
        texts: list[str],
        out: str | None,
        form: str | None,
        shards: int | None,
        *,
        overwrite: bool,
        explain: bool,
    ) -> dict[str, Any]:
        """From inputs to a summary."""
        if STREAM not in texts:
            return self._from(find(texts), out, form, shards, overwrite=overwrite, explain=explain)
        if len(texts) > 1:
            raise UsageError("standard input is filtered alone: leave the other inputs out")
        with tempfile.TemporaryDirectory(prefix="w2s-") as folder:
            spilled = spill(sys.stdin.buffer, Path(folder), self.request, form, self.steps)
            places = [Place(spilled.path)]
            return self._from(
                places, out, form, shards, overwrite=overwrite, explain=explain, spilled=spilled
            )

    def _from(
        self,
        places: list[Place],
        out: str | None,
        form: str | None,
        shards: int | None,
        *,
        overwrite: bool,
        explain: bool,
        spilled: Spilled | None = None,
    ) -> dict[str, Any]:
        request = self.request
        source = open_source(places)
        source.check_columns(request.columns)
        source = source.with_types({name: pa.float64() for name in self._numbers()})
        target = _target(out, form if spilled is None else None, shards, source)
        identity = digest(source, request, out=out, shards=shards, format=str(target and target.form))
        if target is not None and target.path is not None and spilled is None:
            before = finished(target.path, identity, overwrite=overwrite)
            if before is not None:
                return {**before, "done_before": True}
        elif target is not None and target.path is not None and target.path.exists() and not overwrite:
            raise UsageError(f"{target.path} is there already: give --overwrite, or another name")
        self.steps.begin("reading scores", source.rows)
        decision = decide(
            source.pieces,
            request,
            memory=self.memory,
            threads=self.threads,
            steps=self.steps,
            explain=explain,
        )
        summary = summarise(decision, request)
        if spilled is not None and spilled.rows is not None:
            kept = summary["rows_kept"]
            summary |= {
                "rows_in": spilled.rows,
                "share_kept": kept / spilled.rows if spilled.rows else 0.0,
                "rows_dropped_for_null": spilled.dropped,
            }
        if explain:
            return with_quantiles(summary, decision)
        assert target is not None
        return self._write(source, decision, target, identity, summary)

    def _numbers(self) -> list[str]:
        cost = self.request.rule.cost
        return [*self.request.scoring.columns, *([cost] if cost else [])]

    def _write(
        self, source: Source, decision: Decision, target: _Target, identity: str, summary: dict[str, Any]
    ) -> dict[str, Any]:
        copying = Copying(source, decision.kept, target.form, self.memory, self.threads, self.steps)
        if not copying.as_lines:
            source = source.complete().with_types({name: pa.float64() for name in self._numbers()})
            copying = replace(copying, source=source)
        if target.path is None:
            copying.into(None)
            return summary
        summary["out"] = str(target.path)
        with beside(target.path, folder=target.shards is not None) as part:
            if target.shards is None:
                copying.into(part)
            else:
                copying.into_shards(part, target.shards)
            publish(part, target.path, identity, summary)
        return summary


class _Target:
    """Where the rows go."""

    def __init__(self, path: Path | None, form: Format, shards: int | None) -> None:
        self.path = path
        self.form = form
        self.shards = shards


def _target(out: str | None, form: str | None, shards: int | None, source: Source) -> _Target | None:
    if out is None:
        return None
    own = source.format if source.format.kind != "csv" else Format("jsonl", source.format.wrapping)
    wanted = own if form is None else format_named(form)
    if out == STREAM:
        if shards is not None:
            raise UsageError("standard output has no shards: name a folder")
        return _Target(None, wanted, None)
    path = Path(out)
    if shards is None and path.suffix and not out.endswith("/") and not path.is_dir():
        return _Target(path, output_format(path), None)
    if path.suffix and not path.is_dir() and not out.endswith("/"):
        raise UsageError(
            f"shards are files of a folder: name one, such as {path.with_suffix('')}/, not {path}"
        )
    if wanted.kind == "csv":
        raise UsageError("CSV is only read: give another format")
    return _Target(path, wanted, shards or 1)
