"""``w2s arena``: play paired matches between teacher and student, and verify the labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from w2s.cli import options as shared

if TYPE_CHECKING:
    from w2s.arena.spec import ArenaSpec

_EPILOG = """Examples:

  w2s arena --game chess

  w2s arena --game othello --teacher random --student search:depth=3 --pairs 50 --out runs/o1

  w2s arena --game chess --teacher "uci:stockfish?nodes=1" --student "uci:stockfish?Skill Level=3&nodes=1000"
  --oracle "uci:stockfish?nodes=100000" --sprt 0,10 --concurrency 2

  w2s arena --resume runs/o1
"""


def arena(
    spec: Annotated[
        Path | None, typer.Argument(help="TOML file with the configuration; options override it.")
    ] = None,
    game: Annotated[
        str | None,
        typer.Option(help="Use the bundled arena of this game: chess, othello or connect_four."),
    ] = None,
    teacher: Annotated[str | None, typer.Option(help="Model that plays as teacher; see w2s models.")] = None,
    student: Annotated[str | None, typer.Option(help="Model that plays as student.")] = None,
    player: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME=REFERENCE; repeat the option for a round robin instead of teacher against student."
        ),
    ] = None,
    tournament: Annotated[
        str | None, typer.Option(help="match, round-robin or gauntlet (the first player against all others).")
    ] = None,
    pairs: Annotated[
        int | None,
        typer.Option(min=1, help="Number of pairs of games; both games of a pair start from one opening."),
    ] = None,
    openings: Annotated[
        str | None,
        typer.Option(help="File of openings: moves (.txt), positions (.epd, .fen) or games (.pgn)."),
    ] = None,
    order: Annotated[str | None, typer.Option(help="Order of the openings: sequential or shuffled.")] = None,
    nodes: Annotated[
        int | None, typer.Option(min=1, help="Node limit of players whose reference names no limit.")
    ] = None,
    depth: Annotated[
        int | None, typer.Option(min=1, help="Depth limit of players whose reference names no limit.")
    ] = None,
    movetime: Annotated[
        int | None,
        typer.Option(min=1, help="Milliseconds per move of UCI engines whose reference names no limit."),
    ] = None,
    tc: Annotated[str | None, typer.Option(help="Clock: seconds+increment, for example 60+0.6.")] = None,
    illegal: Annotated[
        str | None, typer.Option(help="What happens after an illegal move: forfeit, retry:K or mask.")
    ] = None,
    max_plies: Annotated[
        int | None, typer.Option(min=1, help="Number of plies after which a game is a draw.")
    ] = None,
    tablebase: Annotated[
        str | None, typer.Option(help="Folder of Syzygy tables that adjudicate games.")
    ] = None,
    labellers: Annotated[
        str | None, typer.Option(help="Players that label each position: both or mover.")
    ] = None,
    oracles: shared.Oracles = None,
    verify_share: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="Share of the positions to verify; the verdict of the others is unknown."
        ),
    ] = None,
    verify_seconds: Annotated[
        float | None, typer.Option(help="Verify as many positions as this number of seconds allows.")
    ] = None,
    sprt: Annotated[
        str | None,
        typer.Option(help="Stop when this test is decided: ELO0,ELO1[,ALPHA,BETA], in normalised Elo."),
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Random seed; default 0.")] = None,
    concurrency: shared.Concurrency = 1,
    out: Annotated[Path | None, typer.Option(help="Folder of the run.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Continue the run in this folder.")] = None,
    json: shared.Json = False,
) -> None:
    """Play paired matches between teacher and student; every position becomes a verified label."""
    from w2s.arena.loading import load_spec

    options = {
        "tournament": tournament,
        "pairs": pairs,
        "seed": seed,
        "players": _players(teacher, student, player),
        "openings": {"file": openings, "order": order},
        "limits": {"nodes": nodes, "depth": depth, "movetime": movetime, "tc": tc},
        "rules": {"illegal": illegal, "max_plies": max_plies, "tablebase": tablebase},
        "labels": {"labellers": labellers},
        "verify": {"oracles": oracles or None, "share": verify_share, "seconds": verify_seconds},
        "sprt": _sprt(sprt),
    }
    setting = load_spec(game=game, file=spec, resume=resume, options=options)
    _run(setting, out or resume, concurrency, as_json=json)


arena.__doc__ = f"{arena.__doc__}\n\n{_EPILOG}"


def _players(teacher: str | None, student: str | None, named: list[str] | None) -> dict[str, str] | None:
    from w2s.errors import UsageError

    if named and (teacher or student):
        raise UsageError(
            "arena-players-twice", "use either --teacher and --student, or --player, but not both"
        )
    if not named:
        return {name: text for name, text in (("teacher", teacher), ("student", student)) if text} or None
    players = dict(text.split("=", 1) for text in named if "=" in text.split(":")[0])
    if len(players) != len(named):
        raise UsageError(
            "arena-invalid-player", "write each --player as NAME=REFERENCE, with different names"
        )
    return players


def _sprt(text: str | None) -> dict[str, Any] | None:
    from dataclasses import asdict

    from w2s.arena.ratings import SprtSpec

    return None if text is None else asdict(SprtSpec.parse(text))


def _run(setting: ArenaSpec, out: Path | None, concurrency: int, *, as_json: bool) -> None:
    from w2s import arena as rooms
    from w2s.arena.outputs import ArenaFolder
    from w2s.cli import output
    from w2s.cli.arena_view import View, standing_text

    folder = ArenaFolder(out or Path("runs") / f"{setting.game}-{setting.digest()[:8]}")
    was_complete = folder.is_complete()
    view = View(setting, folder.resume_line)
    try:
        with view:
            result = rooms.run(setting, folder.path, concurrency=concurrency, show=view.show)
    except BaseException:
        if view.has_started:
            output.note(f"finished games are kept; resume with: {folder.resume_line}")
        raise
    if was_complete:
        output.note(f"{folder.path} is complete; nothing to do (choose another --out to play again)")
    output.data(result, as_json=as_json, text=standing_text(result, folder.path))
