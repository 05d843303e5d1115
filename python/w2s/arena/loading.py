"""An arena's setting put together: a bundled or given TOML file, and options that win over it.

Knows nothing about how it is played.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

from w2s.arena.places import bundled_arenas
from w2s.arena.spec import ArenaSpec
from w2s.config import build, merge, read_toml
from w2s.errors import UsageError


def load_spec(
    *,
    game: str | None = None,
    file: str | Path | None = None,
    resume: str | Path | None = None,
    options: dict[str, Any] | None = None,
) -> ArenaSpec:
    """The setting of a bundled game, of a TOML file, or of the run that a folder holds.

    Args:
        game: name of a bundled arena.
        file: a TOML file with the fields of :class:`~w2s.arena.spec.ArenaSpec`.
        resume: a run's folder; takes no other option.
        options: nested tables that win over the file; None values are left out.

    Raises:
        UsageError: nothing, or more than one thing, was named; an unknown key or value.

    Example:
        >>> from w2s.arena import load_spec
        >>> load_spec(game="othello", options={"pairs": 2}).pairs
        2
    """
    given = _without_none(options or {})
    if resume is not None:
        if given or game or file:
            raise UsageError(
                "arena-resume-with-options",
                "--resume continues a run with its own configuration; remove the other options",
            )
        path = Path(resume) / "run.toml"
        return build(ArenaSpec, read_toml(path), str(path))
    if (game is None) == (file is None):
        raise UsageError(
            "arena-no-configuration",
            "give either a game (--game chess) or a TOML file with the configuration",
        )
    path = _bundled(game) if game is not None else Path(file or "")
    tables = read_toml(path)
    if "players" in given and not set(given["players"]) <= {"teacher", "student"}:
        tables.pop("players", None)
        given.setdefault("format", "match" if len(given["players"]) == 2 else "round-robin")
    return build(ArenaSpec, merge(tables, given), str(path))


def _bundled(name: str) -> Path:
    arenas = bundled_arenas()
    if name not in arenas:
        near = difflib.get_close_matches(name, arenas, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise UsageError(
            "arena-unknown-game", f"unknown arena {name!r}; {hint}the bundled arenas are: {', '.join(arenas)}"
        )
    return arenas[name]


def _without_none(tables: dict[str, Any]) -> dict[str, Any]:
    kept = {}
    for key, value in tables.items():
        inner = _without_none(value) if isinstance(value, dict) else value
        if inner is not None and inner != {}:
            kept[key] = inner
    return kept
