"""w2s: learn when to trust a weak teacher's labels. The names in ``__all__`` are the public interface.

Each name is imported when it is first used, so that ``import w2s`` is quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from w2s import analysis, arena, chain, evidence, labelling, metrics, train, trust
    from w2s.aggregation import aggregate
    from w2s.certification import certify
    from w2s.crowds import aggregate_votes
    from w2s.games import agree, game
    from w2s.models import load_model
    from w2s.selection import select, top_k
    from w2s.tables import filter
    from w2s.trust import trust_function

    __version__: str

_HOMES = {
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
}
"""Public functions, and the modules that define them."""

_PACKAGES = ("analysis", "arena", "chain", "evidence", "labelling", "metrics", "train", "trust")
"""Public packages and modules."""

__all__ = [
    "__version__",
    "aggregate",
    "aggregate_votes",
    "agree",
    "analysis",
    "arena",
    "certify",
    "chain",
    "evidence",
    "filter",
    "game",
    "labelling",
    "load_model",
    "metrics",
    "select",
    "top_k",
    "train",
    "trust",
    "trust_function",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        value: Any = version("w2s")
    elif name in _PACKAGES:
        value = importlib.import_module(f"w2s.{name}")
    elif name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
    else:
        raise AttributeError(f"module 'w2s' has no attribute {name!r}; public names: {', '.join(__all__)}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
