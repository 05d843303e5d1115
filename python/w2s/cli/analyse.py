"""``w2s analyse``: measures the mechanisms of trust on a finished chain."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from w2s.cli import options

if TYPE_CHECKING:
    from w2s.analysis import AnalysisReport, MeasureReport, Result


def analyse(
    run: Annotated[Path, typer.Argument(help="Folder of a finished chain, the --out of w2s chain.")],
    measure: Annotated[
        list[str] | None,
        typer.Option(
            help="Measure to compute: difficulty, map, controls, reference, gradients or blind-spots; "
            "repeatable. Default: all that the run can have."
        ),
    ] = None,
    round_number: Annotated[int, typer.Option("--round", min=1, help="Round of the chain.")] = 1,
    seed: Annotated[int | None, typer.Option(min=0, help="One seed of the chain; default: all.")] = None,
    rows: Annotated[
        int | None,
        typer.Option(help="Most rows of a group for the measures reference (200) and gradients (400)."),
    ] = None,
    oracle: Annotated[
        list[str] | None,
        typer.Option(
            help="Outside oracle of the measure reference: " + options.ORACLES + " Default: search:depth=4 "
            "and search:depth=6."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the analysis; default: analysis in that of the run.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print analysis.json on stdout.")] = False,
) -> None:
    """Measure why trust works on a finished chain: easy rows, purity, order, gradients, blind spots.

    Every step is done once for the same settings; the same command continues after a kill.

    Examples:

      w2s analyse runs/quick

      w2s analyse runs/quick --measure gradients --measure difficulty --rows 200

      w2s analyse runs/maia --measure reference --oracle "uci:stockfish?nodes=100000" --oracle search:depth=5
    """
    from w2s.analysis import analyse as analyse_run
    from w2s.analysis.context import FOLDER
    from w2s.analysis.run import REPORT, ROWS
    from w2s.cli import output
    from w2s.cli.progress import StepProgress

    line = StepProgress("done")
    given: list[tuple[str, object]] = [
        *(("--measure", name) for name in measure or ()),
        *((("--round", round_number),) if round_number != 1 else ()),
        ("--seed", seed),
        ("--rows", rows),
        *(("--oracle", name) for name in oracle or ()),
        ("--out", out),
    ]
    resume_line = f"resume with: {_resume_line(run, given)}"
    has_begun = False

    def begin(step: str) -> None:
        nonlocal has_begun
        if not has_begun:
            line.say(resume_line)
        has_begun = True
        line.begin(step)

    try:
        report = analyse_run(
            run,
            measures=measure or (),
            round_number=round_number,
            seed=seed,
            rows=rows,
            oracles=oracle or (),
            out=out,
            say=line.say,
            count=line,
            begin=begin,
        )
    except KeyboardInterrupt:
        line.clear()
        output.note(resume_line)
        raise
    line.clear()
    output.data(report.to_json(), as_json=json, text=_text(report))
    output.note(f"{(out or run / FOLDER) / REPORT} holds every number, {ROWS} one row for each label")


def _resume_line(run: Path, given: Sequence[tuple[str, object]]) -> str:
    """The command again, with the options that were given."""
    words = [str(word) for option in given if option[1] is not None for word in option]
    return shlex.join(["w2s", "analyse", str(run), *words])


def _text(report: AnalysisReport) -> str:
    seeds = "" if len(report.seeds) == 1 else f", {len(report.seeds)} seeds"
    parts = [f"round {report.round}{seeds}: {report.kept:,} of {report.rows:,} labels are kept"]
    parts += [_measure_text(one) for one in report.measures]
    parts += [f"{name} is left out: {why}" for name, why in report.left_out.items()]
    return "\n\n".join(parts)


def _measure_text(report: MeasureReport) -> str:
    """The question, a table of the numbers, what they say, and how they were computed."""
    from w2s.cli import output

    groups_by_name: dict[str, list[str]] = {}
    for one in report.results:
        groups_by_name.setdefault(one.name, []).append(one.group)
    tables = []
    for groups in dict.fromkeys(map(tuple, groups_by_name.values())):  # names with the same groups together
        names = [name for name, its in groups_by_name.items() if tuple(its) == groups]
        grid = [[report.find(name, group) for group in groups] for name in names]
        heads, first = groups, names
        if len(names) == 1:  # one number of several groups is read from top to bottom
            grid, heads, first = [[one] for one in grid[0]], tuple(names), list(groups)
        rows = [[head, *map(_cell, found), _counts(found)] for head, found in zip(first, grid, strict=True)]
        tables.append(output.table([report.name, *heads, "n"], rows))
    notes = "\n".join(f"- {note}" for note in report.notes)
    return "\n\n".join([report.question, *tables, f"{report.meaning}\n{notes}"])


def _cell(found: Result) -> str:
    from w2s.analysis.report import shown

    interval = "" if found.low is None else f" ({shown(found.low)}–{shown(found.high)})"
    return f"{shown(found.value)}{interval}"


def _counts(found: Sequence[Result]) -> str:
    """The numbers of rows of a line of the table; one number if all are equal."""
    counts = [f"{one.n:,}" for one in found]
    return counts[0] if len(set(counts)) == 1 else " / ".join(counts)
