"""An analysis from the folder of a finished run to ``analysis.json``.

    analysis.json        what the last command measured
    rows.parquet         one row for each label of the pool, with the columns of the measures
    round-1/NAME         a measure; it is computed once for the same settings
    round-1/seed-0/…     trainings and answers that measures need

They are in ``analysis`` in the folder of the run, or in a folder that is named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from w2s.analysis.context import FOLDER, Analysis
from w2s.analysis.measures import MEASURES, ROW_COLUMNS, AnalysisMeasure
from w2s.analysis.reference_labels import ORACLES
from w2s.analysis.report import AnalysisReport, Measurement, MeasureReport
from w2s.analysis.run_rows import RunRows, open_run, read_run
from w2s.chain.context import Count, RunContext, Say
from w2s.chain.plan import PlannedStep
from w2s.chain.progress import RunProgress
from w2s.errors import UsageError, suggest_name
from w2s.evidence import read_table, write_table
from w2s.files import write_json
from w2s.labelling.evidence import load_oracles_by_prefix
from w2s.locks import lock_folder

REPORT, ROWS = "analysis.json", "rows.parquet"
_LEAST_ROWS = 8


def analyse(
    run: Path | str,
    *,
    measures: Sequence[str] = (),
    round_number: int = 1,
    seed: int | None = None,
    rows: int | None = None,
    oracles: Sequence[str] = (),
    out: Path | str | None = None,
    say: Say = lambda _: None,
    count: Count = lambda *_: None,
    begin: Say = lambda _: None,
) -> AnalysisReport:
    """Measure the mechanisms of trust on a finished chain, or do what is left of it.

    Args:
        run: folder of the run.
        measures: names of :data:`w2s.analysis.MEASURES`; none for all that the run can have.
        round_number: number of the round, counted from 1.
        seed: one seed of the chain; None for all.
        rows: the most rows of a group for expensive measures, at least 8; None for the default of each.
        oracles: references of outside oracles; none for searches of two depths.
        out: folder of the analysis; None for ``analysis`` in that of the run.
        say: receives one line for each finished step, with its number and the time left.
        count: progress callback ``(done, total)``.
        begin: receives each step that begins.

    Returns:
        What ``analysis.json`` holds.

    Raises:
        UsageError: the folder does not hold a finished chain, or it cannot have a measure that is named.
        DataError: files of the run are damaged, or its examples have changed.
    """
    root = Path(run)
    chosen = _choose(measures)
    if rows is not None and rows < _LEAST_ROWS:
        raise UsageError("analyse-too-few-rows", f"`rows` is {rows}; use a number from {_LEAST_ROWS} on")
    config = open_run(root)
    found = read_run(root, config, round_number=round_number, seed=seed, say=say)
    left_out = {one.name: why for one in chosen if (why := one.refuse(found)) is not None}
    for name in measures:
        if name in left_out:
            raise UsageError("analyse-measure-impossible", f"{root} has no measure {name}: {left_out[name]}")
    chosen = [one for one in chosen if one.name not in left_out]
    oracles = tuple(oracles) or ORACLES
    if any(one.name == "reference" for one in chosen):
        _check_oracles(found, oracles)
    for name, why in left_out.items():
        say(f"{name} is left out: {why}")
    place = root / FOLDER if out is None else Path(out)
    with ExitStack() as stack:
        try:
            stack.enter_context(lock_folder(place))
        except OSError as error:
            raise UsageError(
                "analyse-not-writable",
                f"cannot write to {place}: {error.strerror}; name another folder, `out`",
            ) from None
        return _measure(_plan(found, chosen, rows, oracles, place, (say, count, begin)), chosen, left_out)


def _choose(names: Sequence[str]) -> list[AnalysisMeasure]:
    for name in names:
        if name not in MEASURES:
            raise UsageError(
                "analyse-unknown-measure", f"unknown measure {name!r}; {suggest_name(name, MEASURES)}"
            )
    return [one for one in MEASURES.values() if not names or one.name in names]


def _check_oracles(run: RunRows, oracles: Sequence[str]) -> None:
    """Load every oracle once, so that a wrong one is refused before anything is computed."""
    loaded = load_oracles_by_prefix(oracles)
    try:
        for oracle in loaded.values():
            if oracle.game not in (None, run.config.game):
                raise UsageError(
                    "analyse-oracle-other-game",
                    f"the oracle {oracle.reference} verifies {oracle.game}, not {run.config.game}; use "
                    "search:depth=N or exact",
                )
    finally:
        for oracle in loaded.values():
            oracle.close()


def _plan(
    run: RunRows,
    chosen: Sequence[AnalysisMeasure],
    rows: int | None,
    oracles: Sequence[str],
    place: Path,
    callbacks: tuple[Say, Count, Say],
) -> Analysis:
    steps: dict[str, PlannedStep] = {}
    for measure in chosen:
        for step in measure.planned(run, oracles):
            steps.setdefault(step.folder, step)
    say, count, begin = callbacks
    progress = RunProgress.of(steps.values())
    splits, config = run.seeds[0].splits, run.config
    context = RunContext(
        place, config.task, config.game, config.seed, splits.test, splits.gold, say, count, begin, progress
    )
    names = {Path(folder).relative_to(f"round-{run.round}").as_posix(): folder for folder in steps}
    return Analysis(run, context, rows, oracles, {name: steps[folder] for name, folder in names.items()})


def _measure(
    analysis: Analysis, chosen: Sequence[AnalysisMeasure], left_out: Mapping[str, str]
) -> AnalysisReport:
    run = analysis.run
    table = _base_table(run)
    reports = []
    for measure in chosen:
        report, columns = _measure_one(analysis, measure)
        reports.append(report)
        if columns is not None:
            for name in measure.columns:
                if name in columns.column_names:
                    table[name] = columns.column(name)
    rows = len(table["id"])
    for name in ROW_COLUMNS:
        table.setdefault(name, pa.nulls(rows, pa.float64()))
    write_table(pa.table(table), analysis.context.root / ROWS)
    found = AnalysisReport(
        str(run.root),
        run.round,
        [seed.seed for seed in run.seeds],
        rows,
        sum(int(seed.kept.sum()) for seed in run.seeds),
        reports,
        left_out,
    )
    write_json(analysis.context.root / REPORT, found.to_json())
    return found


def _base_table(run: RunRows) -> dict[str, Any]:
    """The columns that every analysis has, of all seeds one after another."""
    seeds = run.seeds
    table: dict[str, Any] = {
        "id": [id_ for seed in seeds for id_ in seed.ids],
        "round": np.full(sum(map(len, seeds)), run.round, np.int32),
        "seed": [seed.seed for seed in seeds for _ in range(len(seed))],
        "label": [label for seed in seeds for label in seed.labels],
        "trust": np.concatenate([seed.trust for seed in seeds]),
        "kept": np.concatenate([seed.kept for seed in seeds]),
    }
    correct = np.concatenate([seed.correct for seed in seeds])
    table["correct"] = pa.array(correct == 1, mask=np.isnan(correct))
    rating = np.concatenate([seed.rating for seed in seeds]).astype(np.float64)
    table["difficulty"] = pa.array(rating, mask=np.isnan(rating))
    return table


def _measure_one(analysis: Analysis, measure: AnalysisMeasure) -> tuple[MeasureReport, pa.Table | None]:
    """A measure and its columns of rows; computed once for the same settings."""
    run, place = analysis.run, analysis.place(measure.name)

    def work(folder: Path) -> dict[str, Any]:
        found = measure.work(analysis)
        report = MeasureReport(measure.name, measure.question, found.results, found.meaning, found.notes)
        if found.columns:
            write_table(pa.table(_joined(found)), folder / ROWS)
        return {"report": report.to_json()}

    inputs = {
        "seeds": [seed.seed for seed in run.seeds],
        "rows": analysis.rows,
        "oracles": list(analysis.oracles) if measure.name == "reference" else [],
        "w2s": version("w2s"),
    }
    record = analysis.cached(measure.name, inputs, work, measure.question)
    for step in measure.planned(run, analysis.oracles):  # those of a measure that was finished before
        if not analysis.context.progress.is_finished(step):
            analysis.context.progress.finish(step, None)
    report = MeasureReport.from_json(measure.name, record.facts["report"])
    return report, read_table(place / ROWS) if (place / ROWS).exists() else None


def _joined(found: Measurement) -> dict[str, pa.Array]:
    """The columns of all seeds one after another; NaN becomes null."""
    table = {}
    for name in found.columns[0]:
        values = np.concatenate([one[name] for one in found.columns]).astype(np.float64)
        table[name] = pa.array(values, mask=np.isnan(values))
    return table
