"""``w2s agree``: compare two files of labels or games, move by move and state by state."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from w2s.cli import options

if TYPE_CHECKING:
    from w2s.games.compare import FileComparison


def agree(
    left: Annotated[
        Path,
        typer.Argument(help="Labels (.parquet or .jsonl with a label, and an id or a position) or games."),
    ],
    right: Annotated[Path, typer.Argument(help="The file to compare with; games are .pgn or .jsonl files.")],
    game: Annotated[str, typer.Option(help="The game: chess, connect_four or othello.")],
    show: Annotated[int, typer.Option(min=0, help="Number of differences to print.")] = 5,
    json: options.Json = False,
) -> int:
    """Check whether two files mean the same moves and states. The exit code is 0 if they do, 1 if not.

    Labels are joined by id, or by position if a file has no ids; games by round or number.

    Example:

      w2s agree --game chess runs/a/labels.parquet runs/b/labels.parquet
    """
    from w2s.cli import output
    from w2s.games.compare import compare_files

    found = compare_files(game, left, right, show=show)
    output.data(found.to_json(), as_json=json, text=_text(found))
    return 0 if found.agrees else 1


def _text(found: FileComparison) -> str:
    from w2s.cli import output

    counts = [(name.replace("_", " "), count) for name, count in found.counts.items()]
    lines = [output.table((f"{found.kind} by {found.by}", "count"), counts)]
    for difference in found.differences:
        said = (difference.left, difference.right)
        answers = "" if found.kind == "games" or said == (None, None) else ": {!r} against {!r}".format(*said)
        position = "" if difference.position is None else f", in {difference.position}"
        lines.append(f"{difference.where}: {difference.why}{answers}{position}")
    lines.append("they agree" if found.agrees else "they differ")
    return "\n".join(lines)
