"""A chain's configuration from a file or an earlier run, with options that win over it.

Knows nothing about what the values mean.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from w2s.assets import arenas_folder
from w2s.chain.config import ChainConfig
from w2s.chain.folder import ChainFolder
from w2s.config import merge_tables, parse_config, read_toml
from w2s.errors import UsageError


def load_config(
    *, file: Path | None = None, resume: Path | None = None, options: dict[str, Any] | None = None
) -> ChainConfig:
    """The resolved configuration.

    Args:
        file: TOML, or the name of a bundled one of the paper's, ``world.toml``; paths of examples in it stand
            as the working folder sees them. Its key ``like`` names a file beside it, whose tables hold where
            it says nothing. Without a file, and without models and examples among the options, it is the
            bundled chain of the game; without its files where matches are played.
        resume: the folder of a run, whose configuration is taken as it is.
        options: what wins over the file; None is no option.

    Raises:
        UsageError: nothing says who teaches, an unknown key, or options beside ``resume``.
    """
    given = _without_none(options or {})
    if resume is not None:
        if given or file is not None:
            raise UsageError(f"--resume continues {resume} as it was: leave the other options out")
        return parse_config(ChainConfig, read_toml(ChainFolder(resume).config), str(resume))
    tables = merge_tables(_giving_way(_below(file, given), given), given)
    played = tables.get("source") == "matches"
    for key in ("teacher", "student", *(() if played else ("examples",))):
        if not tables.get(key):
            raise UsageError(f"a chain needs its {key}: --{key}, or a file that names it")
    return parse_config(ChainConfig, tables, "the chain" if file is None else str(file))


def _below(file: Path | None, given: dict[str, Any]) -> dict[str, Any]:
    """What the options win over: the file, or the bundled chain of the game where nothing is named."""
    if file is not None:
        return _read(_found(file))
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
    return tables


def _giving_way(tables: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """The tables without what goes with a choice that an option replaces: options of another trust function,
    and the other rule of what is kept."""
    tables = copy.deepcopy(tables)
    trust, keep = tables.get("trust", {}), tables.get("keep", {})
    function = given.get("trust", {}).get("function")
    if function is not None and isinstance(trust, dict) and function != trust.get("function"):
        trust.pop("options", None)
    for rule, other in (("top", "purity"), ("purity", "top")):
        if rule in given.get("keep", {}) and isinstance(keep, dict):
            keep.pop(other, None)
    return tables


def _found(file: Path) -> Path:
    """The file, or the one of the paper's that has this name."""
    bundled = paper_folder() / file.name
    if file.exists() or file.parent != Path() or not bundled.is_file():
        return file
    return bundled


def _read(file: Path, seen: tuple[Path, ...] = ()) -> dict[str, Any]:
    """The tables of a file over those of the file that it is like."""
    if file in seen:
        raise UsageError(
            "chain-circular-extends", f"circular like: {' → '.join(map(str, (*seen, file)))}; remove one"
        )
    tables = read_toml(file)
    like = tables.pop("like", None)
    if like is None:
        return tables
    if not isinstance(like, str):
        raise UsageError(f"{file}: like is the name of a file beside it, not {like!r}")
    return merge_tables(_read(file.parent / like, (*seen, file)), tables)


def paper_folder() -> Path:
    """Where the chains of the paper's tables are."""
    return arenas_folder() / "paper"


def bundled_chain(game: str) -> Path:
    """Where the bundled chain of a game is, or would be."""
    return arenas_folder() / "chains" / f"{game}.toml"


def _without_none(tables: dict[str, Any]) -> dict[str, Any]:
    cleaned = {
        key: _without_none(value) if isinstance(value, dict) else value
        for key, value in tables.items()
        if value is not None
    }
    return {key: value for key, value in cleaned.items() if value != {}}
