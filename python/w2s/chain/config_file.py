"""A chain's configuration from a file or an earlier run, with options that override it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from w2s.assets import arenas_folder
from w2s.chain.config import ChainConfig
from w2s.config import check_keys, merge_tables, parse_config, read_toml
from w2s.errors import UsageError
from w2s.resume import RunFolder

QUICK: dict[str, Any] = {
    "rounds": 2,
    "seeds": 1,
    "examples": {"gold": 300, "pool": 600, "test": 300},
    "matches": {"games": 60},
}
"""The largest numbers of a quick chain, by their keys in a configuration."""
QUICK_POSITIONS = 300
"""The largest number of positions of matches that join the pool of a quick chain."""


def load_config(
    *,
    file: Path | None = None,
    resume: Path | None = None,
    options: dict[str, Any] | None = None,
    quick: bool = False,
) -> ChainConfig:
    """Read and check a configuration.

    Args:
        file: TOML, or the name of a bundled file of the paper's tables, such as ``world.toml``. Paths of
            examples in it are relative to the working folder. Its key ``extends`` names a file in the same
            folder, whose tables apply unless this file overrides them. Without a file, and without models
            and examples among the options, the bundled chain of the game is used; without its files if
            matches are played.
        resume: the folder of a run, whose configuration is used unchanged.
        options: tables that override the file; None means not given.
        quick: whether the chain is small, see :data:`QUICK`; options override that too.

    Raises:
        UsageError: a model or the examples are missing, a key is unknown, or options were given with
            ``resume``.
    """
    given = _without_none(options or {})
    if resume is not None:
        if given or quick or file is not None:
            raise UsageError(
                "chain-resume-with-options",
                f"--resume continues {resume} with its own configuration; leave all other options out",
            )
        return parse_config(ChainConfig, read_toml(RunFolder(resume, "chain").config), str(resume))
    tables = drop_overridden(base_tables(file, given), given)
    if quick:
        tables = make_quick(tables, is_played="matches" in (given.get("source"), tables.get("source")))
    tables = merge_tables(tables, given)
    where = "the chain" if file is None else str(file)
    check_keys(ChainConfig, tables, where, given)
    played = tables.get("source") == "matches"
    for key in ("teacher", "student", *(() if played else ("examples",))):
        if not tables.get(key):
            raise UsageError(
                "chain-missing-model" if key != "examples" else "chain-no-examples",
                f"the chain has no {key}; add --{key} or name a file that has it",
            )
    return parse_config(ChainConfig, tables, where)


def base_tables(file: Path | None, given: dict[str, Any]) -> dict[str, Any]:
    """The tables that the options override: the file, or the bundled chain of the game."""
    if file is not None:
        return _read(find_bundled(file))
    if any(given.get(key) for key in ("teacher", "student")) or given.get("examples", {}).get("files"):
        return {}
    game = given.get("game", ChainConfig.model_fields["game"].default)
    path = bundled_chain(game)
    if not path.is_file():
        raise UsageError(
            "chain-not-bundled",
            f"there is no bundled chain for {game}; name --teacher, --student and --examples, or a file",
        )
    tables = read_toml(path)
    if given.get("source") == "matches":
        tables.get("examples", {}).pop("files", None)
        tables.get("matches", {}).pop("positions", None)
    return tables


def drop_overridden(tables: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """The tables without settings that belong to a replaced choice: the options of another trust function,
    and the other selection rule."""
    tables = copy.deepcopy(tables)
    trust, keep = tables.get("trust", {}), tables.get("keep", {})
    function = given.get("trust", {}).get("function")
    if function is not None and isinstance(trust, dict) and function != trust.get("function"):
        trust.pop("options", None)
    for rule, other in (("top", "purity"), ("purity", "top")):
        if rule in given.get("keep", {}) and isinstance(keep, dict):
            keep.pop(other, None)
    return tables


def make_quick(tables: dict[str, Any], *, is_played: bool) -> dict[str, Any]:
    """The tables with no number above those of :data:`QUICK`, and without a label-budget curve.

    Args:
        tables: tables of the chain; splits that list files keep all their rows.
        is_played: whether examples come from matches.
    """
    numbers = {key: number for key, number in QUICK.items() if key != "matches" or is_played}
    if "positions" in tables.get("matches", {}):
        numbers["matches"] = {**QUICK["matches"], "positions": QUICK_POSITIONS}
    return {**_limit(tables, numbers), "gold_sizes": []}


def _limit(tables: dict[str, Any], numbers: dict[str, Any]) -> dict[str, Any]:
    """The tables with the numbers as upper bounds; a number that is missing is set."""
    limited = dict(tables)
    for key, most in numbers.items():
        value = tables.get(key)
        if isinstance(most, dict):
            inner = {} if value is None else value
            keeps = not isinstance(inner, dict) or "sets" in inner
            limited[key] = inner if keeps else _limit(inner, most)
        elif isinstance(value, dict):  # a split with its own files
            limited[key] = _limit(value, {"rows": most})
        elif value is None or isinstance(value, int):
            limited[key] = most if value is None else min(value, most)
    return limited


def find_bundled(file: Path) -> Path:
    """The file, or the bundled one of this name if the file does not exist."""
    bundled = paper_folder() / file.name
    if file.exists() or file.parent != Path() or not bundled.is_file():
        return file
    return bundled


def _read(file: Path, seen: tuple[Path, ...] = ()) -> dict[str, Any]:
    """The tables of a file, merged over those of the file that it extends."""
    if file in seen:
        raise UsageError(
            "chain-circular-extends", f"circular extends: {' → '.join(map(str, (*seen, file)))}; remove one"
        )
    tables = read_toml(file)
    base = tables.pop("extends", None)
    if base is None:
        return tables
    if not isinstance(base, str):
        raise UsageError(
            "chain-invalid-extends",
            f"{file}: extends must be the name of a file in the same folder, not {base!r}",
        )
    return merge_tables(_read(file.parent / base, (*seen, file)), tables)


def paper_folder() -> Path:
    """The folder of the chains of the paper's tables."""
    return arenas_folder() / "paper"


def bundled_chain(game: str) -> Path:
    """The path of the bundled chain of a game, which may not exist."""
    return arenas_folder() / "chains" / f"{game}.toml"


def _without_none(tables: dict[str, Any]) -> dict[str, Any]:
    cleaned = {
        key: _without_none(value) if isinstance(value, dict) else value
        for key, value in tables.items()
        if value is not None
    }
    return {key: value for key, value in cleaned.items() if value != {}}
