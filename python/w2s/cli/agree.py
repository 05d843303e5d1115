"""``w2s agree``: do two files of labels or games mean the same moves and states?

Knows nothing about how they are compared.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from w2s.games.compare import FileComparison


def agree(
    left: Annotated[
        Path, typer.Argument(help="Labels (.parquet, .jsonl with label, and id or position) or games.")
    ],
    right: Annotated[Path, typer.Argument(help="The same from elsewhere; games are .pgn or .jsonl files.")],
    game: Annotated[str, typer.Option(help="The rules: chess, connect_four or othello.")],
    show: Annotated[int, typer.Option(min=0, help="How many differences are printed.")] = 5,
    json: Annotated[bool, typer.Option("--json", help="Print a table for machines.")] = False,
) -> int:
    """Do two files mean the same moves and states? Exit code 0 where they do, 1 where they differ.

    Labels are joined by id, or by position where one file has no id; games by round or number.

    Example:

      w2s agree --game chess runs/a/labels.parquet runs/b/labels.parquet
    """
    from w2s.cli import screen
    from w2s.games.compare import compare_files

    found = compare_files(game, left, right, show=show)
    screen.data(found.to_json(), as_json=json, text=_text(found))
    return 0 if found.agrees else 1


def _text(found: FileComparison) -> str:
    from w2s.cli import screen

    counts = [(name.replace("_", " "), count) for name, count in found.counts.items()]
    lines = [screen.table((f"{found.kind} by {found.by}", "count"), counts)]
    for difference in found.differences:
        said = (difference.left, difference.right)
        answers = "" if found.kind == "games" or said == (None, None) else ": {!r} against {!r}".format(*said)
        lines.append(f"{difference.where}: {difference.why}{answers}")
    lines.append("they agree" if found.agrees else "they differ")
    return "\n".join(lines)
