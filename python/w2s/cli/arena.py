"""``w2s arena``: reads the options, runs the arena, shows the standing.

Knows nothing about how matches are played.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from w2s.arena.spec import ArenaSpec

_EPILOG = """Examples:

  w2s arena --game chess

  w2s arena --game othello --teacher random --student search:depth=3 --pairs 50 --out runs/o1

  w2s arena --game chess --teacher "uci:stockfish?nodes=1" --student "uci:stockfish?Skill Level=3&nodes=1000"
  --oracle "uci:stockfish?nodes=100000" --sprt 0,10 --concurrency 2

  w2s arena --resume runs/o1
"""

Text = Annotated[str | None, typer.Option()]


def arena(
    spec: Annotated[
        Path | None, typer.Argument(help="A TOML file with the setting; options win over it.")
    ] = None,
    game: Annotated[
        str | None,
        typer.Option(help="Start from the bundled arena of this game: chess, othello, connect_four."),
    ] = None,
    teacher: Annotated[
        str | None, typer.Option(help="Model reference of the teacher; see w2s models.")
    ] = None,
    student: Annotated[str | None, typer.Option(help="Model reference of the student.")] = None,
    player: Annotated[
        list[str] | None,
        typer.Option(help="NAME=REFERENCE; repeat it for a round robin instead of teacher against student."),
    ] = None,
    format: Annotated[
        str | None, typer.Option(help="match, round-robin or gauntlet (the first player against the others).")
    ] = None,
    pairs: Annotated[
        int | None, typer.Option(help="Pairs of games: each opening is played with both colours.")
    ] = None,
    openings: Annotated[
        str | None, typer.Option(help="File of openings: .txt moves, .epd or .fen positions, .pgn games.")
    ] = None,
    order: Annotated[str | None, typer.Option(help="Openings: sequential, or shuffled by the seed.")] = None,
    nodes: Annotated[int | None, typer.Option(help="Node limit for players that name no limit.")] = None,
    depth: Annotated[int | None, typer.Option(help="Depth limit for players that name no limit.")] = None,
    movetime: Annotated[int | None, typer.Option(help="Milliseconds a move, likewise (UCI engines).")] = None,
    tc: Annotated[str | None, typer.Option(help="Clock, seconds+increment: 60+0.6.")] = None,
    illegal: Annotated[
        str | None, typer.Option(help="An answer that is not legal: forfeit, retry:K or mask.")
    ] = None,
    max_plies: Annotated[int | None, typer.Option(help="Longer games are adjudicated as draws.")] = None,
    tablebase: Annotated[str | None, typer.Option(help="Folder of Syzygy tables that adjudicate.")] = None,
    label: Annotated[str | None, typer.Option(help="Who labels each position: both or mover.")] = None,
    oracle: Annotated[
        list[str] | None,
        typer.Option(help="search:depth=N, exact:nodes=N, uci:ENGINE?nodes=N or syzygy:FOLDER; repeatable."),
    ] = None,
    verify_share: Annotated[
        float | None, typer.Option(help="Verify this share of the positions; the rest stays unknown.")
    ] = None,
    verify_budget: Annotated[
        float | None, typer.Option(help="Verify as many positions as fit in so many seconds.")
    ] = None,
    sprt: Annotated[
        str | None, typer.Option(help="Stop when decided: ELO0,ELO1[,ALPHA,BETA], in normalised Elo.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of everything that is drawn; default 0.")] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Engine processes side by side.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Folder of the run.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Continue the run in this folder.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print ratings.json on stdout.")] = False,
) -> None:
    """Teacher and student play paired matches; every position becomes a verified label."""
    from w2s.arena.loading import load_spec

    options = {
        "format": format,
        "pairs": pairs,
        "seed": seed,
        "players": _players(teacher, student, player),
        "openings": {"file": openings, "order": order},
        "limits": {"nodes": nodes, "depth": depth, "movetime": movetime, "tc": tc},
        "rules": {"illegal": illegal, "max_plies": max_plies, "tablebase": tablebase},
        "labels": {"by": label},
        "verify": {"oracles": oracle or None, "share": verify_share, "budget_s": verify_budget},
        "sprt": _sprt(sprt),
    }
    setting = load_spec(game=game, file=spec, resume=resume, options=options)
    _run(setting, out or resume, concurrency, as_json=json)


arena.__doc__ = f"{arena.__doc__}\n\n{_EPILOG}"


def _players(teacher: str | None, student: str | None, named: list[str] | None) -> dict[str, str] | None:
    from w2s.errors import UsageError

    if named and (teacher or student):
        raise UsageError("name players either with --teacher and --student or with --player, not both")
    if not named:
        return {name: text for name, text in (("teacher", teacher), ("student", student)) if text} or None
    players = dict(text.split("=", 1) for text in named if "=" in text.split(":")[0])
    if len(players) != len(named):
        raise UsageError("write each --player as NAME=REFERENCE, with different names")
    return players


def _sprt(text: str | None) -> dict[str, Any] | None:
    from w2s.errors import UsageError

    if text is None:
        return None
    names = ("elo0", "elo1", "alpha", "beta")
    parts = text.split(",")
    try:
        values = [float(part) for part in parts]
    except ValueError:
        values = []
    if len(values) not in {2, 4}:
        raise UsageError(f"--sprt {text}: write ELO0,ELO1 or ELO0,ELO1,ALPHA,BETA, as 0,10")
    return dict(zip(names, values, strict=False))


def _run(setting: ArenaSpec, out: Path | None, concurrency: int, *, as_json: bool) -> None:
    from w2s import arena as rooms
    from w2s.arena.outputs import ArenaFolder
    from w2s.cli import screen
    from w2s.cli.arena_view import View, standing_text

    folder = ArenaFolder(out or Path("runs") / f"{setting.game}-{setting.digest()[:8]}")
    if folder.is_complete():
        screen.note(f"{folder.path} is complete; nothing to do (name another --out to play again)")
    else:
        screen.note(f"resume with: {folder.resume_line}")
    try:
        with View(setting) as view:
            result = rooms.run(setting, folder.path, concurrency=concurrency, show=view.show)
    except BaseException:
        if folder.config.exists() and not folder.is_complete():
            screen.note(f"nothing is lost; resume with: {folder.resume_line}")
        raise
    screen.data(result, as_json=as_json, text=standing_text(result, folder.path))
