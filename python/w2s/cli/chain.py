"""``w2s chain``: reads the options, runs or estimates the chain, and shows its table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from w2s.cli import options

if TYPE_CHECKING:
    from w2s.chain import ChainConfig, ChainReport

_EPILOG = """Examples:

  w2s chain --game connect_four --quick

  w2s chain mychain.toml --out runs/a

  w2s chain --rounds 3 --teacher lc0:maia-1100.pb.gz --student lc0:maia-1900.pb.gz --examples puzzles.csv
  --gold-rows 5000 --pool-rows 14000 --test-rows 3000 --trust neural --top 25% --seeds 3

  w2s chain mychain.toml --gold-sizes 100,300,1000,3000 --arm gold --arm trust --arm gold+trust
  --arm gold-then-trust --arm trust-then-gold --arm self

  w2s chain --source matches --games 200 --teacher policy:a --student policy:b --gold-rows 500
  --test-rows 1000

  w2s chain --regime ood_dist --gold-examples sts.epd --examples puzzles.csv --teacher policy:a
  --student policy:b

  w2s chain --regime ood_domain --gold-game othello --gold-teacher policy:c --gold-examples othello.parquet
  --examples puzzles.csv --teacher policy:a --student policy:b --oracle search:depth=2

  w2s chain --task choice --column-mapping arc --teacher hf:Qwen/Qwen3-0.6B --student hf:Qwen/Qwen3-1.7B
  --examples "hf:allenai/ai2_arc?config=ARC-Easy&split=train" --gold-rows 500 --pool-rows 1500
  --test-rows 200

  w2s chain world.toml --estimate

  w2s chain --resume runs/a
"""


def chain(
    file: Annotated[
        Path | None,
        typer.Argument(help="TOML file of the chain, or a bundled one such as world.toml."),
    ] = None,
    teacher: Annotated[
        str | None, typer.Option(help="Model that labels in the first round; see w2s models.")
    ] = None,
    student: Annotated[
        list[str] | None,
        typer.Option(help="Model that learns; repeat it for a ladder with one student per round."),
    ] = None,
    self_training: Annotated[
        bool,
        typer.Option(
            "--self-training",
            help="Let teacher and student be the same model: it learns from its own labels.",
        ),
    ] = False,
    examples: Annotated[
        list[str] | None,
        typer.Option(help="File of examples, split by seed into gold, pool and test; repeatable."),
    ] = None,
    gold_rows: Annotated[
        int | None, typer.Option(help="Number of examples with known answers, for fitting trust.")
    ] = None,
    pool_rows: Annotated[int | None, typer.Option(help="Number of examples that the teacher labels.")] = None,
    test_rows: Annotated[int | None, typer.Option(help="Number of held-out examples.")] = None,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick",
            help="A first result, for the bundled games within two minutes: at most 300 gold, 600 pool and "
            "300 test rows, 2 rounds and 1 seed. Other options override it.",
        ),
    ] = False,
    rounds: Annotated[int | None, typer.Option(help="Number of rounds.")] = None,
    seeds: Annotated[int | None, typer.Option(help="Number of random seeds.")] = None,
    seed: Annotated[int | None, typer.Option(help="First random seed; default 0.")] = None,
    trust: Annotated[str | None, typer.Option(help="Trust function; see w2s trust compare.")] = None,
    allow_leakage: options.AllowLeakage = None,
    top: Annotated[
        str | None, typer.Option(help="Share or number of labels to keep, such as 25% or 1000.")
    ] = None,
    purity: Annotated[
        float | None, typer.Option(help="Keep as many labels as possible with this certified purity.")
    ] = None,
    proposals: Annotated[
        int | None,
        typer.Option(
            help="Labels that the teacher gives for each example; trust keeps one. Default: 3 for nets of "
            "moves if oracles are evidence, else 1."
        ),
    ] = None,
    arm: Annotated[
        list[str] | None,
        typer.Option(
            help="Arm to measure, such as naive, gold+trust or the name of a trust function; repeatable. An "
            "unknown name lists them all."
        ),
    ] = None,
    own_chain: Annotated[
        list[str] | None,
        typer.Option(
            help="Arm whose own student teaches it from round 2 on; repeatable. Default: naive and "
            "confidence; none: the student of trust teaches all arms."
        ),
    ] = None,
    same_teacher: Annotated[
        bool,
        typer.Option(
            "--same-teacher",
            help="Also measure arms with an own chain with the student of trust as their teacher.",
        ),
    ] = False,
    gold_sizes: Annotated[
        str | None,
        typer.Option(help="Also measure gold, trust and both with these numbers of gold rows: 100,300,1000."),
    ] = None,
    oracle: Annotated[
        list[str] | None,
        typer.Option(
            help="Oracle whose findings become evidence, such as search:depth=2; repeatable. Default: our "
            "searches of 2 and 3 plies, none with matches; none turns them off."
        ),
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="files, or matches for positions that teacher and student reach.")
    ] = None,
    games: Annotated[
        int | None, typer.Option(help="Games per round with --source matches, two per opening.")
    ] = None,
    gold_oracle: Annotated[
        str | None, typer.Option(help="Oracle that answers gold and test of matches; default search:depth=4.")
    ] = None,
    regime: Annotated[
        str | None,
        typer.Option(
            help="in_dist; ood_dist for gold from other files; ood_domain for gold of another game or task."
        ),
    ] = None,
    gold_examples: Annotated[
        list[str] | None, typer.Option(help="File of gold with --regime ood_dist or ood_domain; repeatable.")
    ] = None,
    gold_game: Annotated[str | None, typer.Option(help="Game of gold with --regime ood_domain.")] = None,
    gold_teacher: Annotated[
        str | None, typer.Option(help="Model that labels gold with --regime ood_domain.")
    ] = None,
    gold_task: Annotated[str | None, typer.Option(help="Task of gold with --regime ood_domain.")] = None,
    task: Annotated[str | None, typer.Option(help="move, choice or answer.")] = None,
    column_mapping: Annotated[
        str | None, typer.Option(help="Name of a known data set, which says which column holds what.")
    ] = None,
    game: Annotated[str | None, typer.Option(help="chess, othello or connect_four.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the run.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Continue the chain in this folder.")] = None,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Print the cost of the chain without running it.")
    ] = False,
    hardware: Annotated[
        str | None, typer.Option(help="With --estimate: h100, a100 or rtx4090 instead of this machine.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print metrics.json on stdout.")] = False,
) -> None:
    """A weak teacher labels, trust filters, a strong student learns and becomes the next teacher."""
    from w2s.chain.config_file import load_config

    tables: dict[str, Any] = {
        "task": task,
        "game": game,
        "teacher": teacher,
        "student": student or None,
        "self_training": self_training or None,
        "examples": {
            "files": examples or None,
            "column_mapping": column_mapping,
            "gold": gold_rows,
            "pool": pool_rows,
            "test": test_rows,
        },
        "rounds": rounds,
        "seeds": seeds,
        "seed": seed,
        "trust": {"function": trust, "allow_leakage": allow_leakage or None},
        "keep": {"top": top, "purity": purity},
        "proposals": proposals,
        "arms": arm or None,
        "chains": {
            "own": [] if own_chain == ["none"] else own_chain or None,
            "same_teacher": same_teacher or None,
        },
        "gold_sizes": None if gold_sizes is None else _numbers(gold_sizes),
        "oracles": [] if oracle == ["none"] else oracle or None,
        "source": source,
        "matches": {"games": games, "oracle": gold_oracle},
        "regime": {
            "name": regime,
            "gold_examples": gold_examples or None,
            "gold_game": gold_game,
            "gold_task": gold_task,
            "gold_teacher": gold_teacher,
        },
    }
    config = load_config(file=file, resume=resume, options=tables, quick=quick)
    if quick:
        _note_quick(config)
    if estimate or hardware is not None:
        _estimate(config, hardware, as_json=json)
    else:
        _run(config, out or resume, as_json=json)


chain.__doc__ = f"{chain.__doc__}\n\n{_EPILOG}"


def _numbers(text: str) -> list[int]:
    """Whole numbers, separated by commas."""
    from w2s.errors import UsageError

    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise UsageError(
            "chain-invalid-gold-sizes",
            f"--gold-sizes must be whole numbers such as 100,300,1000, not {text!r}",
        ) from None


def _estimate(config: ChainConfig, hardware: str | None, *, as_json: bool) -> None:
    from w2s.chain.estimate import estimate, machine_named, this_machine
    from w2s.cli import output
    from w2s.cli.chain_text import estimate_table

    found = estimate(config, this_machine() if hardware is None else machine_named(hardware))
    text = estimate_table(found, with_assumptions=output.is_verbose())
    output.data(found, as_json=as_json, text=text)


def _note_quick(config: ChainConfig) -> None:
    """Print the size of a quick chain."""
    from w2s.cli import output

    rows = [f"{count:,} {split}" for one in config.examples.each for split, count in one.counts.items()]
    numbers = [
        f"{config.rounds} round{'s' * (config.rounds > 1)}",
        f"{config.seeds} seed{'s' * (config.seeds > 1)}",
        *([f"{', '.join(rows)} rows"] if rows else []),
        *([f"{config.matches.games} games per round"] if config.source == "matches" else []),
    ]
    output.note(f"--quick: {', '.join(numbers)}")


def _run(config: ChainConfig, out: Path | None, *, as_json: bool) -> None:
    from w2s.chain.run import METRICS, run
    from w2s.cli import output
    from w2s.cli.chain_text import report_table
    from w2s.cli.progress import StepProgress
    from w2s.resume import RunFolder

    folder = out or Path("runs") / f"chain-{config.digest()[:8]}"
    line = StepProgress("done")
    measured: list[ChainReport] = []
    try:
        report = run(
            config,
            folder,
            say=line.say,
            count=line,
            begin=line.begin,
            show=measured.append,
        )
    except KeyboardInterrupt:
        line.clear()
        if measured and measured[-1].references:
            output.note(f"measured so far:\n\n{report_table(measured[-1])}\n")
        output.note(f"resume with: {RunFolder(folder, 'chain').resume_line}")
        raise
    output.data(report.to_json(), as_json=as_json, text=report_table(report))
    output.note(f"{folder / METRICS} holds every number")
