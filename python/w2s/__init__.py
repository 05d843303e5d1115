"""w2s: learn when to trust a weak teacher. This is the public API; everything else is private.

Every name is imported when it is first used, so that ``import w2s`` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from w2s import arena
    from w2s.aggregation import aggregate
    from w2s.certification import certify
    from w2s.crowds import aggregate_votes
    from w2s.games import agree, game
    from w2s.models import load_model
    from w2s.selection import select, top_k
    from w2s.tables import filter
    from w2s.trust import trust_function

_PUBLIC = {
    "aggregate": "w2s.aggregation",
    "aggregate_votes": "w2s.crowds",
    "agree": "w2s.games",
    "certify": "w2s.certification",
    "filter": "w2s.tables",
    "game": "w2s.games",
    "load_model": "w2s.models",
    "select": "w2s.selection",
    "top_k": "w2s.selection",
    "trust_function": "w2s.trust",
    "arena": "w2s",
}

__all__ = [
    "aggregate",
    "aggregate_votes",
    "agree",
    "arena",
    "certify",
    "filter",
    "game",
    "load_model",
    "select",
    "top_k",
    "trust_function",
]


def __getattr__(name: str) -> Any:
    home = _PUBLIC.get(name)
    if home is None:
        raise AttributeError(f"module 'w2s' has no attribute {name!r}; public names: {', '.join(__all__)}")
    if home == "w2s":
        return importlib.import_module(f"w2s.{name}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
