"""Loading the configuration of an arena: a bundled or given TOML file, overridden by options."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

from w2s.arena.spec import ArenaSpec
from w2s.assets import arenas_folder
from w2s.config import merge_tables, parse_config, read_toml
from w2s.errors import UsageError


def load_spec(
    *,
    game: str | None = None,
    file: str | Path | None = None,
    resume: str | Path | None = None,
    options: dict[str, Any] | None = None,
) -> ArenaSpec:
    """The configuration of a bundled arena, of a TOML file, or of an earlier run.

    Args:
        game: name of a bundled arena.
        file: a TOML file with the fields of :class:`~w2s.arena.spec.ArenaSpec`.
        resume: folder of a run; excludes every other argument.
        options: nested tables that override the file; None values are ignored.

    Raises:
        UsageError: none or several of the sources are given, or a key or value is invalid.

    Example:
        >>> from w2s.arena import load_spec
        >>> load_spec(game="othello", options={"pairs": 2}).pairs
        2
    """
    overrides = _without_none(options or {})
    if resume is not None:
        if overrides or game or file:
            raise UsageError(
                "arena-resume-with-options",
                "--resume continues a run with its own configuration; remove the other options",
            )
        path = Path(resume) / "run.toml"
        return parse_config(ArenaSpec, read_toml(path), str(path))
    if (game is None) == (file is None):
        raise UsageError(
            "arena-no-configuration",
            "give either a game (--game chess) or a TOML file with the configuration",
        )
    path = _bundled_arena(game) if game is not None else Path(file or "")
    tables = read_toml(path)
    if "players" in overrides and not set(overrides["players"]) <= {"teacher", "student"}:
        tables.pop("players", None)
        overrides.setdefault("tournament", "match" if len(overrides["players"]) == 2 else "round-robin")
    return parse_config(ArenaSpec, merge_tables(tables, overrides), str(path), overrides)


def bundled_arenas() -> dict[str, Path]:
    """The bundled TOML files by name."""
    return {path.stem: path for path in sorted(arenas_folder().glob("*.toml"))}


def _bundled_arena(name: str) -> Path:
    arenas = bundled_arenas()
    if name not in arenas:
        near = difflib.get_close_matches(name, arenas, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise UsageError(
            "arena-unknown-game", f"unknown arena {name!r}; {hint}the bundled arenas are: {', '.join(arenas)}"
        )
    return arenas[name]


def _without_none(tables: dict[str, Any]) -> dict[str, Any]:
    """The tables without None values and without tables that become empty."""
    kept = {}
    for key, value in tables.items():
        inner = _without_none(value) if isinstance(value, dict) else value
        if inner is not None and inner != {}:
            kept[key] = inner
    return kept
