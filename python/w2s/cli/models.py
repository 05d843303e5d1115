"""``w2s models``: the kinds of model reference, and the engines found on this machine."""

from __future__ import annotations

from w2s.cli import options


def models(json: options.Json = False) -> None:
    """List the kinds of model reference, and the engines found on this machine.

    Example:

      w2s models
    """
    from w2s.cli import output
    from w2s.models.registry import model_kinds
    from w2s.models.uci.finder import find_engines

    found = [
        {"kind": kind.name, "about": kind.about, "example": kind.example, "extra": kind.extra}
        for kind in model_kinds()
    ]
    engines = [str(path) for path in find_engines()]
    rows = [(kind["kind"], kind["example"], kind["about"]) for kind in found]
    lines = [f"{kind:10}{example:44}{about}" for kind, example, about in rows]
    lines += ["", "engines found: " + (", ".join(engines) or "none (Debian: apt-get install stockfish)")]
    output.data({"models": found, "engines": engines}, as_json=json, text="\n".join(lines))
