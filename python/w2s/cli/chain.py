"""``w2s chain``: reads the options, runs the chain, shows its table.

Knows nothing about how rounds work.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from w2s.chain import ChainConfig

_EPILOG = """Examples:

  w2s chain mychain.toml --out runs/a

  w2s chain --rounds 3 --teacher lc0:maia-1100.pb.gz --student lc0:maia-1900.pb.gz
  --examples puzzles.csv --gold 5000 --pool 14000 --test 3000 --trust neural --top 25% --seeds 3

  w2s chain mychain.toml --budget 100,300,1000,3000 --arm gold --arm trust --arm gold+trust
  --arm gold-then-trust --arm trust-then-gold --arm self

  w2s chain --source matches --games 200 --teacher policy:a --student policy:b --gold 500 --test 1000

  w2s chain --regime ood_dist --gold-examples sts.epd --examples puzzles.csv --teacher policy:a
  --student policy:b

  w2s chain --regime ood_domain --gold-game othello --gold-teacher policy:c --gold-examples othello.parquet
  --examples puzzles.csv --teacher policy:a --student policy:b --oracle search:depth=2

  w2s chain --task choice --columns arc --teacher hf:Qwen/Qwen3-0.6B --student hf:Qwen/Qwen3-1.7B
  --examples "hf:allenai/ai2_arc?config=ARC-Easy&split=train" --gold 500 --pool 1500 --test 200

  w2s chain world.toml --estimate

  w2s chain --resume runs/a
"""


def chain(
    file: Annotated[
        Path | None,
        typer.Argument(help="A TOML file with the chain, or a bundled one: world.toml; options win over it."),
    ] = None,
    teacher: Annotated[
        str | None, typer.Option(help="Who labels in the first round; see w2s models.")
    ] = None,
    student: Annotated[
        list[str] | None, typer.Option(help="Who learns; repeat it for a ladder, a student a round.")
    ] = None,
    examples: Annotated[
        list[str] | None,
        typer.Option(help="File of examples, split by seed into gold, pool and test; repeatable."),
    ] = None,
    gold: Annotated[int | None, typer.Option(help="Examples with known answers, to fit trust on.")] = None,
    pool: Annotated[int | None, typer.Option(help="Examples that the teacher labels.")] = None,
    test: Annotated[int | None, typer.Option(help="Examples held out.")] = None,
    rounds: Annotated[int | None, typer.Option(help="How often a student becomes the teacher.")] = None,
    seeds: Annotated[
        int | None, typer.Option(help="How often everything is repeated, with another seed.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The first seed; default 0.")] = None,
    trust: Annotated[
        str | None, typer.Option(help="Trust function; w2s trust compare shows them all.")
    ] = None,
    top: Annotated[
        str | None, typer.Option(help="Keep this share or count of the labels: 25%, 1000.")
    ] = None,
    purity: Annotated[
        float | None, typer.Option(help="Keep the most labels whose purity is certified instead.")
    ] = None,
    proposals: Annotated[
        int | None,
        typer.Option(
            help="Labels that the teacher gives of each example; trust keeps one. Default: 3 of a net's "
            "moves where oracles are evidence, else 1."
        ),
    ] = None,
    arm: Annotated[
        list[str] | None,
        typer.Option(
            help="base, gold, self, naive, random, trust, gold+trust, gold-then-trust, trust-then-gold, "
            "ceiling or any trust function; repeatable."
        ),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(help="Measure gold, trust and both at these numbers of gold rows too: 100,300,1000."),
    ] = None,
    oracle: Annotated[
        list[str] | None,
        typer.Option(
            help="What an oracle finds becomes evidence: search:depth=2. Default: our searches of 2 and 3 "
            "plies, with matches none; none is nobody."
        ),
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="files, or matches: the positions that teacher and student reach.")
    ] = None,
    games: Annotated[
        int | None, typer.Option(help="Games of each round with --source matches, two from an opening.")
    ] = None,
    gold_oracle: Annotated[
        str | None, typer.Option(help="Who verifies gold and test of matches; default search:depth=4.")
    ] = None,
    regime: Annotated[
        str | None,
        typer.Option(help="in_dist; ood_dist: gold is of other files; ood_domain: gold is of another game."),
    ] = None,
    gold_examples: Annotated[
        list[str] | None, typer.Option(help="File of gold of a regime; repeatable.")
    ] = None,
    gold_game: Annotated[str | None, typer.Option(help="Game of gold in ood_domain.")] = None,
    gold_teacher: Annotated[str | None, typer.Option(help="Who labels gold in ood_domain.")] = None,
    gold_task: Annotated[str | None, typer.Option(help="Task of gold in ood_domain.")] = None,
    task: Annotated[str | None, typer.Option(help="move, choice or answer.")] = None,
    columns: Annotated[
        str | None, typer.Option(help="Which column holds what: the name of a known data set.")
    ] = None,
    game: Annotated[str | None, typer.Option(help="chess, othello or connect_four.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the run.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Continue the chain in this folder.")] = None,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Print tokens, steps, memory and hours, and start nothing.")
    ] = False,
    on: Annotated[
        str | None, typer.Option(help="With --estimate: on h100, a100 or rtx4090 instead of this machine.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print metrics.json on stdout.")] = False,
) -> None:
    """A weak teacher labels, trust filters, a strong student learns and becomes the next teacher."""
    from w2s.chain.loading import load_config

    options: dict[str, Any] = {
        "task": task,
        "game": game,
        "teacher": teacher,
        "student": student or None,
        "examples": {
            "files": examples or None,
            "columns": columns,
            "gold": gold,
            "pool": pool,
            "test": test,
        },
        "rounds": rounds,
        "seeds": seeds,
        "seed": seed,
        "trust": {"function": trust},
        "keep": {"top": top, "purity": purity},
        "proposals": proposals,
        "arms": arm or None,
        "budget": None if budget is None else _numbers(budget),
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
    config = load_config(file=file, resume=resume, options=options)
    if estimate or on is not None:
        _estimate(config, on, as_json=json)
    else:
        _run(config, out or resume, as_json=json)


chain.__doc__ = f"{chain.__doc__}\n\n{_EPILOG}"


def _numbers(text: str) -> list[int]:
    """Whole numbers with commas between them."""
    from w2s.errors import UsageError

    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise UsageError(
            "chain-invalid-budget", f"--budget must be whole numbers such as 100,300,1000, not {text!r}"
        ) from None


def _estimate(config: ChainConfig, on: str | None, *, as_json: bool) -> None:
    from w2s.chain.estimate import estimate, machine_named, this_machine
    from w2s.cli import output
    from w2s.cli.estimate_text import table

    found = estimate(config, this_machine() if on is None else machine_named(on))
    output.data(found, as_json=as_json, text=table(found))


def _run(config: ChainConfig, out: Path | None, *, as_json: bool) -> None:
    from w2s import chain as rooms
    from w2s.chain.folder import ChainFolder
    from w2s.cli import output
    from w2s.cli.chain_text import table
    from w2s.cli.progress import CountProgress

    folder = ChainFolder(out or Path("runs") / f"chain-{config.digest()[:8]}")
    metrics = rooms.run(config, folder.path, say=output.note, count=CountProgress("done"))
    output.data(metrics, as_json=as_json, text=table(metrics))
    output.note(f"{folder.metrics} holds every number")
