"""``w2s models``: what can be named as a model here.

Knows nothing about how a model answers.
"""

from __future__ import annotations

from typing import Annotated

import typer


def models(json: Annotated[bool, typer.Option("--json", help="Print a list for machines.")] = False) -> None:
    """What can be named as a model here: kinds of reference, and the engines that were found.

    Example:

      w2s models
    """
    from w2s.cli import screen
    from w2s.models.registry import kinds
    from w2s.models.uci.finder import find_engines

    found = [
        {"kind": kind.name, "about": kind.about, "example": kind.example, "extra": kind.extra}
        for kind in kinds()
    ]
    engines = [str(path) for path in find_engines()]
    rows = [(kind["kind"], kind["example"], kind["about"]) for kind in found]
    lines = [f"{kind:10}{example:44}{about}" for kind, example, about in rows]
    lines += ["", "engines found: " + (", ".join(engines) or "none (Debian: apt-get install stockfish)")]
    screen.data({"models": found, "engines": engines}, as_json=json, text="\n".join(lines))
